"""Every store that was ever released opens, comes up to date and gives back what is in it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import sqlite_utils

from personald.keys import DeviceKeys, KeyFileStore
from personald.store import Store, schema
from tests.store.conftest import put

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize("version", range(1, schema.VERSION + 1))
def test_a_store_of_every_released_version_opens_and_is_whole(version: int, tmp_path: Path) -> None:
    """A fixture is made once, when its version is released, by `python -m tests.store.make_fixture`."""
    folder = tmp_path / "home"
    shutil.copytree(FIXTURES / f"version-{version}", folder)
    (folder / "keys").chmod(0o600)
    keys = DeviceKeys.open(KeyFileStore(folder / "keys"))
    with Store.open(folder / "store.db", keys) as store:
        assert store._connection.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)
        (source,) = store.sources()
        assert source.path == "/fixture"
        with store.unlock(keys) as vault:
            texts = {d.document.title: d.document.text for d in vault.documents()}
            assert texts == {"one": "the first text, changed", "two": "the second text"}
            assert vault.search("second")[0].title == "two"
            assert list(vault.verify(deep=True)) == []
        put(store, source.id, "/fixture/three.md", "added by this version")
        assert store.counts().total == 3


def test_a_migration_that_fails_changes_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, keys: DeviceKeys
) -> None:
    put(store, store.add_source(Path("/a")).id, "/a/1.md", "one")

    def broken(database: sqlite_utils.Database) -> None:
        database.create_table("half", {"id": int})
        raise RuntimeError("the power went")

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, broken))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with pytest.raises(RuntimeError):
        Store.open(store.path, keys)
    monkeypatch.undo()
    with Store.open(store.path, keys) as again:
        assert again.counts().total == 1
        assert "half" not in sqlite_utils.Database(again._connection).table_names()


def test_the_next_version_migrates_this_one(
    store: Store, monkeypatch: pytest.MonkeyPatch, keys: DeviceKeys
) -> None:
    put(store, store.add_source(Path("/a")).id, "/a/1.md", "one")

    def add_a_column(database: sqlite_utils.Database) -> None:
        database.table("source").add_column("colour", str)

    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, add_a_column))
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)
    with Store.open(store.path, keys) as newer, newer.unlock(keys) as vault:
        assert newer._connection.execute("SELECT colour FROM source").fetchone() == (None,)
        assert [d.document.text for d in vault.documents()] == ["one"]
