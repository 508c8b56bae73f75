"""Files inside files: a part of a mail or an archive goes through the registry like a file of its own.

The bytes are put into the worker's private scratch folder, read by the format that recognises them, and removed.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from extractors import registry
from extractors.document import Document
from extractors.normalise import one_line
from extractors.options import Options
from extractors.results import CannotRead, Failure, FailureKind, Item, Skip

_numbers = itertools.count()


def attached_documents(
    data: bytes, name: str, parent: str, options: Options, bound: bool = True
) -> Iterator[Item]:
    """Read a file that lies inside another one.

    Args:
        data: its bytes.
        name: its file name, as the container states it; any text.
        parent: origin of the document it belongs to; the part's origin is `parent/name`.
        options: what the format is told; its depth grows by one.
        bound: its documents belong to the parent's document (a mail's attachment); False where the parent is no
            document (an archive's entry).

    Yields:
        The part's documents with `parent` set; a `Failure` of the part instead of an exception.
    """
    shown = one_line(name, 300) or "attachment"
    origin = f"{parent}/{shown}" if "#" in parent else f"{parent}#{shown}"
    if options.depth >= options.max_depth:
        yield Skip("nested too deep")
        return
    if not options.budget.take(len(data)):
        raise CannotRead("it unpacks to more than is read of one file", FailureKind.TOO_LARGE)
    form = registry.recognise(Path(shown), data[: registry.HEAD_BYTES])
    if form is None:
        yield Skip("attachment of unknown kind")
        return
    origin = options.budget.distinct(origin)
    # The suffix alone comes from outside, and only letters and digits of it.
    suffix = "".join(c for c in Path(shown).suffix if c.isascii() and c.isalnum())[:12]
    folder = options.scratch / f"part-{next(_numbers)}"
    folder.mkdir()
    path = folder / (safe_name(PurePosixPath(shown).stem) + (f".{suffix}" if suffix else ""))
    try:
        path.write_bytes(data)
        inner = dataclasses.replace(options, depth=options.depth + 1)
        for item in form.extract(path, origin, inner):
            yield _bound(item, parent if bound else "", origin)
    except CannotRead as refusal:
        if options.budget.parts < 0 or options.budget.bytes < 0:
            raise
        yield Failure(refusal.detail, refusal.kind, origin)
    finally:
        path.unlink(missing_ok=True)
        folder.rmdir()


def safe_name(stem: str) -> str:
    """Return a file name without separators and controls, at most 100 bytes long."""
    kept = "".join(c if c.isalnum() or c in " -_.()" else "_" for c in stem).strip(". ")
    return kept.encode("utf-8", "replace")[:100].decode("utf-8", "ignore") or "part"


def _bound(item: Item, parent: str, origin: str) -> Item:
    if isinstance(item, Document) and parent and not item.parent:
        return dataclasses.replace(item, parent=parent)
    if isinstance(item, Failure) and not item.origin:
        return dataclasses.replace(item, origin=origin)
    return item
