"""Adapter tensors as a safetensors file, written in memory and read as untrusted input.

The format (https://github.com/huggingface/safetensors, "Format"): eight bytes with the header's length, a JSON header
name → {dtype, shape, data_offsets}, then the data without holes. Everything is checked before MLX sees a byte: the
header's size, doubled keys, the exact set of names and shapes, offsets without gap or overlap, the file's length; and
afterwards that every number is finite and of a size that an adapter can have.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from math import prod
from typing import Any

from personald.errors import PersonaldError
from training.adapter import Tensors
from training.arrays import mx

LONGEST_HEADER = 4 << 20
"""Bytes. A 128-block model has some 2,000 adapter tensors of 120 bytes of header each."""

WIDTHS = {"F32": 4, "F16": 2, "BF16": 2}

LARGEST = 1e3
"""No trained adapter comes near this; larger numbers are there to break something."""


class TensorsRefused(PersonaldError):
    """A file is not exactly the adapter that was expected."""

    title = "The adapter is refused"


def to_bytes(tensors: Mapping[str, Any]) -> bytes:
    """A safetensors file of these tensors (names sorted, so that equal tensors give equal bytes)."""
    file = io.BytesIO()
    mx.save_safetensors(file, {name: tensors[name] for name in sorted(tensors)})
    return file.getvalue()


def from_bytes(data: bytes, expected: Mapping[str, tuple[int, ...]]) -> Tensors:
    """The tensors of a safetensors file that holds exactly the expected names and shapes.

    Raises:
        TensorsRefused: anything differs from what was expected, or a number is not finite or far too large.
    """
    check_header(data, expected)
    loaded: Any = mx.load(io.BytesIO(data), format="safetensors")
    tensors: Tensors = loaded
    for name, value in tensors.items():
        largest: Any = mx.abs(value.astype(mx.float32)).max()
        if not (mx.isfinite(largest).item() and largest.item() <= LARGEST):
            raise TensorsRefused(f"tensor {name} holds numbers that no adapter has")
    return tensors


def check_header(data: bytes, expected: Mapping[str, tuple[int, ...]]) -> None:
    """Check form and content of the header against what is expected.

    Raises:
        TensorsRefused: it says something else.
    """
    if len(data) < 8:
        raise TensorsRefused("the file is shorter than its own header")
    (length,) = struct.unpack("<Q", data[:8])
    if length > LONGEST_HEADER or 8 + length > len(data):
        raise TensorsRefused("its header is longer than the file or than any header may be")
    entries = _parsed(data[8 : 8 + length])
    entries.pop("__metadata__", None)
    if entries.keys() != expected.keys():
        odd = sorted(entries.keys() ^ expected.keys())[0]
        raise TensorsRefused(
            f"its tensors are not those of this base and rank (first difference: {odd[:80]})"
        )
    spans = sorted(_span(name, entry, expected[name]) for name, entry in entries.items())
    end = 0
    for start, stop in spans:
        if start != end:
            raise TensorsRefused("its tensors overlap or leave holes")
        end = stop
    if 8 + length + end != len(data):
        raise TensorsRefused("its length is not what its header says")


def _parsed(header: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) != len(pairs):
            raise ValueError("a key stands twice")
        return dict(pairs)

    try:
        parsed = json.loads(header.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise TensorsRefused(f"its header cannot be read ({error})") from error
    if not isinstance(parsed, dict):
        raise TensorsRefused("its header is not a table")
    return parsed


def _span(name: str, entry: Any, shape: tuple[int, ...]) -> tuple[int, int]:
    """Start and end of a tensor's data, after checking that they fit its type and shape."""
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise TensorsRefused(f"tensor {name} is described in another way than the format says")
    offsets = entry["data_offsets"]
    if entry["dtype"] not in WIDTHS or entry["shape"] != list(shape):
        raise TensorsRefused(
            f"tensor {name} has another type or shape than this base and rank ask for"
        )
    if not (
        isinstance(offsets, list)
        and len(offsets) == 2
        and all(type(o) is int and o >= 0 for o in offsets)
    ):
        raise TensorsRefused(f"tensor {name} has impossible offsets")
    if offsets[1] - offsets[0] != prod(shape) * WIDTHS[entry["dtype"]]:
        raise TensorsRefused(f"tensor {name} has another size than its shape")
    return offsets[0], offsets[1]
