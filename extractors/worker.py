"""The worker process: reads requests on standard input, parses files, answers on standard output.

Started by `sandbox.Pool` as `python -m extractors.worker SETTINGS`, confined before the first file is opened. It lives
through what a format raises; what kills it costs its parent one file.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from extractors import confinement, language, protocol, registry
from extractors.document import Document, Domain
from extractors.files import HASHED_BYTES, HEAD_BYTES, open_regular, read_exactly
from extractors.normalise import clean, one_line
from extractors.options import Options
from extractors.results import CannotRead, Failure, FailureKind, Item, Skip

# Items gather until their texts are so long, so that a mailbox costs few frames and a parent sees progress.
FRAME_CHARACTERS = 256 * 1024
FRAME_ITEMS = 64
# The most characters that one file may give when its documents are not streamed.
MAX_CHARACTERS = 256 * 1024 * 1024
HASHED_CHUNK = 1024 * 1024
OCR_PROGRAMS = frozenset(("tesseract",))

_MakeOptions = Callable[[tuple[Path, bytes] | None], Options]


def main(arguments: list[str]) -> int:
    """Confine the process and serve requests until standard input ends."""
    settings = json.loads(arguments[0])
    scratch = Path(settings["scratch"])
    inbox, outbox = _take_pipes()
    registry.formats()
    language.keep_model_in(Path(settings["cache"]))
    confinement.forbid_network()
    confinement.limit_resources(
        settings["memory_bytes"], settings["open_files"], settings["written_bytes"]
    )
    confinement.forbid_effects(scratch, OCR_PROGRAMS)
    while True:
        header = inbox.read(protocol.HEADER.size)
        if len(header) < protocol.HEADER.size:
            return 0
        request = protocol.unpack(inbox.read(protocol.HEADER.unpack(header)[0]))
        serve(request, scratch, outbox)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the pipes for the protocol alone: what a library prints goes to standard error."""
    inbox = os.fdopen(os.dup(0), "rb")
    outbox = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    return inbox, outbox


def serve(request: dict[str, Any], scratch: Path, outbox: BinaryIO) -> None:
    """Answer one request: for each of its files frames of items, the last of them carrying the end.

    Args:
        request: what `sandbox.Pool` sends.
        scratch: the private folder, empty again after each file.
        outbox: where the frames go.
    """
    cpu_seconds = request["cpu_seconds"]

    def alive() -> None:
        outbox.write(protocol.pack({"items": []}))
        outbox.flush()
        confinement.grant_processor_time(cpu_seconds)

    domain = request["domain"]
    told = {
        "scratch": scratch,
        "now": datetime.fromisoformat(request["now"]),
        "domain": Domain(domain) if domain else None,
        "reduced": request["reduced"],
        "alive": alive,
        **request["choices"],
    }

    def options(whole: tuple[Path, bytes] | None) -> Options:
        return Options(**told, whole=whole)

    for path, origin in request["files"]:
        confinement.grant_processor_time(cpu_seconds)
        items, end = _read(path, origin, request, options, outbox)
        _empty(scratch)
        outbox.write(protocol.pack({"items": items, "end": end}))
        outbox.flush()


def _read(
    path: str, origin: str, request: dict[str, Any], options: _MakeOptions, outbox: BinaryIO
) -> tuple[list[list[Any]], dict[str, Any]]:
    """Read one file; all but the last of what it gives is sent on the way.

    Returns:
        What is left to be sent, and the end.
    """
    end: dict[str, Any] = {"format": "", "version": registry.unrecognised_stamp(), "failure": None}
    waiting: list[list[Any]] = []
    skipped: dict[str, int] = {}
    characters = total = 0
    try:
        for item in _items(path, origin, request, options, end):
            if isinstance(item, Skip):
                skipped[item.reason] = skipped.get(item.reason, 0) + item.count
                continue
            waiting.append(protocol.item_to_json(item))
            if isinstance(item, Document):
                characters += len(item.text)
                total += len(item.text)
            if total > MAX_CHARACTERS and not request["stream"]:
                raise CannotRead(
                    "it gives more text than is kept of one file", FailureKind.TOO_LARGE
                )
            if characters > FRAME_CHARACTERS or len(waiting) >= FRAME_ITEMS:
                outbox.write(protocol.pack({"items": waiting}))
                outbox.flush()
                waiting, characters = [], 0
                confinement.grant_processor_time(request["cpu_seconds"])
    except CannotRead as refusal:
        end["failure"] = protocol.item_to_json(Failure(refusal.detail, refusal.kind))
    except MemoryError:
        end["failure"] = protocol.item_to_json(
            Failure("reading it takes too much memory", FailureKind.MEMORY)
        )
    except RecursionError:
        end["failure"] = protocol.item_to_json(
            Failure("its parts are nested too deep", FailureKind.TOO_DEEP)
        )
    except Exception as error:
        # Libraries raise what they like on damaged files. The message may quote the file, so only the type is told.
        reason = f"it is damaged, or not what its name says ({type(error).__name__})"
        end["failure"] = protocol.item_to_json(Failure(reason, FailureKind.DAMAGED))
    waiting += [protocol.item_to_json(Skip(reason, count)) for reason, count in skipped.items()]
    return waiting, end


def _items(
    name: str, origin: str, request: dict[str, Any], options: _MakeOptions, end: dict[str, Any]
) -> Iterator[Item]:
    path, kind = Path(name), request["kind"]
    with open_regular(path) as stream:
        before = os.fstat(stream.fileno())
        head = read_exactly(stream, HEAD_BYTES)
        if not request["stream"]:
            end["hash"] = _hash(head, stream, before.st_size)
    if not head:
        yield Skip("empty")
        return
    form = registry.chosen(kind) if kind else registry.recognise(path, head)
    if form is None:
        raise CannotRead(
            "its kind is unknown, or its content is not what its name says", FailureKind.UNKNOWN
        )
    end["format"], end["version"] = form.name, form.stamp
    whole = (path, head) if len(head) == before.st_size else None
    for item in form.extract(path, origin, options(whole)):
        yield finished(item) if isinstance(item, Document) else item
    after = path.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise CannotRead("it changed while it was read", FailureKind.CHANGED)


def _hash(head: bytes, stream: BinaryIO, size: int) -> str:
    """SHA-256 of a file whose first bytes were read; "" where it is so long that nobody wants it hashed."""
    if size > HASHED_BYTES:
        return ""
    digest = hashlib.sha256(head)
    while len(head) == HEAD_BYTES and (chunk := read_exactly(stream, HASHED_CHUNK)):
        digest.update(chunk)
    return digest.hexdigest()


def finished(document: Document) -> Document:
    """Bring a format's document into final form: its text normal, its title filled, its language tagged."""
    text = document.text
    if not text.isascii() and not unicodedata.is_normalized("NFC", text):
        # Spans and turns would no longer fit; formats normalise before they mark.
        text = clean(text)
        document = replace(document, text=text, spans=(), turns=())
    tag = document.language or language.tag(text)
    title = document.title or one_line(text, 80) or "untitled"
    if tag != document.language or title != document.title:
        document = replace(document, language=tag, title=title)
    return document


def _empty(scratch: Path) -> None:
    for entry in os.scandir(scratch):
        if entry.is_dir(follow_symlinks=False):
            shutil.rmtree(entry.path, ignore_errors=True)
        else:
            with contextlib.suppress(OSError):
                Path(entry.path).unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
