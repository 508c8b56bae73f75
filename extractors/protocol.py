"""What parent and worker say to each other: length-prefixed JSON, so that the parent never unpickles a worker's bytes.

A frame is four bytes of length, big-endian, and that many bytes of JSON in ASCII. A request names files, and how to read
all of them; for each file the worker answers with frames of items, the last of them carrying "end".
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from extractors.document import Document, Domain, Role, Span, Turn
from extractors.results import Failure, FailureKind, Item, Skip

HEADER = struct.Struct(">I")
# Made once: a new encoder for each frame costs more than a small frame does.
_ENCODER = json.JSONEncoder(separators=(",", ":"), check_circular=False)
_DECODER = json.JSONDecoder()


class ProtocolError(ValueError):
    """Raised when a worker's bytes are no frame, or a frame is no answer."""


def pack(message: object) -> bytes:
    """Make a frame of anything that JSON can carry."""
    body = _ENCODER.encode(message).encode("ascii")
    return HEADER.pack(len(body)) + body


def unpack(body: bytes) -> Any:
    """Read the body of a frame. Raises ProtocolError."""
    try:
        return _DECODER.decode(str(body, "ascii"))
    except (ValueError, RecursionError) as error:
        raise ProtocolError("a worker sent what is no JSON") from error


def item_to_json(item: Item) -> list[Any]:
    """Turn an item into a list that JSON can carry; empty trailing fields are left out."""
    if isinstance(item, Skip):
        return ["s", item.reason, item.count]
    if isinstance(item, Failure):
        return ["f", item.reason, item.kind.value, item.origin]
    values: list[Any] = [
        "d",
        item.origin,
        item.domain.value,
        item.kind,
        item.title,
        item.text,
        item.author,
        item.recipients,
        _moment(item.date),
        item.language,
        item.thread,
        item.tags,
        item.properties,
        [(span.start, span.end, span.role.value) for span in item.spans],
        [(turn.speaker, turn.start, turn.end, _moment(turn.at)) for turn in item.turns],
        item.parent,
    ]
    while not values[-1]:
        values.pop()
    return values


def item_from_json(values: object) -> Item:
    """Read an item back. Raises ProtocolError when it is none; nothing of a worker's answer is taken on trust."""
    try:
        return _item(values)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise ProtocolError("a worker sent what is no document") from error


def _item(values: Any) -> Item:
    if values[0] == "s":
        return Skip(_text(values[1]), int(values[2]))
    if values[0] == "f":
        return Failure(_text(values[1]), FailureKind(values[2]), _text(values[3]))
    if values[0] != "d":
        raise ProtocolError("a worker sent an item of unknown sort")
    values = [*values, *_BLANK[len(values) :]]
    length = len(_text(values[5]))
    spans = tuple(Span(start, end, _ROLES[role]) for start, end, role in values[13])
    turns = tuple(
        Turn(_text(who), start, end, _read_moment(at)) for who, start, end, at in values[14]
    )
    marked = [(span.start, span.end) for span in spans] + [(turn.start, turn.end) for turn in turns]
    for start, end in marked:
        if not 0 <= start <= end <= length:
            raise ProtocolError("a worker sent a span outside its text")
    return Document(
        origin=_text(values[1]),
        domain=_DOMAINS[values[2]],
        kind=_text(values[3]),
        title=_text(values[4]),
        text=values[5],
        author=_text(values[6]),
        recipients=tuple(map(_text, values[7])),
        date=_read_moment(values[8]),
        language=_text(values[9]),
        thread=_text(values[10]),
        tags=tuple(map(_text, values[11])),
        properties=tuple((_text(name), _text(value)) for name, value in values[12]),
        spans=spans,
        turns=turns,
        parent=_text(values[15]),
    )


def hash_from_json(value: object) -> bytes:
    """Read a SHA-256 in hexadecimal digits; b"" where there is none, or something else."""
    if isinstance(value, str) and _HASH.fullmatch(value):
        return bytes.fromhex(value)
    return b""


_HASH = re.compile("[0-9a-f]{64}")
_DOMAINS: Mapping[str, Domain] = {domain.value: domain for domain in Domain}
_ROLES: Mapping[str, Role] = {role.value: role for role in Role}
_BLANK: list[Any] = ["d", "", "", "", "", "", "", (), None, "", "", (), (), (), (), ""]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ProtocolError("a worker sent something else where a text belongs")
    return value


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def _read_moment(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value is not None else None
