"""`personald ask`: one question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from extractors.document import Domain
from personald.cli.documents import DOMAIN
from personald.cli.frame import Frame, common
from personald.errors import UsageError

if TYPE_CHECKING:
    from personald.serve.answerer import Answer


@click.command("ask")
@click.argument("question", nargs=-1, required=True)
@click.option("--domain", type=DOMAIN, help="Only this domain.")
@click.option("--no-retrieval", is_flag=True, help="Ask the memories only.")
@click.option("--no-memory", is_flag=True, help="Ask retrieval only.")
@common
def ask(
    frame: Frame,
    question: tuple[str, ...],
    domain: str | None,
    no_retrieval: bool,
    no_memory: bool,
) -> None:
    """Ask a question."""
    words = " ".join(question).strip()
    if not words:
        raise UsageError("There is no question.", 'Ask one: personald ask "When is the concert?"')
    if no_retrieval and no_memory:
        raise UsageError("Without memory and without retrieval nothing can be known.")
    settings = frame.settings
    from personald.assembly import Owner
    from personald.serve.answerer import Answerer

    with Owner(frame.home, settings) as owner:
        answerer = Answerer.of(owner, memory=not no_memory, retrieval=not no_retrieval)
        answer = answerer.ask(words, Domain(domain) if domain else None)
    frame.show(
        {
            "answer": answer.text,
            "adapters": [{"domain": use.domain, "version": use.version} for use in answer.adapters],
            "sources": [
                {
                    "document": use.document,
                    "title": use.title,
                    "origin": use.origin,
                    "score": use.score,
                    "quote": use.quote,
                }
                for use in answer.sources
            ],
            "abstained": answer.abstained,
            "seconds": round(answer.seconds, 3),
        },
        lambda: _render(answer),
    )


def _render(answer: Answer) -> None:
    click.echo(answer.text)
    for adapter in answer.adapters:
        click.echo(f"  remembered by {adapter.version}")
    for source in answer.sources[:3]:
        label = "nearest" if answer.abstained else "see"
        click.echo(f"  {label}: {source.title} ({source.origin})")
        click.echo(f"    {source.quote}")
