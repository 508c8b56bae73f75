"""Adapter files as untrusted input: exactly what is expected, or refused."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.arrays import mx
from training.tensorfile import TensorsRefused, from_bytes, to_bytes

EXPECTED = {"a.lora_a": (3, 2), "a.lora_b": (2, 4)}


def good() -> bytes:
    return to_bytes({"a.lora_a": mx.ones((3, 2)), "a.lora_b": mx.zeros((2, 4))})


def rebuilt(change: dict[str, object], data: bytes = b"\0" * 56) -> bytes:
    header: dict[str, object] = {
        "a.lora_a": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, 24]},
        "a.lora_b": {"dtype": "F32", "shape": [2, 4], "data_offsets": [24, 56]},
        **change,
    }
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def test_what_was_written_is_read() -> None:
    tensors = from_bytes(good(), EXPECTED)
    assert set(tensors) == set(EXPECTED)
    assert mx.array_equal(tensors["a.lora_a"], mx.ones((3, 2))).item()
    assert from_bytes(rebuilt({}), EXPECTED)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff" * 8,
        rebuilt({"a.more": {"dtype": "F32", "shape": [1], "data_offsets": [56, 60]}}, b"\0" * 60),
        rebuilt({"a.lora_a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}}),
        rebuilt({"a.lora_a": {"dtype": "F64", "shape": [3, 2], "data_offsets": [0, 24]}}),
        rebuilt({"a.lora_a": {"dtype": "F32", "shape": [3, 2], "data_offsets": [8, 32]}}),
        rebuilt({"a.lora_b": {"dtype": "F32", "shape": [2, 4], "data_offsets": [0, 32]}}),
        rebuilt({"a.lora_a": {"dtype": "F32", "shape": [3, 2], "data_offsets": [-24, 0]}}),
        rebuilt({"a.lora_a": {"dtype": "F32", "shape": [3, 2], "data_offsets": [0, True]}}),
        rebuilt({}, b"\0" * 57),
        rebuilt({}, b"\0" * 40),
        good().replace(b"a.lora_a", b"a.lora_x"),
        good().replace(b'"a.lora_b"', b'"a.lora_a"'),
    ],
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(TensorsRefused):
        from_bytes(data, EXPECTED)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e9])
def test_numbers_that_no_adapter_has_are_refused(value: float) -> None:
    data = to_bytes({"a.lora_a": mx.full((3, 2), value), "a.lora_b": mx.zeros((2, 4))})
    with pytest.raises(TensorsRefused):
        from_bytes(data, EXPECTED)


@given(st.binary(max_size=200))
def test_noise_is_refused(data: bytes) -> None:
    with pytest.raises(TensorsRefused):
        from_bytes(data, EXPECTED)
