"""The store as the daemon and the trainer use it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractors.document import Document, Domain, Role, Span, Turn
from personald.keys import DeviceKeys
from personald.store import FileStat, FileStatus, PutResult, SensitiveSpan, Store
from personald.store.errors import DocumentUnknown
from personald.store.records import Failure
from tests.store.conftest import STAT, note, put

FULL = Document(
    origin="/home/ada/mail.mbox#<1@x>",
    domain=Domain.MAIL,
    kind="mbox",
    title="Boiler",
    text="The plumber comes on Tuesday.\n> and brings a valve\n",
    author="Ada <ada@example.org>",
    recipients=("Bo <bo@example.org>", "Cy"),
    date=datetime(2026, 5, 1, 10, 0, tzinfo=UTC),
    language="en",
    thread="t1",
    tags=("house", "to do"),
    properties=(("Phone", "+47 1"), ("Phone", "+47 2")),
    spans=(Span(30, 52, Role.QUOTED),),
    turns=(Turn("Ada", 0, 29, datetime(2026, 5, 1, tzinfo=UTC)), Turn("Bo", 30, 52)),
    parent="/home/ada/mail.mbox#<0@x>",
)


def test_a_document_comes_back_as_it_was_stored(store: Store, keys: DeviceKeys) -> None:
    source = store.add_source(Path("/home/ada"), None, None)
    store.put_file(source.id, "/home/ada/mail.mbox", STAT, b"", [FULL])
    with store.unlock(keys) as vault:
        (stored,) = vault.documents()
    assert stored.document == FULL
    assert stored.source_id == source.id
    assert (stored.version, len(stored.id)) == (1, 32)


def test_sources_are_remembered_and_the_same_path_is_one_source(store: Store) -> None:
    first = store.add_source(Path("/a"), Domain.NOTES, "markdown")
    second = store.add_source(Path("/b"), None, None)
    again = store.add_source(Path("/a"), None, None)
    assert again == first
    assert store.sources() == [first, second]
    assert (first.path, first.domain, first.kind) == ("/a", Domain.NOTES, "markdown")
    with pytest.raises(DocumentUnknown):
        store.source(99)


def test_an_unchanged_file_is_known_by_its_stat_and_the_extractor_version(store: Store) -> None:
    source = store.add_source(Path("/a")).id
    assert not store.unchanged(source, "/a/n.md", STAT, 1)
    store.put_file(source, "/a/n.md", STAT, b"h" * 32, [note("/a/n.md", "x")], 1)
    assert store.unchanged(source, "/a/n.md", STAT, 1)
    assert not store.unchanged(source, "/a/n.md", STAT, 2)
    assert not store.unchanged(source, "/a/n.md", FileStat(STAT.size, STAT.mtime_ns + 1, 7), 1)
    state = store.file_states(source)["/a/n.md"]
    assert (state.stat, state.content_hash, state.documents) == (STAT, b"h" * 32, 1)


def test_a_changed_document_keeps_its_id_and_gets_the_next_version(
    store: Store, keys: DeviceKeys
) -> None:
    source = store.add_source(Path("/a")).id
    path = "/a/list.mbox"
    first = [note(f"{path}#{n}", f"text {n}") for n in (1, 2, 3)]
    assert store.put_file(source, path, STAT, b"", first) == PutResult(new=3)
    with store.unlock(keys) as vault:
        before = {d.document.origin: d for d in vault.documents()}
        second = [first[0], note(f"{path}#2", "other"), note(f"{path}#4", "text 4")]
        result = store.put_file(source, path, STAT, b"", second)
        after = {d.document.origin: d for d in vault.documents()}
    assert result == PutResult(new=1, changed=1, unchanged=1, deleted=1)
    assert after[f"{path}#1"] == before[f"{path}#1"]
    assert after[f"{path}#2"].id == before[f"{path}#2"].id
    assert (after[f"{path}#2"].version, after[f"{path}#2"].document.text) == (2, "other")
    assert sorted(after) == [f"{path}#1", f"{path}#2", f"{path}#4"]


def test_history_is_kept_as_far_as_asked(keys: DeviceKeys, store_path: Path) -> None:
    with Store.create(store_path, keys, history=2) as store:
        source = store.add_source(Path("/a")).id
        for number in range(1, 7):
            put(store, source, "/a/n.md", f"text {number}")
        with store.unlock(keys) as vault:
            (live,) = vault.documents()
            versions = vault.history(live.id)
    assert [d.version for d in versions] == [6, 5, 4]
    assert [d.document.text for d in versions] == ["text 6", "text 5", "text 4"]


def test_without_history_the_old_text_goes_at_once(keys: DeviceKeys, store_path: Path) -> None:
    with Store.create(store_path, keys, history=0) as store:
        source = store.add_source(Path("/a")).id
        put(store, source, "/a/n.md", "one")
        put(store, source, "/a/n.md", "two")
        with store.unlock(keys) as vault:
            (live,) = vault.documents()
            assert [d.version for d in vault.history(live.id)] == [2]


def test_a_renamed_file_keeps_its_documents(store: Store, keys: DeviceKeys) -> None:
    source = store.add_source(Path("/a")).id
    store.put_file(source, "/a/old.md", STAT, b"", [note("/a/old.md#x", "x")], 3)
    with store.unlock(keys) as vault:
        (before,) = vault.documents()
        assert store.rename_file(source, "/a/old.md", "/a/new.md")
        (after,) = vault.documents()
    assert (after.id, after.version) == (before.id, before.version)
    assert after.document.origin == "/a/new.md#x"
    assert store.unchanged(source, "/a/new.md", STAT, 3)
    assert not store.unchanged(source, "/a/old.md", STAT, 3)
    assert not store.rename_file(source, "/a/never.md", "/a/n.md")


def test_within_a_batch_every_step_sees_the_one_before(store: Store, keys: DeviceKeys) -> None:
    source = store.add_source(Path("/a")).id
    later = FileStat(STAT.size, STAT.mtime_ns + 1, STAT.inode)
    with store.batch():
        store.put_file(source, "/a/one.md", STAT, b"", [note("/a/one.md", "first")])
        assert store.rename_file(source, "/a/one.md", "/a/two.md")
        store.put_file(source, "/a/one.md", STAT, b"", [note("/a/one.md", "second")])
        assert store.restat_file(source, "/a/one.md", later)
    assert store.unchanged(source, "/a/one.md", later)
    with store.unlock(keys) as vault:
        found = {d.document.origin: d.document.text for d in vault.documents()}
    assert found == {"/a/two.md": "first", "/a/one.md": "second"}


def test_a_file_renamed_over_another_takes_its_place(store: Store, keys: DeviceKeys) -> None:
    source = store.add_source(Path("/a")).id
    put(store, source, "/a/one.md", "one")
    put(store, source, "/a/two.md", "two")
    assert store.rename_file(source, "/a/one.md", "/a/two.md")
    with store.unlock(keys) as vault:
        assert [d.document.text for d in vault.documents()] == ["one"]
    assert store.counts().total == 1


def test_a_vanished_file_takes_its_documents_along(store: Store, keys: DeviceKeys) -> None:
    source = store.add_source(Path("/a")).id
    put(store, source, "/a/one.md", "one", "two")
    assert store.forget_file(source, "/a/one.md") == PutResult(deleted=2)
    assert store.forget_file(source, "/a/one.md") == PutResult()
    with store.unlock(keys) as vault:
        assert list(vault.documents()) == []
    assert store.counts().total == 0


def test_removing_a_source_removes_all_that_came_from_it(store: Store, keys: DeviceKeys) -> None:
    first, second = (store.add_source(Path(path)).id for path in ("/a", "/b"))
    put(store, first, "/a/one.md", "one")
    put(store, second, "/b/two.md", "two")
    assert store.remove_source(first) == PutResult(deleted=1)
    assert [source.id for source in store.sources()] == [second]
    with store.unlock(keys) as vault:
        assert [d.document.text for d in vault.documents()] == ["two"]


def test_an_unreadable_file_is_noted_and_keeps_what_was_read_before(
    store: Store, keys: DeviceKeys
) -> None:
    source = store.add_source(Path("/a")).id
    path = "/a/n.md"
    put(store, source, path, "good")
    result = store.put_file(source, path, STAT, b"", [Failure("it ends too early")])
    assert result == PutResult(failed=1)
    (failed,) = store.failed()
    assert (failed.path, failed.reason) == (path, "it ends too early")
    assert store.file_states(source)[path].status is FileStatus.FAILED
    with store.unlock(keys) as vault:
        assert [d.document.text for d in vault.documents()] == ["good"]
    put(store, source, path, "better")
    assert store.failed() == []


def test_an_unreadable_part_keeps_its_earlier_text_and_the_others_go_on(
    store: Store, keys: DeviceKeys
) -> None:
    source = store.add_source(Path("/a")).id
    path = "/a/box"
    put(store, source, path, "one", "two", "three")
    parts: list[Document | Failure] = [note(f"{path}#1", "one!"), Failure("cut off", f"{path}#2")]
    assert store.put_file(source, path, STAT, b"", parts) == PutResult(
        changed=1, deleted=1, failed=1
    )
    with store.unlock(keys) as vault:
        assert sorted(d.document.text for d in vault.documents()) == ["one!", "two"]
    assert [f.path for f in store.failed()] == [f"{path}#2"]


def test_documents_are_chosen_by_domain_and_source(store: Store, keys: DeviceKeys) -> None:
    first, second = (store.add_source(Path(path)).id for path in ("/a", "/b"))
    put(store, first, "/a/one.md", "one")
    put(store, second, "/b/two.md", "two")
    put(store, second, "/b/mail.eml", "three", domain=Domain.MAIL)
    with store.unlock(keys) as vault:
        assert [d.document.text for d in vault.documents(Domain.MAIL)] == ["three"]
        assert [d.document.text for d in vault.documents(source=second)] == ["two", "three"]
        assert sorted(text for _, _, text in vault.texts()) == ["one", "three", "two"]
    counts = store.counts()
    assert counts.per_domain == {Domain.NOTES: 2, Domain.MAIL: 1}
    assert counts.per_source == {first: 1, second: 2}


def test_a_document_is_found_by_its_id_or_the_beginning_of_it(
    store: Store, keys: DeviceKeys
) -> None:
    put(store, store.add_source(Path("/a")).id, "/a/one.md", "one")
    with store.unlock(keys) as vault:
        (document,) = vault.documents()
        assert vault.get(document.id) == vault.get(document.id[:6]) == document
        for wrong in ("0" * 32 if document.id[0] != "0" else "1" * 32, "zz", "", "xyzw"):
            with pytest.raises(DocumentUnknown):
                vault.get(wrong)


def test_the_revision_of_a_domain_grows_with_every_change_to_it_only(store: Store) -> None:
    source = store.add_source(Path("/a")).id
    assert store.revision(Domain.NOTES) == 0
    put(store, source, "/a/one.md", "one")
    put(store, source, "/a/two.md", "two")
    seen = store.revision(Domain.NOTES)
    assert store.changes_since(Domain.NOTES, seen) == 0
    store.put_file(source, "/a/two.md", STAT, b"", [note("/a/two.md", "two")])
    assert store.revision(Domain.NOTES) == seen
    put(store, source, "/a/two.md", "two, changed")
    store.forget_file(source, "/a/one.md")
    put(store, source, "/a/mail.eml", "mail", domain=Domain.MAIL)
    assert store.revision(Domain.NOTES) == seen + 2
    assert store.changes_since(Domain.NOTES, seen) == 2
    assert store.changes_since(Domain.MAIL, 0) == 1


def test_pending_and_skipped_files_are_counted(store: Store) -> None:
    source = store.add_source(Path("/a")).id
    store.note_pending(source, ["/a/1.md", "/a/2.md"])
    store.record_skipped(source, {"hidden": 3, "too large": 1})
    counts = store.counts()
    assert (counts.pending, counts.skipped) == (2, {"hidden": 3, "too large": 1})
    put(store, source, "/a/1.md", "one")
    assert store.counts().pending == 1


def test_a_batch_is_one_transaction(store: Store) -> None:
    source = store.add_source(Path("/a")).id

    def interrupted() -> None:
        with store.batch():
            put(store, source, "/a/1.md", "one")
            put(store, source, "/a/1.md", "one, again")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert store.counts().total == 0
    with store.batch():
        for number in range(600):
            put(store, source, f"/a/{number}.md", f"text {number}")
        put(store, source, "/a/7.md", "again")
    assert store.counts().total == 600


def test_equal_origins_in_one_file_are_two_documents(store: Store, keys: DeviceKeys) -> None:
    source = store.add_source(Path("/a")).id
    parts = [note("/a/box#same", "first"), note("/a/box#same", "second")]
    assert store.put_file(source, "/a/box", STAT, b"", parts).new == 2
    assert store.put_file(source, "/a/box", STAT, b"", parts).unchanged == 2


def test_what_is_sensitive_is_detected_when_stored(keys: DeviceKeys, store_path: Path) -> None:
    span = SensitiveSpan(3, 6, "secret", "test")
    with Store.create(store_path, keys, detect=lambda text, title: (span,)) as store:
        put(store, store.add_source(Path("/a")).id, "/a/n.md", "my key")
        with store.unlock(keys) as vault:
            assert [d.sensitive for d in vault.documents()] == [(span,)]


def test_a_very_large_mailbox_is_committed_in_pieces_and_resumed_after_a_failure(
    store: Store, keys: DeviceKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("personald.store.transaction.MAX_TRANSACTION_BYTES", 100_000)
    source = store.add_source(Path("/a")).id
    path = "/a/box"

    def messages(number: int, *, fails: bool) -> Iterator[Document]:
        for index in range(number):
            yield note(f"{path}#{index}", f"message {index} " + "x" * 500)
        if fails:
            raise OSError("the mailbox went away")

    with pytest.raises(OSError, match="went away"):
        store.put_file(source, path, STAT, b"", messages(2_000, fails=True))
    stored = store.counts().total
    assert 0 < stored < 2_000
    assert store.counts().pending == 1
    assert not store.unchanged(source, path, STAT)
    result = store.put_file(source, path, STAT, b"", messages(1_500, fails=False))
    assert (result.new, result.unchanged) == (1_500 - min(stored, 1_500), min(stored, 1_500))
    assert store.counts().total == 1_500
    assert store.unchanged(source, path, STAT)
    with store.unlock(keys) as vault:
        assert sum(1 for _ in vault.texts()) == 1_500
        assert list(vault.verify(deep=True)) == []
