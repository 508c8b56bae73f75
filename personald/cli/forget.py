"""`personald forget`: let something go, keep a receipt of it, and look at the receipts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personald.cli.frame import Frame, common
from personald.cli.output import progress, table
from personald.errors import UsageError

if TYPE_CHECKING:
    from personald.assembly import Owner
    from personald.forgetting.receipts import Examination, Receipt

SHORTEST_MATCH = 2
"""Characters of `--matching`; a single letter is in everything."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One document that is to be forgotten."""

    id: str
    title: str
    origin: str


@click.command("forget")
@click.argument("what", metavar="[DOCUMENT|SOURCE]", required=False)
@click.option("--matching", metavar="TEXT", help="Everything whose text or title holds this.")
@click.option(
    "--now",
    is_flag=True,
    help="Make no overlay: those memories say nothing until the next training.",
)
@click.option("--no-proof", is_flag=True, help="Keep no sealed questions for the later proof.")
@click.option("--receipts", is_flag=True, help="List the receipts, or show the one that is named.")
@common
def forget(
    frame: Frame,
    what: str | None,
    matching: str | None,
    now: bool,
    no_proof: bool,
    receipts: bool,
) -> None:
    """Let documents go: out of the store and of every memory that learnt from them, at once.

    WHAT is a document's id (or its beginning) or a source's number. Their keys are destroyed, so that no old copy of the
    database gives them back; adapters that were trained on them are destroyed here and, through the shared folder, on
    your other devices. What else those memories knew comes back within a minute or so, by an overlay that keeps silent
    about what is gone; the next training rebuilds them without it, and proves it.
    """
    if receipts:
        _show_receipts(frame, what)
        return
    if (what is None) == (matching is None):
        raise UsageError("Name one thing to forget.", "A document, a source, or --matching TEXT.")
    if matching is not None and len(matching.strip()) < SHORTEST_MATCH:
        raise UsageError("That text is in everything.", "Give more of it.")
    from personald.assembly import Owner
    from personald.forgetting.carrying_out import forget as carry_out
    from personald.forgetting.carrying_out import receipt_book
    from personald.instance import training_lock

    settings = frame.settings
    _let_the_daemon_give_way(frame)
    with Owner(frame.home, settings) as owner, training_lock(frame.home.run):
        wanted = find(owner, what, matching)
        if not wanted:
            raise UsageError("Nothing that is stored matches.", "See: personald documents list")
        if not frame.as_json:
            table(("document", "title", "from"), [(w.id[:8], w.title, w.origin) for w in wanted])
        if not frame.confirm(f"Forget {len(wanted)} documents for good?"):
            frame.say("Nothing was forgotten.")
            return
        with progress("Keeping silent about it", silent=frame.as_json) as meter:
            receipt = carry_out(
                owner,
                [item.id for item in wanted],
                overlay=not now,
                proof=not no_proof,
                report=lambda domain, done, total: meter(done, total, domain),
            )
        file = receipt_book(owner).path(receipt)
    frame.show(told(receipt, file), lambda: _render(receipt, file))


def find(owner: Owner, what: str | None, matching: str | None) -> list[Wanted]:
    """The documents that are meant.

    Args:
        owner: the home's `Owner`.
        what: a source's number, or a document's id or the beginning of it.
        matching: or a text that they hold, compared as written but for case.
    """
    vault = owner.vault()
    if matching is not None:
        needle = matching.casefold()
        found = [
            item
            for item in vault.documents()
            if needle in item.document.text.casefold() or needle in item.document.title.casefold()
        ]
    elif what is not None and what.isdigit() and len(what) < 4:
        source = owner.store().source(int(what))
        found = list(vault.documents(source=source.id))
    else:
        found = [vault.get(what or "")]
    return [Wanted(item.id, item.document.title, item.document.origin) for item in found]


def told(receipt: Receipt, file: Path) -> dict[str, Any]:
    """A receipt as `--json` prints it: its fields, its file, and the numbers that a person asks for first."""
    return receipt.to_json() | {
        "receipt": receipt.id,
        "file": str(file),
        "documents": len(receipt.documents),
        "hashes": list(receipt.documents),
        "adapters": list(receipt.destroyed),
        "proof": {
            "left_in_store": receipt.left_in_store,
            "asked": sum(found.asked for found in receipt.examinations),
            "recalled": sum(found.recalled for found in receipt.examinations),
            "waits_for": list(receipt.open),
        },
    }


def _let_the_daemon_give_way(frame: Frame) -> None:
    """A training in the background stops; one that a person started is not ended (`training_lock` refuses then)."""
    from personald import ipc

    try:
        ipc.call(frame.home.run, "yield", timeout=30.0)
    except ipc.NotRunning:
        return


def _render(receipt: Receipt, file: Path) -> None:
    click.echo(
        f"Forgotten: {len(receipt.documents)} documents in {receipt.versions} versions;"
        f" {receipt.left_in_store} are left."
    )
    if receipt.destroyed:
        click.echo(f"Destroyed with them: {', '.join(receipt.destroyed)}.")
    for found in receipt.examinations:
        click.echo(f"  {sentence(found)}")
    for domain, why in receipt.silent.items():
        click.echo(f"  {domain}: silent until the next training ({why}).")
    if receipt.open:
        click.echo(f"Rebuild and prove it: personald train {' '.join(receipt.open)} --force")
    if receipt.told_other_devices:
        click.echo("Your other devices destroy theirs as soon as they see it.")
    if receipt.backed_up_at:
        click.echo(f"A backup made on {receipt.backed_up_at[:10]} still holds them.")
    click.echo(f"Receipt: {file}")


def sentence(found: Examination) -> str:
    """One examination in words."""
    line = (
        f"{found.domain}: {found.version} ({found.how}) answers {found.recalled} of {found.asked}"
        f" questions about it, its weights alone {found.recalled_by_weights};"
        f" everything else {found.kept:.3f}"
    )
    if found.kept_before is not None:
        line += f" (before {found.kept_before:.3f})"
    if found.p is not None:
        line += (
            f"; truth ratios against a memory that never saw it: KS p {found.p:.2f}"
            f" over {found.ratios}"
        )
    return f"{line}."


def _show_receipts(frame: Frame, which: str | None) -> None:
    from personald.assembly import Owner
    from personald.forgetting.carrying_out import receipt_book

    with Owner(frame.home, frame.settings) as owner:
        book = receipt_book(owner)
        found = [book.get(which)] if which else book.all()
        files = {receipt.id: book.path(receipt) for receipt in found}
        refused = [] if which else book.refused()

    def render() -> None:
        if which:
            _render(found[0], files[found[0].id])
            return
        table(
            ("receipt", "forgotten", "documents", "memories destroyed", "proof waits for"),
            [
                (
                    receipt.id,
                    receipt.forgotten_at[:16],
                    len(receipt.documents),
                    ", ".join(receipt.destroyed),
                    ", ".join(receipt.open),
                )
                for receipt in found
            ],
        )

        for path, why in refused:
            click.echo(f"{path}: {why}", err=True)

    result = {
        "receipts": [told(receipt, files[receipt.id]) for receipt in found],
        "refused": [{"file": str(path), "reason": why} for path, why in refused],
    }
    frame.show(result, render)
