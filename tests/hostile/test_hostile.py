"""Files that want to hurt their reader: each ends as documents or as a named failure, within limits, and the next is read."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from extractors.folders import Entry, Passed, walk
from extractors.results import FailureKind
from extractors.sandbox import Limits, Pool
from tests.hostile.make import MAKERS

MEBI = 1024 * 1024
LIMITS = Limits(memory_bytes=512 * MEBI, seconds=25, cpu_seconds=3, written_bytes=1024 * MEBI)
# What a sampler may find above the limit: the interpreter itself, and what was taken between two looks.
SLACK = 160 * MEBI


@pytest.fixture(scope="module")
def pool(cache: Path) -> Iterator[Pool]:
    with Pool(LIMITS, workers=1, cache=cache) as tight:
        yield tight


class Peak(threading.Thread):
    """Samples the memory of this process's children."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.bytes = 0
        self.stop = threading.Event()

    def run(self) -> None:
        me = psutil.Process()
        while not self.stop.wait(0.05):
            for child in me.children(recursive=True):
                try:
                    self.bytes = max(self.bytes, child.memory_info().rss)
                except psutil.Error:
                    continue

    def __enter__(self) -> Peak:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.join()


@pytest.mark.long
@pytest.mark.parametrize("name", MAKERS)
def test_each_hostile_file_is_survived_within_limits(name: str, pool: Pool, tmp_path: Path) -> None:
    path = MAKERS[name](tmp_path)
    began = time.monotonic()
    with Peak() as peak:
        extraction = pool.extract(path)
    path.unlink()
    # Twice: a file that kills its reader is tried once more.
    assert time.monotonic() - began < 2 * LIMITS.seconds + 15
    assert peak.bytes < LIMITS.memory_bytes + SLACK
    text = "".join(document.text for document in extraction.documents)
    assert "root:" not in text
    if extraction.failure is not None:
        assert extraction.failure.kind is not FailureKind.UNREADABLE
        assert 0 < len(extraction.failure.reason) < 120
    after = tmp_path / "after.md"
    after.write_text("# Still here")
    assert pool.extract(after).documents[0].title == "Still here"


def test_a_file_that_changes_while_it_is_read_is_to_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "growing.mbox"
    message = b"From a@b Mon May  4 10:20:00 2026\nSubject: x\n\n" + b"words " * 2000 + b"\n\n"
    path.write_bytes(message * 200)
    with Pool(LIMITS) as pool:
        stream = pool.stream(path)
        next(stream)
        with path.open("ab") as mailbox:
            mailbox.write(message * 200)
        last = list(stream)[-1]
    assert getattr(last, "kind", None) is FailureKind.CHANGED


@pytest.mark.long
@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("line.txt", b"word "),
        ("line.jsonl", b'{"role": "user", "content": "'),
        ("line.mbox", b"From a@b Mon May  4 10:20:00 2026\nSubject: x\n\n"),
    ],
)
def test_a_line_of_a_gigabyte_is_survived(
    name: str, head: bytes, pool: Pool, tmp_path: Path
) -> None:
    path = tmp_path / name
    with path.open("wb") as stream:
        stream.write(head)
        stream.truncate(1024 * MEBI)
    with Peak() as peak:
        extraction = pool.extract(path)
    assert peak.bytes < LIMITS.memory_bytes + SLACK
    assert extraction.failure is None or "\n" not in extraction.failure.reason
    path.unlink()


def test_a_link_out_of_the_source_is_passed_over(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "diary.md").write_text("# Not yours")
    source = tmp_path / "source"
    source.mkdir()
    (source / "file.md").symlink_to(secret / "diary.md")
    (source / "folder").symlink_to(secret)
    (source / "itself").symlink_to(source)
    assert {
        (entry.path.name, entry.reason) for entry in walk(source) if isinstance(entry, Passed)
    } == {
        ("file.md", "symbolic link"),
        ("folder", "symbolic link"),
        ("itself", "symbolic link"),
    }
    with Pool(LIMITS) as fresh:
        failure = fresh.extract(source / "file.md").failure
    assert failure is not None
    assert failure.reason == "it is a symbolic link"


def test_devices_and_pipes_do_not_hang_the_reader(pool: Pool, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    for path in (tmp_path / "pipe.md", Path("/dev/zero"), Path("/dev/tty"), Path("/")):
        failure = pool.extract(path).failure
        assert failure is not None
        assert failure.kind is FailureKind.UNREADABLE


@pytest.mark.parametrize(
    "name",
    ["two\nlines.md", "‮txt.exe.md", "..md", "a" * 240 + ".md", "-rf.md", "%s%n.md", "con.md"],
)
def test_names_that_mean_harm_are_only_names(name: str, pool: Pool, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("# Words")
    document = pool.extract(path).documents[0]
    assert document.text == "# Words"
    assert document.origin == str(path)


def test_a_name_with_a_nul_is_refused(pool: Pool) -> None:
    failure = pool.extract(Path("a\0b.md")).failure
    assert failure is not None


@pytest.mark.long
def test_a_folder_of_many_files_is_walked_as_a_stream(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    descriptor = os.open(folder, os.O_RDONLY)
    first = folder / "0.md"
    first.write_text("x")
    for number in range(1, 50_000):
        os.link("0.md", f"{number}.md", src_dir_fd=descriptor, dst_dir_fd=descriptor)
    os.close(descriptor)
    before = psutil.Process().memory_info().rss
    assert sum(isinstance(entry, Entry) for entry in walk(folder)) == 50_000
    assert psutil.Process().memory_info().rss - before < 64 * MEBI


def test_folders_without_end_end(tmp_path: Path) -> None:
    deep = tmp_path
    for _ in range(80):
        deep = deep / "d"
    deep.mkdir(parents=True)
    (deep / "bottom.md").write_text("x")
    assert [entry.reason for entry in walk(tmp_path) if isinstance(entry, Passed)] == [
        "nested too deep"
    ]
