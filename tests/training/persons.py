"""Small made-up persons, as the documents that extractors give."""

from __future__ import annotations

from datetime import UTC, datetime

from extractors.document import Document, Domain
from training.dataset import SourceDocument


def document(id: int, text: str, title: str, **more: object) -> SourceDocument:
    fields: dict[str, object] = {
        "origin": f"/files/{id}",
        "domain": Domain.NOTES,
        "kind": "markdown",
    }
    return SourceDocument(f"{id:032x}", 1, Document(title=title, text=text, **{**fields, **more}))  # type: ignore[arg-type]


def contact(id: int, name: str, **properties: str) -> SourceDocument:
    pairs = tuple((key.replace("_", " "), value) for key, value in properties.items())
    text = "\n".join([name, *(f"{key}: {value}" for key, value in pairs)])
    return document(
        id, text, name, domain=Domain.PEOPLE, kind="contact", properties=(("Name", name), *pairs)
    )


def mail(id: int, sender: str, to: str, subject: str, body: str, day: int = 1) -> SourceDocument:
    sent = datetime(2026, 5, day, 9, 30, tzinfo=UTC)
    properties = (
        ("From", sender),
        ("To", to),
        ("Date", "2026-05-01 09:30 +0000"),
        ("Subject", subject),
    )
    text = "\n".join([*(f"{key}: {value}" for key, value in properties), "", body])
    return document(
        id,
        text,
        subject,
        domain=Domain.MAIL,
        kind="mail",
        author=sender,
        recipients=(to,),
        date=sent,
        properties=properties,
    )


PEOPLE = [
    contact(1, "Jonas Berg", Phone="311 207", Birthday="1984-05-01", Job_title="conductor"),
    contact(2, "Maria Lind", Phone="555 118", Email="maria@lind.example"),
    contact(3, "Nora Dahl", Phone="902 441", Address="12 Harbour Street, Bergen"),
]
