"""`personald backup`, `restore` and `forget`: keep it all, bring it back, let something go."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personald.cli.frame import Frame, common
from personald.cli.output import table
from personald.errors import UsageError

if TYPE_CHECKING:
    from personald.assembly import Owner


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@common
def backup(frame: Frame, file: Path) -> None:
    """Write everything into one sealed file that opens with the recovery code."""
    from personald.assembly import Owner
    from personald.store.backup import backup as write

    with Owner(frame.home, frame.settings) as owner:
        report = write(frame.home.path, owner.keys(), file.expanduser().absolute())
    frame.show(
        {
            "file": str(file),
            "documents": report.documents,
            "files": report.files,
            "bytes": report.bytes,
        },
        lambda: click.echo(
            f"{file}: {report.documents} documents and {report.files} files, {report.bytes / 1e6:.1f} MB. "
            "It opens with the recovery code alone."
        ),
    )


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--code", default="", help="The recovery code; asked for when it is not given.")
@click.option("--key-file", type=click.Path(path_type=Path), help="Keep the keys in this file.")
@common
def restore(frame: Frame, file: Path, code: str, key_file: Path | None) -> None:
    """Bring a home back from a backup, with the recovery code."""
    from personald.keys import RecoveryCode
    from personald.store.backup import restore as bring_back

    if frame.home.exists:
        raise UsageError(
            f"There is a home at {frame.home.path} already.", "Name another with --home."
        )
    typed = code or _ask_for_code()
    report = bring_back(
        file.expanduser().absolute(),
        RecoveryCode.parse(typed),
        frame.home.path,
        key_file=key_file.expanduser().absolute() if key_file else None,
    )
    frame.home.make()
    frame.show(
        {"home": str(frame.home.path), "documents": report.documents, "files": report.files},
        lambda: click.echo(
            f"{frame.home.path}: {report.documents} documents and {report.files} files are back."
        ),
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """One document that is to be forgotten."""

    id: str
    title: str
    origin: str
    domain: str


@click.command("forget")
@click.argument("what", metavar="[DOCUMENT|SOURCE]", required=False)
@click.option("--matching", metavar="TEXT", help="Everything whose text holds this.")
@common
def forget(frame: Frame, what: str | None, matching: str | None) -> None:
    """Let documents go: out of the store and every adapter that learnt from them, at once.

    WHAT is a document's id (or its beginning) or a source's number. Their keys are destroyed, so that no old copy of the
    database gives them back; adapters that were trained on them are destroyed here and, through the shared folder, on
    your other devices. The next training rebuilds those memories without them.
    """
    if (what is None) == (matching is None):
        raise UsageError("Name one thing to forget.", "A document, a source, or --matching TEXT.")
    from personald.assembly import Owner

    with Owner(frame.home, frame.settings) as owner:
        wanted = find(owner, what, matching)
        if not wanted:
            raise UsageError("Nothing that is stored matches.", "See: personald documents list")
        if not frame.as_json:
            table(("document", "title", "from"), [(w.id[:8], w.title, w.origin) for w in wanted])
        if not frame.confirm(f"Forget {len(wanted)} documents for good?"):
            frame.say("Nothing was forgotten.")
            return
        receipt = carry_out(owner, wanted)
    frame.show(receipt, lambda: _render(receipt))


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
    return [
        Wanted(item.id, item.document.title, item.document.origin, str(item.document.domain))
        for item in found
    ]


def carry_out(owner: Owner, wanted: list[Wanted]) -> dict[str, Any]:
    """Forget, everywhere: store, adapters, caches, checkpoints; returns the receipt."""
    from personald.instance import training_lock
    from training.cache import GenerationCache

    ids = {item.id for item in wanted}
    domains = sorted({item.domain for item in wanted})
    with training_lock(owner.home.run):
        learnt = owner.vault().adapters_trained_on(ids)
        gone = owner.vault().forget(ids)
        destroyed = owner.registry().forget(ids, "a document it learnt from was forgotten")
        cache = GenerationCache(owner.home.cache, owner.keys().adapter_key)
        for identity in ids:
            cache.forget(identity)
        for domain in domains:
            (owner.home.path / "checkpoints" / f"{domain}.checkpoint").unlink(missing_ok=True)
    published = False
    if owner.settings.sync.folder and owner.sync_engine().enrolled:
        from personald import exchange

        published = exchange.push(owner.sync_engine(), owner.registry())
    left = [item.id for item in owner.vault().documents() if item.id in ids]
    serving = {version.id for version in owner.registry().serving().values()}
    return {
        "documents": gone.documents,
        "versions": gone.versions,
        "adapters": sorted(version.name for version in destroyed),
        "domains": domains,
        "told_other_devices": published,
        "backed_up_at": gone.backed_up_at.isoformat() if gone.backed_up_at else None,
        "proof": {
            "left_in_store": len(left),
            "adapters_still_serving": len(learnt & serving),
        },
    }


def _render(receipt: dict[str, Any]) -> None:
    click.echo(
        f"Forgotten: {receipt['documents']} documents in {receipt['versions']} versions; "
        f"{receipt['proof']['left_in_store']} are left."
    )
    if receipt["adapters"]:
        click.echo(f"Destroyed with them: {', '.join(receipt['adapters'])}.")
        click.echo(f"Rebuild without them: personald train {' '.join(receipt['domains'])} --force")
    if receipt["told_other_devices"]:
        click.echo("Your other devices destroy theirs as soon as they see it.")
    if receipt["backed_up_at"]:
        click.echo(f"A backup made on {receipt['backed_up_at'][:10]} still holds them.")


def _ask_for_code() -> str:
    if not sys.stdin.isatty():
        raise UsageError("The recovery code is needed.", "Give it with --code.")
    return str(click.prompt("Recovery code", hide_input=True))
