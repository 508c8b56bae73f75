"""How bytes are put together: unambiguous concatenation, size-hiding padding, canonical JSON."""

from __future__ import annotations

import json
import struct
from typing import Any

from sync.errors import Rejected

MAX_JSON_BYTES = 1 << 20


def length_prefixed(*items: bytes) -> bytes:
    """Concatenate items, each behind its length as an unsigned 64-bit big-endian number.

    Two different sequences never give the same bytes, so a signature or a key derived from one cannot be taken for that
    of another (the PASETO specification calls this pre-authentication encoding).
    """
    return b"".join(struct.pack(">Q", len(item)) + item for item in items)


def padded_size(size: int) -> int:
    """The Padmé size for `size` bytes: leaks O(log log size) bits and adds at most 12 %.

    Source: Nikitin et al., "Reducing Metadata Leakage from Encrypted Files and Communication with PURBs", PoPETs
    2019(4), algorithm 1.

    Args:
        size: bytes, at least 0.
    """
    if size < 2:
        return size
    exponent = size.bit_length() - 1
    mantissa = exponent.bit_length()
    mask = (1 << (exponent - mantissa)) - 1 if exponent > mantissa else 0
    return (size + mask) & ~mask


def pad(data: bytes) -> bytes:
    """Put `data` behind its length (unsigned 64-bit, big-endian) and fill with zeros to the Padmé size."""
    body = struct.pack(">Q", len(data)) + data
    return body + bytes(padded_size(len(body)) - len(body))


def unpad(padded: bytes) -> bytes:
    """Undo `pad`, accepting only what `pad` can have made.

    Raises:
        Rejected: the length is impossible, or the filling is not zeros of the right number.
    """
    if len(padded) < 8:
        raise Rejected("The padding is shorter than its length field.")
    (size,) = struct.unpack_from(">Q", padded)
    if size + 8 > len(padded) or padded_size(size + 8) != len(padded):
        raise Rejected("The padded length does not fit the data.")
    if any(padded[8 + size :]):
        raise Rejected("The padding is not empty.")
    return padded[8 : 8 + size]


def canonical_json(value: Any) -> bytes:
    """The one encoding of a value: sorted keys, no spaces, ASCII escapes, integers and strings only.

    Raises:
        TypeError: the value holds something else than dicts with text keys, lists, integers and texts.
    """
    _refuse_other_types(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def parse_canonical_json(data: bytes) -> Any:
    """Read what `canonical_json` wrote, and nothing else.

    Raises:
        Rejected: too long, not JSON, a repeated key, or any other encoding of the same value.
    """
    if len(data) > MAX_JSON_BYTES:
        raise Rejected("The statement is larger than a statement may be.")
    try:
        value = json.loads(data)
        again = canonical_json(value)
    except (ValueError, TypeError, RecursionError) as error:
        raise Rejected("The statement is not canonical JSON.") from error
    if again != data:
        raise Rejected("The statement is not in its one canonical form.")
    return value


def _refuse_other_types(value: Any) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise TypeError("keys must be texts")
            _refuse_other_types(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_other_types(item)
    elif isinstance(value, bool) or not isinstance(value, (int, str)):
        raise TypeError(f"{type(value).__name__} has no canonical form")
