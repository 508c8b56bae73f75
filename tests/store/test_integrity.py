"""Whatever is changed behind the store's back is found, named, set aside and read again from its source."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from personald.keys import DeviceKeys
from personald.store import Problem, Store
from tests.store.conftest import STAT, put


def fill(store: Store) -> int:
    source = store.add_source(Path("/a")).id
    for number in range(6):
        put(store, source, f"/a/{number}.md", f"text {number}")
    return source


def run(store: Store, sql: str) -> None:
    store._connection.execute(sql)


def problems(store: Store, keys: DeviceKeys) -> set[Problem]:
    with store.unlock(keys) as vault:
        return {finding.problem for finding in vault.verify(deep=True)}


def test_a_sound_store_has_no_findings(store: Store, keys: DeviceKeys) -> None:
    source = fill(store)
    put(store, source, "/a/1.md", "changed")
    store.forget_file(source, "/a/2.md")
    assert problems(store, keys) == set()
    with store.unlock(keys) as vault:
        vault.maintain()
        assert list(vault.verify(deep=True)) == []
        assert list(vault.verify(deep=False)) == []


DAMAGE: dict[str, str] = {
    "a flipped body": "UPDATE sealed SET body = zeroblob(length(body)) WHERE id = {row}",
    "a body of another row": "UPDATE sealed SET body = (SELECT body FROM sealed WHERE id = {other}) WHERE id = {row}",
    "a head of another row": "UPDATE sealed SET head = (SELECT head FROM sealed WHERE id = {other}) WHERE id = {row}",
    "another version": "UPDATE document SET version = 9 WHERE id = {row}",
    "another domain": "UPDATE document SET domain = x'0011223344556677' WHERE id = {row}",
    "another content token": "UPDATE document SET content = zeroblob(16) WHERE id = {row}",
    "another data key": "UPDATE document SET slot = (SELECT slot FROM document WHERE id = {other}) WHERE id = {row}",
    "a lost page of keys": "DELETE FROM key_page WHERE id = (SELECT slot / 256 FROM document WHERE id = {row})",
    "a text instead of bytes": "UPDATE sealed SET body = 'hello' WHERE id = {row}",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_row_is_named_set_aside_and_comes_back_from_its_source(
    store: Store, keys: DeviceKeys, damage: str
) -> None:
    source = fill(store)
    with store.unlock(keys) as vault:
        before = {d.document.origin: d.id for d in vault.documents()}
    (row, other) = (
        number
        for (number,) in store._connection.execute("SELECT id FROM document ORDER BY id LIMIT 2")
    )
    run(store, DAMAGE[damage].format(row=row, other=other))
    with store.unlock(keys) as vault:
        findings = list(vault.verify(deep=True))
        assert Problem.DOCUMENT in {finding.problem for finding in findings}
        (finding,) = [f for f in findings if f.problem is Problem.DOCUMENT]
        assert before["/a/0.md"] in finding.name
        assert vault.mend(findings) >= 1
        assert "/a/0.md" not in {d.document.origin for d in vault.documents()}
        assert list(vault.verify(deep=True)) == []
        assert store.counts().quarantined == 1
        assert store.counts().total == 5
        put(store, source, "/a/0.md", "text 0")
        assert list(vault.verify(deep=True)) == []
        after = {d.document.origin: d.id for d in vault.documents()}
        assert after == before
        assert store.counts().quarantined == 0


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM document WHERE id = (SELECT min(id) FROM document)",
        "DELETE FROM sealed WHERE id = (SELECT min(id) FROM sealed)",
        "UPDATE document SET file = 1 + (SELECT max(id) FROM file) WHERE id = (SELECT min(id) FROM document)",
        "UPDATE document SET part = zeroblob(16) WHERE id = (SELECT min(id) FROM document)",
        "UPDATE document SET state = 1 WHERE id = (SELECT min(id) FROM document)",
    ],
)
def test_rows_taken_away_are_noticed_and_read_again(
    store: Store, keys: DeviceKeys, damage: str
) -> None:
    source = fill(store)
    run(store, damage)
    assert Problem.MISSING in problems(store, keys)
    with store.unlock(keys) as vault:
        vault.mend(list(vault.verify(deep=True)))
        assert store.counts().pending == 6
        for number in range(6):
            put(store, source, f"/a/{number}.md", f"text {number}")
        assert sorted(d.document.text for d in vault.documents()) == [f"text {n}" for n in range(6)]
        assert list(vault.verify(deep=True)) == []


def test_an_old_row_put_back_is_noticed(store: Store, keys: DeviceKeys) -> None:
    source = fill(store)
    connection = store._connection
    saved = {
        table: connection.execute(f"SELECT * FROM {table} ORDER BY id LIMIT 1").fetchone()
        for table in ("document", "sealed", "file", "key_page")
    }
    put(store, source, "/a/0.md", "a newer text")
    for table, row in saved.items():
        marks = ", ".join("?" * len(row))
        connection.execute(f"INSERT OR REPLACE INTO {table} VALUES ({marks})", row)
    assert Problem.MISSING in problems(store, keys)


def test_an_older_copy_of_the_whole_file_is_noticed(
    store: Store, keys: DeviceKeys, store_path: Path, tmp_path: Path
) -> None:
    source = fill(store)
    store.flush()
    old = tmp_path / "old.db"
    shutil.copy(store_path, old)
    put(store, source, "/a/new.md", "new")
    with store.unlock(keys) as vault:
        vault.maintain()
    with Store.open(old, keys) as copy:
        assert Problem.ROLLED_BACK in problems(copy, keys)


def test_a_damaged_file_record_is_dropped_with_its_documents_and_read_anew(
    store: Store, keys: DeviceKeys
) -> None:
    source = fill(store)
    run(store, "UPDATE file SET sealed = zeroblob(64) WHERE id = (SELECT min(id) FROM file)")
    assert problems(store, keys) == {Problem.FILE}
    with store.unlock(keys) as vault:
        vault.mend(list(vault.verify(deep=True)))
        assert not store.unchanged(source, "/a/0.md", STAT)
        put(store, source, "/a/0.md", "text 0")
        assert len(list(vault.documents())) == 6
        assert list(vault.verify(deep=True)) == []


def test_a_damaged_source_record_is_named(store: Store, keys: DeviceKeys) -> None:
    fill(store)
    run(store, "UPDATE source SET sealed = zeroblob(64)")
    assert problems(store, keys) == {Problem.SOURCE}


@pytest.mark.parametrize("place", [0, 20, 40, -1])
def test_a_damaged_piece_of_the_index_is_found_and_made_again(
    store: Store, keys: DeviceKeys, place: int
) -> None:
    fill(store)
    with store.unlock(keys) as vault:
        vault.maintain()
        (piece,) = (store.path.parent / "cache" / "search").iterdir()
        content = bytearray(piece.read_bytes())
        content[place] ^= 1
        piece.write_bytes(content)
        (finding,) = vault.verify(deep=True)
        assert (finding.problem, finding.name) == (Problem.INDEX, piece.name)
    with store.unlock(keys) as vault:
        assert len(vault.search("text")) == 6
        vault.refresh_index()
        assert list(vault.verify(deep=True)) == []
