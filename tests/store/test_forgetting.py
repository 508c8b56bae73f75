"""What is deleted is gone: from the database, from its old copies, and noted for the adapters that learnt from it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from extractors.document import Domain
from personald.keys import DeviceKeys, ForeignKeys, MemoryKeyStore
from personald.store import Store, Vault
from personald.store.errors import DocumentDamaged
from personald.store.sealing import PAGE_KEYS
from tests.store.conftest import STAT, note, put


def filled(store: Store, number: int = 5) -> int:
    source = store.add_source(Path("/a")).id
    with store.batch():
        for index in range(number):
            put(store, source, f"/a/{index}.md", f"text {index}")
    return source


def texts(vault: Vault) -> list[str]:
    return sorted(document.document.text for document in vault.documents())


def generations(keys: DeviceKeys) -> list[str]:
    assert isinstance(keys.key_store, MemoryKeyStore)
    return sorted(name for name in keys.key_store.items if name.startswith("generation."))


def test_forgotten_documents_are_gone_and_the_others_stay(store: Store, keys: DeviceKeys) -> None:
    filled(store)
    with store.unlock(keys) as vault:
        ids = {document.document.text: document.id for document in vault.documents()}
        result = vault.forget([ids["text 1"], ids["text 3"], "0" * 32])
        assert (result.documents, result.versions) == (2, 2)
        assert texts(vault) == ["text 0", "text 2", "text 4"]
    assert store.counts().total == 3


def test_an_old_copy_of_the_database_and_its_log_does_not_open_after_forgetting(
    store: Store, keys: DeviceKeys, store_path: Path, tmp_path: Path
) -> None:
    filled(store)
    copy = tmp_path / "copy" / "store.db"
    copy.parent.mkdir()
    for suffix in ("", "-wal", "-shm"):
        shutil.copy(f"{store_path}{suffix}", f"{copy}{suffix}")
    with Vault.open(copy, keys) as old:
        assert len(texts(old)) == 5
        with store.unlock(keys) as vault:
            vault.forget([next(vault.documents()).id])
    with pytest.raises(ForeignKeys):
        Vault.open(copy, keys)


def test_only_the_newest_generation_is_left_in_the_key_store(
    store: Store, keys: DeviceKeys
) -> None:
    filled(store)
    with store.unlock(keys) as vault:
        for document in list(vault.documents())[:3]:
            vault.forget([document.id])
    assert len(generations(keys)) == 1
    assert generations(keys)[0].endswith(".4")


def test_the_trainers_maintenance_takes_in_the_inbox_and_leaves_every_document_readable(
    store: Store, keys: DeviceKeys
) -> None:
    source = filled(store, PAGE_KEYS + 10)
    for index in range(5):
        put(store, source, f"/a/single {index}.md", f"single {index}")
    with store.unlock(keys) as vault:
        before = texts(vault)
        first = vault.maintain()
        assert (first.taken_in, first.rotated, first.damaged) == (PAGE_KEYS + 15, False, 0)
        assert texts(vault) == before
        assert vault.maintain().taken_in == 0


def test_what_the_watcher_deletes_is_shredded_by_the_next_maintenance(
    store: Store, keys: DeviceKeys
) -> None:
    source = filled(store)
    store.forget_file(source, "/a/1.md")
    with store.unlock(keys) as vault:
        assert vault.maintain().rotated
        assert generations(keys)[0].endswith(".2")
        assert not vault.maintain().rotated
        assert texts(vault) == ["text 0", "text 2", "text 3", "text 4"]
    put(store, source, "/a/new.md", "sealed to the new generation")
    with store.unlock(keys) as vault:
        assert "sealed to the new generation" in texts(vault)


def test_a_vault_that_was_open_during_a_rotation_goes_on_reading(
    store: Store, keys: DeviceKeys
) -> None:
    filled(store)
    with store.unlock(keys) as one, store.unlock(keys) as other:
        (first, *_) = list(one.documents())
        other.forget([first.id])
        assert len(texts(one)) == 4


def test_a_forgotten_document_is_not_read_again_from_its_place(
    store: Store, keys: DeviceKeys
) -> None:
    source = store.add_source(Path("/a")).id
    put(store, source, "/a/box", "one", "two")
    with store.unlock(keys) as vault:
        (one,) = [d for d in vault.documents() if d.document.text == "one"]
        vault.forget([one.id])
        put(store, source, "/a/box", "one", "two", "three")
        assert texts(vault) == ["three", "two"]
        store.forget_file(source, "/a/box")
        put(store, source, "/a/box", "one", "two")
        assert texts(vault) == ["one", "two"]


def test_adapters_that_learnt_from_a_forgotten_document_are_named(
    store: Store, keys: DeviceKeys
) -> None:
    filled(store, 3)
    with store.unlock(keys) as vault:
        one, two, three = vault.documents()
        vault.record_provenance("a" * 64, [(one.id, 1), (two.id, 1)])
        vault.record_provenance("b" * 64, [(three.id, 1)])
        assert vault.adapters_trained_on([one.id]) == {"a" * 64}
        assert vault.documents_behind("b" * 64) == [(three.id, 1)]
        assert vault.tainted_adapters() == set()
        assert vault.forget([two.id]).adapters == ("a" * 64,)
        assert vault.tainted_adapters() == {"a" * 64}


def test_forgetting_takes_the_history_along(store: Store, keys: DeviceKeys) -> None:
    source = store.add_source(Path("/a")).id
    for text in ("first", "second", "third"):
        put(store, source, "/a/n.md", text)
    with store.unlock(keys) as vault:
        (document,) = vault.documents()
        assert vault.forget([document.id]).versions == 3
        assert store.changes_since(Domain.NOTES, 3) == 1


def test_a_page_that_does_not_open_does_not_stop_the_others(store: Store, keys: DeviceKeys) -> None:
    source = filled(store, 1)
    put(store, source, "/a/other.md", "other")
    store._connection.execute(
        "UPDATE key_page SET sealed = zeroblob(96) WHERE id = (SELECT min(id) FROM key_page)"
    )
    with store.unlock(keys) as vault:
        assert vault.maintain().damaged == 1
        assert texts(vault) == ["other"]
        with pytest.raises(DocumentDamaged):
            vault.get(
                store._connection.execute("SELECT hex(uid) FROM document ORDER BY id").fetchone()[0]
            )


def test_the_same_file_stored_again_changes_nothing_after_a_rotation(
    store: Store, keys: DeviceKeys
) -> None:
    source = filled(store, 2)
    with store.unlock(keys) as vault:
        vault.forget([next(vault.documents()).id])
        (left,) = vault.documents()
        result = store.put_file(source, "/a/1.md", STAT, b"", [note("/a/1.md", "text 1")])
        assert (result.unchanged, result.new) == (1, 0)
        assert list(vault.documents()) == [left]
