"""`personald source`: the places that are watched."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from extractors.document import Domain
from personald.cli.documents import DOMAIN
from personald.cli.frame import Frame, common
from personald.cli.output import Meter, progress, table
from personald.errors import UsageError

if TYPE_CHECKING:
    from personald.ingest.counts import Counts
    from personald.store import Source


@click.group("source")
def source() -> None:
    """The places that are watched: add, list, remove, scan."""


@source.command("add")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--domain", type=DOMAIN, help="Give all its documents to this domain.")
@click.option("--kind", help="Read its files as this format, whatever they look like.")
@common
def add(frame: Frame, path: Path, domain: str | None, kind: str | None) -> None:
    """Watch a folder, a mailbox or an export; shows what it will read before it does."""
    _ = frame.settings
    added = add_source(frame, path, domain, kind)
    if not added:
        return
    number = added["id"]
    if _tell_daemon(frame):
        frame.show(added, lambda: click.echo(f"Source {number} is watched from now on."))
        return
    later = (
        f"It is read once the daemon runs (personald run), or now: personald source scan {number}"
    )
    frame.show(added, lambda: click.echo(f"Source {number} is added. {later}"))


@source.command("list")
@common
def list_sources(frame: Frame) -> None:
    """The sources, with how much each holds."""
    from personald.assembly import open_watcher_store

    with open_watcher_store(frame.home, frame.settings) as store:
        counts = store.counts().per_source
        rows = [describe(item) | {"documents": counts.get(item.id, 0)} for item in store.sources()]
    frame.show(
        {"sources": rows},
        lambda: table(
            ("id", "path", "domain", "kind", "documents", "reachable"),
            [
                (
                    row["id"],
                    row["path"],
                    row["domain"] or "by file",
                    row["kind"] or "by content",
                    row["documents"],
                    row["reachable"],
                )
                for row in rows
            ],
        ),
    )


@source.command("remove")
@click.argument("source_id", metavar="ID", type=int)
@common
def remove(frame: Frame, source_id: int) -> None:
    """Stop watching; what was read from it leaves the store."""
    from personald.assembly import open_watcher_store

    with open_watcher_store(frame.home, frame.settings) as store:
        found = store.source(source_id)
        if not frame.confirm(f"Stop watching {found.path} and remove what was read from it?"):
            frame.say("Nothing was removed.")
            return
        result = store.remove_source(source_id)
    _tell_daemon(frame)
    frame.show(
        {"id": source_id, "path": found.path, "deleted": result.deleted},
        lambda: click.echo(
            f"{found.path} is not watched any more; {result.deleted} documents left."
        ),
    )


@source.command("scan")
@click.argument("source_id", metavar="[ID]", type=int, required=False)
@common
def scan(frame: Frame, source_id: int | None) -> None:
    """Look through one source, or all, now; waits until everything is read."""
    counts = scan_sources(frame, source_id)

    def render() -> None:
        for name in ("seen", "new", "changed", "deleted", "unchanged", "failed"):
            click.echo(f"{name:<10} {counts[name]}")
        for reason, number in sorted(counts["skipped"].items()):
            if number:
                click.echo(f"skipped    {number} ({reason})")
        for line in counts["unreachable"]:
            click.echo(f"not looked through: {line}; nothing of it was forgotten")

    frame.show(counts, render)


def add_source(
    frame: Frame, path: Path, domain: str | None, kind: str | None
) -> dict[str, Any] | None:
    """Look at a place, show what it holds, and watch it; None when the person says no.

    Raises:
        UsageError: it is not there, cannot be read, or is the home itself.
    """
    from extractors.guess import guess
    from extractors.registry import formats
    from extractors.sandbox import Limits, Pool
    from personald.assembly import open_watcher_store

    place = path.expanduser().absolute()
    _refuse_unwatchable(frame, place)
    if kind is not None and kind not in {item.name for item in formats()}:
        names = ", ".join(sorted(item.name for item in formats()))
        raise UsageError(f"There is no kind {kind!r}.", f"It is one of: {names}.")
    with Pool(Limits(), workers=1, cache=frame.home.cache) as pool:
        seen = guess(place, pool, kind)
    more = "" if seen.complete else "more than "
    guessed = domain or f"by file, mostly {seen.domain}"
    frame.say(f"{place}: {more}{seen.files} files, {seen.bytes / 1e6:.1f} MB; domain: {guessed}")
    for title in seen.titles[:5]:
        frame.say(f"  for example: {title}")
    for reason, number in seen.skipped:
        frame.say(f"  passed over: {number} ({reason})")
    frame.say(f"Reading it takes about {max(seen.seconds, 1):.0f} s.")
    interactive = not (frame.yes or frame.as_json)
    if interactive and sys.stdin.isatty() and not click.confirm("Watch it?"):
        return None
    with open_watcher_store(frame.home, frame.settings) as store:
        added = store.add_source(place, Domain(domain) if domain else None, kind)
    return describe(added) | {
        "files": seen.files,
        "bytes": seen.bytes,
        "sample": list(seen.titles[:5]),
        "seconds": round(seen.seconds, 1),
    }


def scan_sources(frame: Frame, source_id: int | None = None) -> dict[str, Any]:
    """Bring the store up to date with one source or all; the daemon does it where one runs, else this process.

    Raises:
        UsageError: the source is not there, or none is watched.
    """
    from extractors.sandbox import Limits, Pool
    from personald import ipc
    from personald.assembly import open_watcher_store
    from personald.ingest.counts import Counts
    from personald.ingest.reader import Reader
    from personald.remembered import watched
    from personald.watch.reach import reach

    settings = frame.settings
    try:
        result: dict[str, Any] = ipc.call(
            frame.home.run, "scan", {"source": source_id}, timeout=None
        )
        return result
    except ipc.NotRunning:
        pass
    total = Counts()
    unreachable: list[str] = []
    with open_watcher_store(frame.home, settings) as store:
        sources = [item for item in watched(store.sources()) if source_id in (None, item.id)]
        if not sources:
            raise UsageError("No such source is watched.", "See: personald source list")
        reader = Reader(
            store,
            lambda: Pool(Limits(), workers=settings.watch.workers, cache=frame.home.cache),
            settings.watch,
        )
        try:
            for item in sources:
                seen = reach(Path(item.path), None)
                if not seen.there:
                    unreachable.append(f"{item.path}: {seen.reason}")
                    continue
                with progress(f"Reading {item.path}", silent=frame.as_json) as meter:
                    total += reader.read_all(item, progress=functools.partial(_show, meter))
        finally:
            reader.rest()
        store.flush()
    return total.to_json() | {"unreachable": unreachable}


def _show(meter: Meter, counts: Counts) -> None:
    meter(counts.seen, 0, f"{counts.new} new")


def describe(item: Source) -> dict[str, Any]:
    """A source as it is listed."""
    from personald.remembered import KIND

    return {
        "id": item.id,
        "path": item.path,
        "domain": str(item.domain) if item.domain else None,
        "kind": item.kind,
        "added_at": item.added_at.isoformat(),
        "reachable": item.kind == KIND or Path(item.path).exists(),
    }


def _refuse_unwatchable(frame: Frame, place: Path) -> None:
    if not place.exists():
        raise UsageError(f"{place} does not exist.", "Check the path.")
    home = frame.home.path.resolve()
    resolved = place.resolve()
    if resolved == home or home in resolved.parents or resolved in home.parents:
        raise UsageError(
            f"{place} holds personald's own home, or lies in it.", "Name a folder beside it."
        )
    try:
        if place.is_dir():
            next(place.iterdir(), None)
        else:
            place.open("rb").close()
    except OSError as error:
        raise UsageError(
            f"{place} cannot be read: {error.strerror}.",
            "Allow access to it (on a Mac: System Settings, Privacy, Full Disk Access).",
        ) from error


def _tell_daemon(frame: Frame) -> bool:
    """Let a running daemon take notice of the change; False without one."""
    from personald import ipc

    try:
        ipc.call(frame.home.run, "reload")
    except ipc.NotRunning:
        return False
    return True
