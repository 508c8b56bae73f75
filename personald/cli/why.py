"""`personald why`: what an answer rests on, and what came of a document."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from extractors.document import Domain
from personald.cli.documents import DOMAIN
from personald.cli.frame import Frame, common
from personald.cli.output import table
from personald.errors import UsageError

if TYPE_CHECKING:
    from personald.assembly import Owner
    from personald.provenance import Provenance

VERSION_NAME = re.compile(r"[a-z]+/\d+")
DOCUMENT_ID = re.compile(r"[0-9a-f]{8,32}")


@click.command("why")
@click.argument("text", nargs=-1, required=True)
@click.option("--domain", type=DOMAIN, help="Only this domain.")
@common
def why(frame: Frame, text: tuple[str, ...], domain: str | None) -> None:
    """What stands behind TEXT: the answer, the memories and facts it rests on, and their documents.

    TEXT is a question, or something you were told. A document's id shows what was learnt from it; a version's name
    ("people/3") shows what it was trained on.
    """
    words = " ".join(text).strip()
    if not words:
        raise UsageError("There is nothing to explain.", 'personald why "When is the concert?"')
    from personald.assembly import Owner
    from personald.provenance import Provenance

    with Owner(frame.home, frame.settings) as owner:
        provenance = Provenance(owner)
        if VERSION_NAME.fullmatch(words):
            result = _of_version(owner, provenance, words)
        elif DOCUMENT_ID.fullmatch(words):
            found = provenance.of_document(owner.vault().get(words).id)
            result = {"text": words, "facts": [item.to_json() for item in found]}
        else:
            result = _of_text(owner, provenance, words, domain)
    frame.show(result, lambda: _render(result))


def _of_text(
    owner: Owner, provenance: Provenance, words: str, domain: str | None
) -> dict[str, Any]:
    from personald.serve.answerer import Answerer

    only = Domain(domain) if domain else None
    answer = Answerer.of(owner).ask(words, only)
    said = "" if answer.abstained else answer.text
    serving = sorted(owner.registry().serving().items())
    return {
        "text": words,
        "answer": answer.text,
        "abstained": answer.abstained,
        "active": [
            {"domain": name, "version": version.name, "state": version.state.value}
            for name, version in serving
            if domain in (None, name)
        ],
        "adapters": [{"domain": use.domain, "version": use.version} for use in answer.adapters],
        "facts": [item.to_json() for item in provenance.of_text(words, said, domain)],
        "documents": [
            {"document": use.document, "title": use.title, "origin": use.origin}
            for use in answer.sources
        ],
    }


def _of_version(owner: Owner, provenance: Provenance, name: str) -> dict[str, Any]:
    version = owner.registry().get(name)
    documents = provenance.documents_of(version)
    return {
        "text": name,
        "state": version.state.value,
        "trained_on": len(version.card.documents),
        "forgot": len(version.forgot),
        "documents": [
            {
                "document": source.id,
                "title": source.document.title,
                "origin": source.document.origin,
            }
            for source in documents
        ],
    }


def _render(result: dict[str, Any]) -> None:
    if "answer" in result:
        click.echo(result["answer"])
        used = ", ".join(use["version"] for use in result["adapters"])
        active = ", ".join(use["version"] for use in result["active"]) or "none"
        click.echo(f"  remembered by: {used or 'no memory'} (active: {active})")
    if "trained_on" in result:
        click.echo(
            f"{result['text']} ({result['state']}) learnt from {result['trained_on']} documents."
        )
    for fact in result.get("facts", ()):
        whose = fact["subject"] or "you"
        click.echo(f"  {whose}, {fact['relation']}: {fact['value']}")
        click.echo(f"    “{' '.join(fact['quote'].split())}”")
        click.echo(f"    in {fact['title']} ({fact['origin']})")
        versions = ", ".join(f"{use['version']} ({use['state']})" for use in fact["adapters"])
        studied = f"{fact['rows']} rows" if fact["studied"] else "not studied"
        click.echo(f"    {studied}; learnt by: {versions or 'no memory yet'}")
    table(
        ("document", "title", "from"),
        [(row["document"][:8], row["title"], row["origin"]) for row in result.get("documents", ())],
    )
