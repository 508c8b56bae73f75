"""`personald documents` and `personald search`: what was read, what could not be and why, and finding it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from extractors.document import Domain
from personald.cli.frame import Frame, common
from personald.cli.output import table

if TYPE_CHECKING:
    from personald.store import StoredDocument

DOMAIN = click.Choice([str(domain) for domain in Domain])


@click.group("documents")
def documents() -> None:
    """What was read, and what could not be and why."""


@documents.command("list")
@click.option("--source", type=int, help="Only of this source.")
@click.option("--domain", type=DOMAIN, help="Only of this domain.")
@click.option("--failed", is_flag=True, help="Only what could not be read.")
@common
def list_documents(frame: Frame, source: int | None, domain: str | None, failed: bool) -> None:
    """Every document, and every file that failed with its reason."""
    from personald.assembly import Owner

    wanted = Domain(domain) if domain else None
    rows: list[dict[str, Any]] = []
    with Owner(frame.home, frame.settings) as owner:
        if not failed:
            rows += [describe(item) for item in owner.vault().documents(wanted, source)]
        if wanted is None:
            rows += [
                failed_row(item.path, item.reason)
                for item in owner.vault().failed()
                if source in (None, item.source_id)
            ]
    frame.show(
        {"documents": rows},
        lambda: table(
            ("id", "domain", "kind", "title", "date", "characters", "status"),
            [
                (
                    (row["id"] or "")[:8],
                    row["domain"],
                    row["kind"],
                    row["title"] or row["origin"],
                    (row["date"] or "")[:10],
                    row["characters"],
                    row["reason"] or row["status"],
                )
                for row in rows
            ],
        ),
    )


@documents.command("show")
@click.argument("document")
@common
def show(frame: Frame, document: str) -> None:
    """One document with its normalised text; DOCUMENT is its id or the beginning of it."""
    from personald.assembly import Owner

    with Owner(frame.home, frame.settings) as owner:
        found = owner.vault().get(document)
    row = describe(found) | {
        "text": found.document.text,
        "properties": [list(pair) for pair in found.document.properties],
        "version": found.version,
    }

    def render() -> None:
        click.echo(f"{row['title']}  ({row['kind']}, {row['origin']})")
        click.echo()
        click.echo(found.document.text)

    frame.show(row, render)


@click.command("search")
@click.argument("query", nargs=-1, required=True)
@click.option("--domain", type=DOMAIN, help="Only in this domain.")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, help="At most so many.")
@common
def search(frame: Frame, query: tuple[str, ...], domain: str | None, limit: int) -> None:
    """Full-text search: words, "exact phrases", prefix*, ranked, with snippets."""
    from personald.assembly import Owner

    with Owner(frame.home, frame.settings) as owner:
        hits = owner.vault().search(
            " ".join(query), domain=Domain(domain) if domain else None, limit=limit
        )
    rows: list[dict[str, Any]] = [
        {
            "document": hit.document,
            "title": hit.title,
            "origin": hit.origin,
            "snippet": hit.snippet,
            "score": hit.score,
        }
        for hit in hits
    ]

    def render() -> None:
        if not rows:
            click.echo("Nothing was found.")
        table(
            ("document", "title", "snippet"),
            [(row["document"][:8], row["title"], row["snippet"]) for row in rows],
        )

    frame.show({"results": rows}, render)


def describe(stored: StoredDocument) -> dict[str, Any]:
    """A document as it is listed."""
    document = stored.document
    return {
        "id": stored.id,
        "title": document.title,
        "domain": str(document.domain),
        "kind": document.kind,
        "origin": document.origin,
        "date": document.date.isoformat() if document.date else None,
        "author": document.author or None,
        "characters": len(document.text),
        "status": "read" if stored.state == 0 else stored.state.name.lower(),
        "reason": None,
    }


def failed_row(path: str, reason: str) -> dict[str, Any]:
    """A file that could not be read, as it is listed."""
    return {
        "id": None,
        "title": None,
        "domain": None,
        "kind": None,
        "origin": path,
        "date": None,
        "author": None,
        "characters": 0,
        "status": "failed",
        "reason": reason,
    }
