"""The pool: what a file does to its reader stays with that file."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from extractors.document import Document, Domain
from extractors.results import Failure, FailureKind
from extractors.sandbox import Limits, Pool

PLUGIN = """
import os, signal, socket, sys, time
from pathlib import Path
from extractors.document import Document, Domain
from extractors.registry import Format

def _sniff(name, head):
    return head.startswith(b"MOCK ")

def extract(path, origin, options):
    wish = path.read_text().split()[1]
    yield Document(origin, Domain.NOTES, "mock", "begun", "begun")
    if options.reduced and wish.endswith("-once"):
        yield Document(origin + "#less", Domain.NOTES, "mock", "less", "read with less")
        return
    wish = wish.removesuffix("-once")
    if wish == "hang":
        time.sleep(1000)
    if wish == "spin":
        while True: pass
    if wish == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if wish == "memory":
        kept = [bytearray(50_000_000) for _ in range(1000)]
    if wish == "native-memory":
        import mmap
        kept = [mmap.mmap(-1, 50_000_000) for _ in range(1000)]
    if wish == "babble":
        for number in range(3, 20):
            try: os.write(number, b"\\0\\0\\0\\5hello")
            except OSError: pass
    if wish == "connect":
        socket.create_connection(("127.0.0.1", int(path.read_text().split()[2])))
    if wish == "write":
        Path(path.read_text().split()[2]).write_text("hello")
    if wish == "start":
        os.system("true")
    if wish == "flood":
        for number in range(10**9):
            yield Document(f"{origin}#{number}", Domain.NOTES, "mock", "flood", "flood " * 100_000)
    if wish == "forever":
        for number in range(10**9):
            yield Document(f"{origin}#{number}", Domain.NOTES, "mock", "more", "more")

MOCK = Format("mock", Domain.NOTES, 1, "mock_format", (), _sniff)
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install a third party's format, by an entry point, into a folder that workers look into."""
    folder = tmp_path_factory.mktemp("plugin")
    (folder / "mock_format.py").write_text(PLUGIN)
    (folder / "broken_format.py").write_text("raise RuntimeError('never meant to work')")
    info = folder / "mock_format-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mock-format\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[personald.extractors]\nmock = mock_format:MOCK\nbroken = broken_format:NONE\n"
    )
    return folder


@pytest.fixture(scope="module")
def tight(plugin: Path, cache: Path) -> Iterator[Pool]:
    limits = Limits(memory_bytes=300 * 1024 * 1024, seconds=5, cpu_seconds=2)
    with Pool(limits, workers=2, extra_path=(plugin,), cache=cache) as pool:
        yield pool


def mock(folder: Path, wish: str, name: str = "wish.mock") -> Path:
    path = folder / name
    path.write_text(f"MOCK {wish}")
    return path


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        ("hang", FailureKind.TIMEOUT),
        ("spin", FailureKind.TIMEOUT),
        ("die", FailureKind.CRASH),
        ("memory", FailureKind.MEMORY),
        ("babble", FailureKind.CRASH),
        ("flood", FailureKind.TOO_LARGE),
    ],
)
def test_what_kills_a_reader_costs_one_file_and_is_named(
    wish: str, kind: FailureKind, tight: Pool, tmp_path: Path
) -> None:
    extraction = tight.extract(mock(tmp_path, wish))
    assert extraction.failure is not None
    assert extraction.failure.kind is kind
    assert "\n" not in extraction.failure.reason
    after = tmp_path / "after.md"
    after.write_text("# Still here")
    assert tight.extract(after).documents[0].title == "Still here"


@pytest.mark.parametrize("wish", ["hang-once", "die-once", "memory-once"])
def test_a_file_that_killed_its_reader_is_read_once_more_with_less(
    wish: str, tight: Pool, tmp_path: Path
) -> None:
    extraction = tight.extract(mock(tmp_path, wish))
    assert extraction.failure is None
    assert extraction.documents[-1].text == "read with less"


def test_in_bulk_only_the_file_that_kills_its_reader_is_lost(tight: Pool, tmp_path: Path) -> None:
    paths = []
    for number in range(60):
        path = tmp_path / f"{number}.md"
        path.write_text(f"# Note {number}")
        paths.append(path)
    paths.insert(20, mock(tmp_path, "die"))
    paths.insert(41, mock(tmp_path, "hang-once", "once.mock"))
    found = dict(tight.extract_many(paths))
    assert set(found) == set(paths)
    assert [path.name for path, got in found.items() if got.failure is not None] == ["wish.mock"]
    assert found[tmp_path / "once.mock"].documents[-1].text == "read with less"


def test_in_bulk_a_reader_that_has_files_in_hand_and_dies_over_many_loses_only_those(
    tight: Pool, tmp_path: Path
) -> None:
    paths = []
    for number in range(700):
        path = tmp_path / f"{number}.md"
        path.write_text(f"# Note {number}")
        paths.append(path)
    bad = {place: mock(tmp_path, "die", f"bad{place}.mock") for place in (0, 1, 150, 400, 699)}
    for place, path in bad.items():
        paths.insert(place, path)
    found = dict(tight.extract_many(paths))
    assert set(found) == set(paths)
    assert {path for path, got in found.items() if got.failure is not None} == set(bad.values())
    titles = {got.documents[0].title for got in found.values() if got.failure is None}
    assert titles == {f"Note {number}" for number in range(700)}


def test_in_bulk_files_are_taken_as_they_are_needed(tight: Pool, tmp_path: Path) -> None:
    path = tmp_path / "note.md"
    path.write_text("# Note")
    taken = 0

    def endless() -> Iterator[Path]:
        nonlocal taken
        while True:
            taken += 1
            yield path

    results = tight.extract_many(endless())
    for _ in range(100):
        next(results)
    results.close()
    assert taken < 1000
    assert tight.extract(path).documents[0].title == "Note"


def test_in_bulk_requests_that_do_not_fit_a_pipe_are_heard(tight: Pool, tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["ü" * 120] * 10)
    folder.mkdir(parents=True)
    paths = []
    for number in range(300):
        paths.append(folder / f"{number}.md")
        paths[-1].write_text(f"# Note {number}\n\n{'Words. ' * 200}")
    assert len(dict(tight.extract_many(paths))) == 300


def test_the_hash_of_what_was_read_comes_with_it(tight: Pool, tmp_path: Path) -> None:
    for size in (0, 10, 65_536, 65_537, 3_000_000):
        path = tmp_path / f"{size}.txt"
        path.write_bytes(b"a" * size)
        assert tight.extract(path).content_hash == hashlib.sha256(path.read_bytes()).digest()


def test_a_stream_holds_a_few_documents_at_a_time_and_can_be_left(
    tight: Pool, tmp_path: Path
) -> None:
    stream = tight.stream(mock(tmp_path, "forever"))
    first = [next(stream) for _ in range(500)]
    stream.close()
    assert len({item.origin for item in first if isinstance(item, Document)}) == 500
    after = tmp_path / "after.md"
    after.write_text("# Still here")
    assert tight.extract(after).documents[0].title == "Still here"


def test_a_stream_ends_with_the_failure_of_the_file(tight: Pool, tmp_path: Path) -> None:
    items = list(tight.stream(mock(tmp_path, "die")))
    assert isinstance(items[-1], Failure)
    assert items[-1].origin == str(tmp_path / "wish.mock")


def test_a_reader_cannot_reach_the_network(tight: Pool, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        extraction = tight.extract(mock(tmp_path, f"connect {port}"))
        assert extraction.failure is not None
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_reader_cannot_write_beside_a_persons_files(tight: Pool, tmp_path: Path) -> None:
    target = tmp_path / "planted"
    assert tight.extract(mock(tmp_path, f"write {target}")).failure is not None
    assert not target.exists()


def test_a_reader_cannot_start_programs(tight: Pool, tmp_path: Path) -> None:
    assert tight.extract(mock(tmp_path, "start")).failure is not None


def test_the_persons_domain_wins(tight: Pool, tmp_path: Path) -> None:
    path = tmp_path / "letter.md"
    path.write_text("# A letter")
    assert tight.extract(path, Domain.FILES).documents[0].domain is Domain.FILES


def test_links_pipes_and_folders_are_refused_without_waiting(tight: Pool, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("secret")
    (tmp_path / "link.md").symlink_to(outside)
    os.mkfifo(tmp_path / "pipe.md")
    (tmp_path / "folder.md").mkdir()
    for name in ("link.md", "pipe.md", "folder.md", "missing.md"):
        extraction = tight.extract(tmp_path / name)
        assert extraction.documents == ()
        assert extraction.failure is not None


def test_a_file_without_permission_is_named(tight: Pool, tmp_path: Path) -> None:
    path = tmp_path / "closed.md"
    path.write_text("closed")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    failure = tight.extract(path).failure
    assert failure is not None
    assert failure.reason == "no permission to read it"
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)


def test_an_empty_file_is_skipped_and_counted(tight: Pool, tmp_path: Path) -> None:
    path = tmp_path / "empty.md"
    path.write_bytes(b"")
    extraction = tight.extract(path)
    assert extraction.failure is None
    assert extraction.skipped == (("empty", 1),)


def test_names_that_are_no_unicode_or_hold_a_line_end_are_read(tight: Pool, tmp_path: Path) -> None:
    for raw in (b"caf\xe9.md", b"two\nlines.md", "‮gnp.md".encode()):
        path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + raw))
        path.write_text("# Read")
        document = tight.extract(path).documents[0]
        assert document.title == "Read"
        document.origin.encode()


def test_the_scratch_folder_goes_with_the_pool(tmp_path: Path) -> None:
    pool = Pool(workers=1)
    path = tmp_path / "note.md"
    path.write_text("# Note")
    pool.extract(path)
    folder = pool.scratch
    assert folder.exists()
    pool.close()
    assert not folder.exists()


def test_several_threads_may_ask_at_once(tight: Pool, tmp_path: Path) -> None:
    found: list[str] = []

    def ask(number: int) -> None:
        path = tmp_path / f"{number}.md"
        path.write_text(f"# Note {number}")
        found.extend(document.title for document in tight.extract(path).documents)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(f"Note {number}" for number in range(8))


def test_readers_stay_from_one_call_to_the_next(tmp_path: Path) -> None:
    """Starting a reader costs a thousand times as much as a note: it must outlive the threads that use it."""
    paths = []
    for number in range(40):
        paths.append(tmp_path / f"{number}.md")
        paths[-1].write_text(f"# Note {number}\n\nWords.\n")
    with Pool(workers=2) as pool:
        list(pool.extract_many(paths))
        before = {child.pid for child in psutil.Process().children()}
        for _ in range(3):
            results = dict(pool.extract_many(paths))
            assert all(extraction.failure is None for extraction in results.values())
        thread = threading.Thread(target=pool.extract, args=(paths[0],))
        thread.start()
        thread.join()
        list(pool.extract_many(paths))
        assert {child.pid for child in psutil.Process().children()} >= before
        assert before


def test_a_reader_that_ended_at_rest_is_replaced_and_no_file_is_blamed(tmp_path: Path) -> None:
    path = tmp_path / "one.md"
    path.write_text("# One\n\nWords.\n")
    others = {child.pid for child in psutil.Process().children()}
    with Pool(workers=1) as pool:
        first = pool.extract(path)
        (reader,) = (c for c in psutil.Process().children() if c.pid not in others)
        reader.kill()
        psutil.wait_procs([reader], timeout=10)
        assert pool.extract(path) == first
