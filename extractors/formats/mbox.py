"""mbox: a mailbox in one file of any size, split as a stream and never held in memory.

Written by hand because the standard library's `mailbox` reads the whole file for an index and splits at every line
that begins with "From ". Here a message begins at a "From " line that stands at the start of the file or after a blank
line, and that ends in a year or a time (the rule of RFC 4155's default format, loosened for what programs write) or
is followed by a header line.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from extractors.files import open_regular
from extractors.formats import mail
from extractors.options import MEBI, Budget, Options
from extractors.results import CannotRead, Failure, FailureKind, Item, Skip

CHUNK = 1 * MEBI
# A message longer than this loses its long base64 stretches before it is parsed: its text is read, its files are not.
LARGE_MESSAGE = 8 * MEBI
# From this length on, pictures, sounds and films are taken out before parsing.
MEDIUM_MESSAGE = 64 * 1024
# So much of a message is held while its end is looked for.
MAX_MESSAGE = 48 * MEBI
_ENVELOPE = re.compile(
    rb"From (?:[^\n]{0,200}?(?:\d{4}|\d{2}:\d{2}(?::\d{2})?)[^\n]{0,40}\r?\n|[^\n]{0,300}\r?\n[A-Za-z][A-Za-z0-9-]{1,60}: )"
)
_MARK = re.compile(rb"\n\r?\nFrom ")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_LONG_BASE64 = re.compile(rb"(?:^[A-Za-z0-9+/]{40,78}\r?\n){2000,}", re.MULTILINE)
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^<>\s]{3,250})>", re.IGNORECASE | re.MULTILINE)
# The header of a part that is no text, up to the blank line below it.
_MEDIA = re.compile(
    rb"\n[Cc]ontent-[Tt]ype: ?(?:image|audio|video)[^\n]*\n(?:[^\r\n][^\n]*\n){0,15}?\r?\n"
)
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_FIELD = re.compile(rb"[!-9;-~]+:")
_BOUNDARY = re.compile(rb"""boundary\s*=\s*["']?([^"';\r\n]{1,200})""", re.IGNORECASE)


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a mailbox message by message; a message that cannot be read is a failure of its own.

    A message's origin is `path#<message-id>`, so that it stays the same when the mailbox grows or is compacted; without
    an identifier, or where one occurs again, a digest of the message stands for it.
    """
    seen: set[bytes] = set()
    spam_folder = mail.in_spam_folder(path) and not options.include_bulk
    raw = b""
    with open_regular(path) as stream:
        for raw in split(stream):
            if spam_folder:
                yield Skip("spam or deleted mail")
                continue
            part = _part_name(raw, seen)
            own = dataclasses.replace(options, budget=Budget())
            try:
                yield from mail.documents(_lighter(raw), f"{origin}#{part}", own, filtered=True)
            except CannotRead as refusal:
                yield Failure(refusal.detail, refusal.kind, f"{origin}#{part}")
            except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
                yield Failure("the message is damaged", FailureKind.DAMAGED, f"{origin}#{part}")
    if is_cut_off(raw):
        yield Failure(
            "the file is cut off in its last message", FailureKind.DAMAGED, f"{origin}#cut off"
        )


def is_cut_off(raw: bytes) -> bool:
    """Tell whether a message that ends without a line end misses the rest of its header, or of its parts."""
    if not raw or raw.endswith(b"\n") or len(raw) >= MAX_MESSAGE:
        return False
    end = _HEADER_END.search(raw, 0, 256 * 1024)
    if end is None:
        return _FIELD.match(raw) is not None
    boundary = _BOUNDARY.search(raw, 0, end.start())
    return boundary is not None and b"--" + boundary.group(1) + b"--" not in raw


def split(stream: BinaryIO, max_message: int = MAX_MESSAGE) -> Iterator[bytes]:
    """Split a mailbox into messages, without their envelope lines, with quoted ">From " lines restored.

    Args:
        stream: the mailbox, read once from where it stands.
        max_message: bytes of one message to hold at most; the rest of a longer one is passed over.

    Yields:
        The bytes of each message. Memory stays below `max_message` and one chunk.
    """
    buffer = bytearray()
    start = 0  # where the current message's envelope line begins in the buffer
    scanned = 0  # no boundary begins before here
    ended = False
    while not ended:
        chunk = stream.read(CHUNK)
        ended = not chunk
        buffer += chunk
        while True:
            match = _MARK.search(buffer, max(scanned, start))
            if match is None:
                scanned = max(start, len(buffer) - 8)
                break
            envelope = match.end() - 5
            if len(buffer) - envelope < 600 and not ended:
                scanned = match.start()
                break
            if _ENVELOPE.match(buffer, envelope):
                yield from _message(memoryview(buffer)[start:envelope], max_message)
                start = envelope
            scanned = match.end() - 5
        if start:
            del buffer[:start]
            scanned -= start
            start = 0
        if len(buffer) > max_message + CHUNK:
            # Keep the beginning and a seam of the end, so that a boundary across it is still found.
            del buffer[max_message:-16]
            scanned = max_message
    if buffer.strip():
        yield from _message(memoryview(buffer)[start:], max_message)


def _message(view: memoryview, max_message: int) -> Iterator[bytes]:
    raw = bytes(view[:max_message])
    view.release()
    if raw.startswith(b"From "):
        end = raw.find(b"\n")
        raw = raw[end + 1 :] if end >= 0 else b""
    if b">From " in raw:
        raw = _QUOTED_FROM.sub(rb"\1", raw)
    if raw.strip():
        yield raw


def _part_name(raw: bytes, seen: set[bytes]) -> str:
    """Return the part of the origin that names a message: its identifier, or a digest."""
    end = _HEADER_END.search(raw, 0, 256 * 1024)
    head = raw[: end.start() + 1] if end else raw[: 64 * 1024]
    match = _MESSAGE_ID.search(head)
    name = match.group(1).decode("utf-8", "replace") if match else ""
    key = hashlib.blake2b(name.encode() if name else raw, digest_size=10).digest()
    if not name or key in seen:
        key = hashlib.blake2b(raw, digest_size=10).digest()
        name = f"{name}:{key.hex()}" if name else key.hex()
    seen.add(key)
    return f"<{name}>" if "@" in name else name


def _lighter(raw: bytes) -> bytes:
    """Take out what is not read anyway: pictures, sounds and films, and of a message that is still large all its files.

    The parser goes through a message line by line; this goes through it at the speed of a search.
    """
    if len(raw) > MEDIUM_MESSAGE:
        raw = _without_media(raw)
    if len(raw) > LARGE_MESSAGE:
        raw = _LONG_BASE64.sub(b"", raw)
    return raw[:LARGE_MESSAGE]


def _without_media(raw: bytes) -> bytes:
    kept: list[bytes] = []
    position = 0
    for match in _MEDIA.finditer(raw):
        if match.start() < position:
            continue
        end = raw.find(b"\n--", match.end())
        kept.append(raw[position : match.end()])
        position = end if end >= 0 else len(raw)
    return b"".join([*kept, raw[position:]])
