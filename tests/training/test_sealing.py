"""What is left on the disk opens with the right key for the right purpose, and is whole or not there."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.batches import plan
from training.cache import GenerationCache
from training.sealing import SealBroken, derive, open_sealed, seal, write_whole

KEY = b"k" * 32


@given(st.binary(max_size=300), st.text(max_size=20))
def test_what_is_sealed_opens_again(plain: bytes, purpose: str) -> None:
    sealed = seal(KEY, purpose, plain)
    assert open_sealed(KEY, purpose, sealed) == plain
    assert len(plain) < 8 or plain not in sealed


@given(st.binary(min_size=1, max_size=60), st.data())
def test_any_change_is_noticed(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(seal(KEY, "x", plain))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SealBroken):
        open_sealed(KEY, "x", bytes(sealed))


def test_another_key_or_purpose_does_not_open() -> None:
    sealed = seal(KEY, "x", b"plain")
    for key, purpose in ((derive(KEY, "other"), "x"), (KEY, "y")):
        with pytest.raises(SealBroken):
            open_sealed(key, purpose, sealed)
    with pytest.raises(SealBroken):
        open_sealed(KEY, "x", sealed[:10])


def test_a_file_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(OSError, match="taken"):
        write_whole(tmp_path / "taken" / "file", b"new")
    assert path.read_bytes() == b"old"
    assert path.stat().st_mode & 0o077 == 0


def test_what_was_made_once_is_not_made_again(tmp_path: Path) -> None:
    cache = GenerationCache(tmp_path, KEY)
    assert cache.get_or_make("d1", ["a"], lambda: ["made"]) == ["made"]
    assert cache.get_or_make("d1", ["a"], lambda: ["again"]) == ["made"]
    assert cache.get_or_make("d1", ["b"], lambda: ["other"]) == ["other"]
    assert (cache.hits, cache.misses) == (1, 2)
    cache.forget("d1")
    assert cache.get_or_make("d1", ["a"], lambda: ["anew"]) == ["anew"]


def test_the_cache_shows_nothing(tmp_path: Path) -> None:
    GenerationCache(tmp_path, KEY).get_or_make("document", ["inputs"], lambda: "secret words")
    for path in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = path.read_bytes() + str(path.relative_to(tmp_path)).encode()
        assert not [word for word in (b"secret", b"document", b"inputs") if word in content]


@given(
    st.lists(st.integers(2, 60), min_size=1, max_size=200),
    st.integers(1, 16),
    st.integers(60, 600),
    st.integers(0, 5),
)
def test_every_row_is_in_exactly_one_batch(
    lengths: list[int], rows: int, tokens: int, epoch: int
) -> None:
    batches = plan(lengths, rows, tokens, 1, epoch)
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) <= rows
        assert len(batch) == 1 or len(batch) * max(lengths[index] for index in batch) <= tokens
    assert plan(lengths, rows, tokens, 1, epoch) == batches


def test_padding_stays_under_five_percent() -> None:
    lengths = [12 + (number * 7919) % 30 for number in range(800)]
    batches = plan(lengths, 16, 2048, 1, 0)
    fed = sum(len(batch) * max(lengths[index] for index in batch) for batch in batches)
    assert 1 - sum(lengths) / fed < 0.05
