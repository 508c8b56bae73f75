"""Findings become documents through real extractor processes; what cannot be read is one line, and the rest goes on."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from extractors.sandbox import Limits, Pool
from personald.config import WatchSettings
from personald.ingest.reader import Interrupted, Reader, ReadersBroken
from personald.keys import DeviceKeys, MemoryKeyStore
from personald.store import Source, Store
from personald.watch.survey import Kind, Missing, Survey


@pytest.fixture(scope="module")
def pool(cache: Path) -> Iterator[Pool]:
    with Pool(Limits(), workers=2, cache=cache) as made:
        yield made


@pytest.fixture
def keys() -> DeviceKeys:
    return DeviceKeys.create(MemoryKeyStore())


@pytest.fixture
def store(tmp_path: Path, keys: DeviceKeys) -> Iterator[Store]:
    with Store.create(tmp_path / "home" / "store.db", keys) as made:
        yield made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "folder"
    made.mkdir()
    return made


@pytest.fixture
def source(store: Store, folder: Path) -> Source:
    return store.add_source(folder)


class KeepingPool:
    """The module's pool, which outlives each test's reader."""

    def __init__(self, pool: Pool) -> None:
        self.extract_many, self.extract, self.stream = pool.extract_many, pool.extract, pool.stream
        self.scratch = pool.scratch

    def close(self) -> None:
        pass


@pytest.fixture
def make_reader(store: Store, pool: Pool) -> Callable[..., Reader]:
    def make(stopping: Callable[[], bool] = lambda: False, **settings: int) -> Reader:
        # Of a pool a reader uses no more than this one has.
        return Reader(store, lambda: KeepingPool(pool), WatchSettings(**settings), stopping)  # type: ignore[arg-type, return-value]

    return make


@pytest.fixture
def reader(make_reader: Callable[..., Reader]) -> Reader:
    return make_reader()


def test_a_file_that_is_named_twice_at_once_is_read_once(
    reader: Reader, source: Source, folder: Path
) -> None:
    heap = folder / "heap"
    heap.mkdir()
    for number in range(20):
        (heap / f"{number}.md").write_text(f"# File {number}\n\nIts text.\n")
    paths = [heap, heap / "3.md", heap / "3.md", heap, heap / "7.md"]
    assert reader.read_some(source, paths, Missing()).new == 20


def test_new_changed_renamed_deleted(
    reader: Reader, source: Source, store: Store, keys: DeviceKeys, folder: Path
) -> None:
    for name in ("stays", "changes", "moves", "goes"):
        (folder / f"{name}.md").write_text(f"# {name}\n\nThe note that {name}.\n")
    counts = reader.read_all(source)
    assert (counts.seen, counts.new, counts.failed) == (4, 4, 0)
    with store.unlock(keys) as vault:
        ids = {Path(item.document.origin).stem: item.id for item in vault.documents()}
    (folder / "changes.md").write_text("# changes\n\nNow it has changed.\n")
    (folder / "moves.md").rename(folder / "moved.md")
    (folder / "goes.md").unlink()
    counts = reader.read_all(source)
    assert (counts.new, counts.changed, counts.deleted, counts.unchanged) == (0, 1, 1, 2)
    with store.unlock(keys) as vault:
        after = {Path(item.document.origin).stem: item for item in vault.documents()}
    assert set(after) == {"stays", "changes", "moved"}
    assert after["moved"].id == ids["moves"]
    assert after["moved"].version == 1
    assert after["changes"].id == ids["changes"]
    assert after["changes"].version == 2
    assert "Now it has changed" in after["changes"].document.text


def test_the_kind_of_a_source_decides_how_its_files_are_read(
    make_reader: Callable[..., Reader], store: Store, keys: DeviceKeys, folder: Path
) -> None:
    """A long file is streamed, a short one is read in a batch: both as the person said."""
    (folder / "short.md").write_text("* A heading of Org\n\nWords.\n")
    (folder / "long.log").write_text("* A long one\n\n" + "Words of it.\n" * 1_500_000)
    source = store.add_source(folder, kind="org")
    counts = make_reader().read_all(source)
    assert (counts.new, counts.failed) == (2, 0)
    with store.unlock(keys) as vault:
        assert {d.document.kind for d in vault.documents()} == {"org"}


def test_a_kind_that_is_not_installed_is_said_and_nothing_is_lost(
    make_reader: Callable[..., Reader], store: Store, folder: Path
) -> None:
    (folder / "one.md").write_text("# One\n\nWords.\n")
    source = store.add_source(folder, kind="wordstar")
    assert make_reader().read_all(source).failed == 1
    (failed,) = store.failed()
    assert "wordstar" in failed.reason


def test_every_bad_file_is_one_line_and_the_good_ones_are_read(
    reader: Reader, source: Source, store: Store, folder: Path
) -> None:
    (folder / "good.md").write_text("# Good\n\nRead me.\n")
    (folder / "binary.md").write_bytes(bytes(range(256)) * 20)
    (folder / "empty.txt").write_bytes(b"")
    (folder / "film.mkv").write_bytes(b"\x1a\x45\xdf\xa3" + bytes(1000))
    (folder / "cut.mbox").write_text(
        "From ada@example.org Mon Mar  2 10:00:00 2026\nFrom: ada@example.org\nSubject: One\n\nFirst.\n\n"
        "From ada@example.org Mon Mar  2 11:00:00 2026\nFrom: ada@exam"
    )
    (folder / "odd\udcff.md").write_text("# Odd\n\nIts name is no text.\n")
    counts = reader.read_all(source)
    assert counts.seen == 6
    assert counts.skipped["unknown kind"] == 1
    assert counts.skipped["empty"] == 1
    reasons = {Path(item.path).name: item.reason for item in store.failed()}
    assert "binary.md" in reasons
    assert all(reason and "\n" not in reason for reason in reasons.values())
    assert store.counts().total >= 3
    again = reader.read_all(source)
    assert again.changes == 0
    assert again.skipped["nothing in it to read"] >= 2


def test_a_text_of_200_megabytes_is_one_line_and_little_memory(
    reader: Reader, source: Source, store: Store, folder: Path
) -> None:
    with (folder / "long.txt").open("wb") as file:
        for _ in range(200):
            file.write(b"word " * 200_000)
    counts = reader.read_all(source)
    assert counts.failed == 1
    (failed,) = store.failed()
    assert "200 MB long; at most 64 MB" in failed.reason


def test_a_large_mailbox_is_streamed(
    reader: Reader, source: Source, store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personald.ingest.reader.STREAMED_BYTES", 10_000)
    with (folder / "inbox.mbox").open("w") as file:
        for number in range(200):
            file.write(
                "From ada@example.org Mon Mar  2 10:00:00 2026\nFrom: Ada <ada@example.org>\n"
            )
            file.write(f"To: Harriet <h@example.org>\nSubject: Letter {number}\n")
            file.write(f"Message-ID: <{number}@x>\n\nDear Harriet, this is letter {number}.\n\n")
    counts = reader.read_all(source)
    assert (counts.new, counts.failed) == (1, 0)
    assert store.counts().total == 200
    assert reader.read_all(source).unchanged == 1


def test_a_source_that_goes_away_while_it_is_looked_at_keeps_its_documents(
    make_reader: Callable[..., Reader], source: Source, store: Store, folder: Path, tmp_path: Path
) -> None:
    for number in range(20):
        (folder / f"n{number}.md").write_text(f"# {number}\n\nWords {number}.\n")
    reader = make_reader()
    reader.read_all(source)
    device = folder.stat().st_dev
    folder.rename(tmp_path / "unmounted")
    counts = reader.read_all(source, device=device)
    assert counts.deleted == 0
    missing = Missing(store.files(source.id))
    assert reader.forget_missing(source, missing, device).deleted == 0
    assert store.counts().total == 20


def test_an_empty_folder_on_another_volume_deletes_nothing(
    reader: Reader, source: Source, store: Store, folder: Path
) -> None:
    (folder / "n.md").write_text("# N\n\nWords.\n")
    reader.read_all(source)
    (folder / "n.md").unlink()
    assert reader.read_all(source, device=folder.stat().st_dev + 1).deleted == 0
    assert reader.read_all(source, device=folder.stat().st_dev).deleted == 1


def test_no_file_is_blamed_when_the_extractors_themselves_are_broken(
    reader: Reader,
    source: Source,
    store: Store,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (folder / "good.md").write_text("# Good\n\nRead me.\n")
    with monkeypatch.context() as broken:
        broken.setattr("sys.executable", "/bin/false")
        broken_reader = Reader(store, lambda: Pool(Limits(), 1), WatchSettings())
        with pytest.raises(ReadersBroken):
            broken_reader.read_all(source)
        broken_reader.rest()
    assert store.failed() == []
    assert reader.read_all(source).new == 1


def test_what_was_stored_before_an_interruption_stays(
    make_reader: Callable[..., Reader], source: Source, store: Store, folder: Path
) -> None:
    for number in range(700):
        (folder / f"n{number}.md").write_text(f"# {number}\n\nWords of note {number}.\n")
    asked = 0

    def stopping() -> bool:
        nonlocal asked
        asked += 1
        return asked > 2

    with pytest.raises(Interrupted):
        make_reader(stopping).read_all(source)
    stored = store.counts().total
    assert 0 < stored < 700
    counts = make_reader().read_all(source)
    assert counts.unchanged + counts.new == 700
    assert store.counts().total == 700


def test_what_may_not_be_read_is_told_and_read_once_it_may(
    reader: Reader,
    source: Source,
    store: Store,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The system's refusals are played, since tests may run as root, who is refused nothing."""
    for name in ("closed/inside", "secret", "open"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / f"{name}.md").write_text(f"# {name}\n\nWords.\n")
    scandir, access = os.scandir, os.access

    def closed(path: Path | int) -> object:
        if not isinstance(path, int) and Path(path).name == "closed":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    with monkeypatch.context() as refusing:
        refusing.setattr(os, "scandir", closed)
        refusing.setattr(os, "access", lambda path, mode: "secret" not in str(path))
        first = reader.read_all(source)
        assert (first.new, first.failed) == (1, 2)
        failed = store.failed()
        assert sorted(Path(item.path).name for item in failed) == ["closed", "secret.md"]
        assert {item.reason for item in failed} == {"no permission to read it"}
        assert reader.read_all(source).changes == 0
    assert os.access is access
    assert reader.read_all(source).failed == 0
    assert store.counts().total == 3
    assert store.failed() == []


@pytest.mark.long
@pytest.mark.skipif(not os.environ.get("PERSONALD_FULL"), reason="runs with PERSONALD_FULL=1")
def test_a_hundred_thousand_files_at_once(
    reader: Reader, source: Source, store: Store, folder: Path
) -> None:
    for number in range(100_000):
        place = folder / str(number // 500)
        place.mkdir(exist_ok=True)
        (place / f"n{number}.md").write_text(f"# {number}\n\nWords of note {number}.\n")
    began = time.monotonic()
    assert reader.read_all(source).new == 100_000
    print(f"{100_000 / (time.monotonic() - began):.0f} files a second")
    began = time.monotonic()
    assert reader.read_all(source).unchanged == 100_000
    print(f"{100_000 / (time.monotonic() - began):.0f} unchanged files a second")


def test_a_mailbox_that_grew_by_one_message_gives_one_document(
    reader: Reader, source: Source, store: Store, keys: DeviceKeys, folder: Path
) -> None:
    mail = "From a@b Mon May  4 10:20:00 2026\nFrom: a@b.no\nSubject: {0}\nMessage-ID: <{0}@b.no>\n\nWords of {0}.\n\n"
    (folder / "all.mbox").write_text(mail.format("one") + mail.format("two"))
    reader.read_all(source)
    with store.unlock(keys) as vault:
        before = {item.document.title: item.id for item in vault.documents()}
    with (folder / "all.mbox").open("a") as mailbox:
        mailbox.write(mail.format("three"))
    reader.read_all(source)
    with store.unlock(keys) as vault:
        after = {item.document.title: (item.id, item.version) for item in vault.documents()}
    assert after.keys() == {"one", "two", "three"}
    assert {title: after[title] for title in before} == {
        title: (identifier, 1) for title, identifier in before.items()
    }


def test_a_database_is_read_again_when_only_its_log_has_grown(
    reader: Reader, source: Source, store: Store, keys: DeviceKeys, folder: Path
) -> None:
    """A program writes what is new into the write-ahead log, and into the database much later."""
    tasks = sqlite3.connect(folder / "Data-local.sqlite")
    tasks.execute("PRAGMA journal_mode=WAL")
    tasks.execute("CREATE TABLE ZREMCDREMINDER (Z_PK, ZTITLE, ZLIST, ZCKIDENTIFIER)")
    add = "INSERT INTO ZREMCDREMINDER VALUES (?, ?, 1, ?)"
    with tasks:
        tasks.execute(add, (1, "Pay rent", "R-1"))
    tasks.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert reader.read_all(source).new == 1
    file = (folder / "Data-local.sqlite").read_bytes()
    with tasks:
        tasks.execute(add, (2, "Paint the boat", "R-2"))
    assert (folder / "Data-local.sqlite").read_bytes() == file
    hinted = Survey(store, source).look_at([folder / "Data-local.sqlite-wal"])
    assert [finding.kind for finding in hinted] == [Kind.CHANGED]
    assert reader.read_all(source).changed == 1
    assert reader.read_all(source).unchanged == 1
    tasks.close()
    with store.unlock(keys) as vault:
        found = {item.document.title: item.version for item in vault.documents()}
    assert found == {"Pay rent": 1, "Paint the boat": 1}
