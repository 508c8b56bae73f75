"""Every format, on real files that were cut off, mixed up and flipped: a named failure or documents, never anything else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from extractors import registry
from extractors.formats import contacts, html, mime, protobuf, rtf
from extractors.formats.markdown import split_front_matter
from extractors.normalise import clean
from extractors.quotes import set_apart
from extractors.results import CannotRead, FailureKind
from extractors.sandbox import Limits, Pool
from tests.extractors.conftest import SAMPLES
from tests.hostile.originals import ORIGINALS

FILES: dict[str, bytes] = ORIGINALS | {
    path.name: path.read_bytes()
    for path in sorted(SAMPLES.iterdir())
    if path.is_file()
    and path.suffix not in (".md",)
    and path.name != "index.json"
    and path.stat().st_size < 90_000
}


@pytest.fixture(scope="module")
def pool(cache: Path) -> Iterator[Pool]:
    limits = Limits(seconds=60, cpu_seconds=20)
    with Pool(
        limits, choices={"read_pictures": False, "include_history": True}, cache=cache
    ) as shared:
        yield shared


@st.composite
def damaged(draw: st.DrawFn, original: bytes) -> bytes:
    """Cut, flip, repeat or swap stretches of bytes."""
    data = bytearray(original)
    for _ in range(draw(st.integers(1, 6))):
        if not data:
            break
        place = draw(st.integers(0, len(data) - 1))
        length = draw(st.integers(1, 64))
        match draw(st.integers(0, 4)):
            case 0:
                del data[place:]
            case 1:
                data[place : place + length] = draw(st.binary(max_size=64))
            case 2:
                data[place:place] = data[place : place + length] * draw(st.integers(1, 50))
            case 3:
                del data[place : place + length]
            case 4:
                data[place] ^= 1 << draw(st.integers(0, 7))
    return bytes(data)


@pytest.mark.long
@pytest.mark.parametrize("name", FILES)
def test_damaged_files_of_every_format_end_well(name: str, pool: Pool, tmp_path: Path) -> None:
    original = FILES[name]

    @settings(
        max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    @given(damaged(original))
    def check(data: bytes) -> None:
        path = tmp_path / name
        path.write_bytes(data)
        extraction = pool.extract(path)
        for document in extraction.documents:
            assert document.title.strip()
            document.text.encode()
        if extraction.failure is not None:
            assert extraction.failure.kind not in (
                FailureKind.CRASH,
                FailureKind.TIMEOUT,
                FailureKind.MEMORY,
            )

    check()


BYTES_READERS: list[Callable[[bytes], Any]] = [
    lambda data: [mime.text(part.message) for part in mime.leaves(mime.parse(data), 100)],
    lambda data: list(contacts.cards(data.decode("latin-1"))),
    lambda data: rtf.to_text("{\\rtf1" + data.decode("latin-1")),
    lambda data: html.to_text(html.decode(data)),
    lambda data: split_front_matter("---\n" + clean(data.decode("latin-1"))),
    lambda data: set_apart(clean(data.decode("latin-1"))),
    lambda data: registry.recognise(Path("file"), data),
    lambda data: protobuf.read(data),
]


@pytest.mark.parametrize("number", range(len(BYTES_READERS)))
def test_readers_of_bytes_raise_nothing_but_refusals(number: int) -> None:
    @settings(max_examples=150, deadline=None, database=None)
    @given(
        st.one_of(
            st.binary(max_size=400),
            st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
        )
    )
    def check(data: bytes) -> None:
        try:
            BYTES_READERS[number](data)
        except (CannotRead, protobuf.Malformed):
            return

    check()


# Formats that are known in order to be refused: nothing of them is parsed.
UNFUZZED = {"pst", "onenote"}


def test_every_format_but_the_named_ones_is_fuzzed() -> None:
    recognised = {
        form.name
        for name, data in FILES.items()
        if (form := registry.recognise(Path(name), data[: registry.HEAD_BYTES]))
    }
    assert {form.name for form in registry.FORMATS} - recognised <= UNFUZZED


def test_the_originals_are_whole(pool: Pool, tmp_path: Path) -> None:
    for name, data in ORIGINALS.items():
        path = tmp_path / name
        path.write_bytes(data)
        extraction = pool.extract(path)
        assert extraction.failure is None, (name, extraction.failure)
        assert extraction.documents, name
