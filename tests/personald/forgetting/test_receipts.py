"""A receipt is what this device said, to the letter, and says nothing of what was forgotten."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personald.errors import UsageError
from personald.forgetting.questions import Question, QuestionFiles, Questions
from personald.forgetting.receipts import Examination, Receipt, ReceiptBook, ReceiptRefused, read
from personald.keys.stores import MemoryKeyStore
from sync.identity import Identity
from training.truth_ratio import Quiz

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DEVICE = Identity.from_seed(b"i" * 32)


@pytest.fixture
def book(tmp_path: Path) -> ReceiptBook:
    return ReceiptBook(tmp_path / "receipts", DEVICE, b"k" * 32)


def examined(how: str) -> Examination:
    return Examination("mail", "mail/4", how, NOW.isoformat(), 24, 0, 0, 0.9, 0.91)


def test_a_receipt_comes_back_as_it_was_and_names_its_device(book: ReceiptBook) -> None:
    receipt = replace(book.start(["d" * 32], NOW), open=("mail",), silent={"notes": "why"})
    receipt = receipt.examined(examined("suppressed"))
    path = book.write(receipt)
    assert read(path.read_bytes()) == (receipt, DEVICE.public)
    assert "d" * 32 not in path.read_text()
    assert book.get(receipt.id[:4]) == receipt


def test_only_the_examination_of_a_rebuilt_memory_closes_a_domain(book: ReceiptBook) -> None:
    receipt = replace(book.start(["d"], NOW), open=("mail", "notes"))
    assert receipt.examined(examined("suppressed")).open == ("mail", "notes")
    assert receipt.examined(examined("rebuilt")).open == ("notes",)


@given(st.integers(0), st.integers(0, 255))
def test_whatever_is_altered_is_noticed(place: int, byte: int) -> None:
    book = ReceiptBook(Path("/nowhere"), DEVICE, b"k" * 32)
    receipt = book.start(["d"], NOW)
    whole = bytearray(_written(receipt))
    place %= len(whole)
    changed = whole[place] != byte
    whole[place] = byte
    try:
        found, _ = read(bytes(whole))
    except ReceiptRefused:
        assert changed
    else:
        assert found == receipt


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ).map(lambda value: json.dumps(value).encode())
)
def test_what_is_no_receipt_is_refused(data: bytes) -> None:
    with pytest.raises(ReceiptRefused):
        read(data)


def test_one_damaged_receipt_hides_no_other(book: ReceiptBook) -> None:
    good, bad = book.start(["d"], NOW), book.start(["e"], NOW)
    book.write(good)
    path = book.write(bad)
    path.write_text(path.read_text().replace("left_in_store", "left_in_shop"))
    assert book.all() == [good]
    assert [refused for refused, _ in book.refused()] == [path]


def test_a_receipt_that_is_not_there(book: ReceiptBook) -> None:
    for name in ("", "ffff"):
        with pytest.raises(UsageError, match="receipts"):
            book.get(name)


def test_questions_are_sealed_and_shredded_with_their_key(tmp_path: Path) -> None:
    keys = MemoryKeyStore()
    files = QuestionFiles(tmp_path, keys)
    asked = Questions(
        "mail",
        (Question("Who is Nora?", ("the dentist",)),),
        (Quiz("Who is Nora?", "the dentist", ("the baker",)),),
        (0.5,),
    )
    files.write("r1", [asked])
    (path,) = tmp_path.iterdir()
    copy = path.read_bytes()
    assert b"Nora" not in copy
    assert files.read("r1") == [asked]
    files.destroy("r1")
    assert (files.read("r1"), path.exists()) == ([], False)
    path.write_bytes(copy)
    assert files.read("r1") == []


def _written(receipt: Receipt) -> bytes:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return ReceiptBook(Path(folder), DEVICE, b"k" * 32).write(receipt).read_bytes()
