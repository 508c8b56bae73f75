"""`personald remember`: a note of the owner's own, studied at the next training."""

from __future__ import annotations

from datetime import datetime

import click

from extractors.document import Domain
from personald.cli.documents import DOMAIN
from personald.cli.frame import Frame, common


@click.command("remember")
@click.argument("text", nargs=-1, required=True)
@click.option("--domain", type=DOMAIN, default=Domain.NOTES.value, help="Which memory studies it.")
@common
def remember(frame: Frame, text: tuple[str, ...], domain: str) -> None:
    """Remember TEXT: it is stored at once, found at once, and studied at the next training.

    Say it in whole sentences that name what they are about: "My dentist is Dr Weiss."
    """
    from personald.assembly import open_watcher_store
    from personald.remembered import remember as keep
    from personald.sensitive import HELD_BACK, MASKED, detect

    with open_watcher_store(frame.home, frame.settings) as store:
        document = keep(store, " ".join(text), Domain(domain), datetime.now().astimezone())
    found = {span.category for span in detect(document.text, document.title)}
    waits, masked = sorted(found & HELD_BACK), sorted(found & MASKED)
    result = {
        "title": document.title,
        "domain": domain,
        "characters": len(document.text),
        "waits_for_review": waits,
        "never_studied": masked,
    }

    def render() -> None:
        click.echo("It is stored; the next training studies it.")
        if waits:
            click.echo(f"But what is about {' and '.join(waits)} waits: personald review list")
        if masked:
            click.echo(f"But what is a {' or '.join(masked)} is never studied, only found.")

    frame.show(result, render)
