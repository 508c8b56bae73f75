"""Protocol Buffers read without a schema: just the wire format (protobuf.dev, "Encoding").

Written by hand: the two messages of Apple Notes need a page of code, and a schema compiler would be a dependency for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class Malformed(ValueError):
    """Raised when bytes are no message."""


@dataclass(slots=True)
class Message:
    """A message: field number → its values in order, numbers as int, everything else as bytes."""

    fields: dict[int, list[int | bytes]] = field(default_factory=dict)

    def number(self, tag: int, default: int = 0) -> int:
        """Return the last number in a field."""
        values = [value for value in self.fields.get(tag, ()) if isinstance(value, int)]
        return values[-1] if values else default

    def blob(self, tag: int) -> bytes:
        """Return the last bytes in a field, b"" when there are none."""
        values = self.blobs(tag)
        return values[-1] if values else b""

    def text(self, tag: int) -> str:
        """Return the last bytes in a field as text."""
        return self.blob(tag).decode("utf-8", "replace")

    def message(self, *tags: int) -> Message:
        """Follow fields into messages; what is absent is an empty message. Raises Malformed."""
        found = self
        for tag in tags:
            found = read(found.blob(tag))
        return found

    def messages(self, tag: int) -> list[Message]:
        """Return all messages in a field. Raises Malformed."""
        return [read(value) for value in self.blobs(tag)]

    def blobs(self, tag: int) -> list[bytes]:
        """Return all bytes in a field."""
        return [value for value in self.fields.get(tag, ()) if isinstance(value, bytes)]


def read(data: bytes) -> Message:
    """Read one level of a message. Raises Malformed."""
    message = Message()
    position = 0
    while position < len(data):
        key, position = _varint(data, position)
        tag, wire = key >> 3, key & 7
        value: int | bytes
        if wire == _VARINT:
            value, position = _varint(data, position)
        elif wire == _BYTES:
            length, position = _varint(data, position)
            value, position = _take(data, position, length)
        elif wire in (_FIXED64, _FIXED32):
            raw, position = _take(data, position, 8 if wire == _FIXED64 else 4)
            value = int.from_bytes(raw, "little")
        else:
            raise Malformed(f"wire type {wire}")
        message.fields.setdefault(tag, []).append(value)
    return message


def _varint(data: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise Malformed("number cut off or too long")
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _take(data: bytes, position: int, length: int) -> tuple[bytes, int]:
    end = position + length
    if end > len(data):
        raise Malformed("bytes cut off")
    return data[position:end], end
