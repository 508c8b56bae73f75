"""Writes compound files (MS-CFB) for tests: no library at hand does."""

from __future__ import annotations

import struct

SECTOR = 512
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
# Shorter streams would go into the mini stream, which this does not write.
_SHORTEST = 4096


def compound(streams: dict[str, bytes]) -> bytes:
    """Make a compound file with these streams in its root; short ones are filled up with zeros.

    Args:
        streams: name → bytes, together at most 60 kB (one sector of the allocation table).
    """
    chains: list[bytes] = []
    table: list[int] = [_FAT]
    entries = [_entry("Root Entry", 5, _END, 0, child=1)]
    for number, (name, data) in enumerate(streams.items(), start=1):
        padded = data.ljust(_SHORTEST, b"\0")
        start, count = len(table), -(-len(padded) // SECTOR)
        table += [*range(start + 1, start + count), _END]
        chains.append(padded.ljust(count * SECTOR, b"\0"))
        following = number + 1 if number < len(streams) else _FREE
        entries.append(_entry(name, 2, start, len(padded), right=following))
    directory = b"".join(entries)
    directory += b"\0" * (-len(directory) % SECTOR)
    first = len(table)
    count = len(directory) // SECTOR
    table += [*range(first + 1, first + count), _END]
    assert len(table) <= SECTOR // 4
    table += [_FREE] * (SECTOR // 4 - len(table))
    header = struct.pack(
        "<8s16sHHHHH6sIIIIIIIII",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"",
        0, 1, first, 0, _SHORTEST, _END, 0, _END, 0,
    )  # fmt: skip
    header += struct.pack("<109I", 0, *[_FREE] * 108)
    return header + struct.pack("<128I", *table) + b"".join(chains) + directory


def _entry(
    name: str, kind: int, start: int, size: int, right: int = _FREE, child: int = _FREE
) -> bytes:
    wide = name.encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16sIQQIQ",
        wide,
        len(wide),
        kind,
        1,
        _FREE,
        right,
        child,
        b"",
        0,
        0,
        0,
        start,
        size,
    )


def native(name: str, data: bytes) -> bytes:
    """Make the content of an `Ole10Native` stream: a file as OLE's packager keeps it."""
    label, path = name.encode() + b"\0", b"C:\\" + name.encode() + b"\0"
    inside = b"\2\0" + label + path + struct.pack("<HHI", 0, 3, len(path)) + path
    inside += struct.pack("<I", len(data)) + data
    return struct.pack("<I", len(inside)) + inside
