"""One sealed file brings everything back, with the code on paper; without it, or changed by a bit, nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personald.keys import (
    KeysExist,
    RecoveryCode,
    RecoveryCodeWrong,
    create_keys,
    open_keys,
    open_watcher_keys,
)
from personald.store import Store
from personald.store.backup import _safe_name, backup, check_backup, restore
from personald.store.errors import BackupDamaged, StoreExists
from personald.store.sealedfile import CHUNK_BYTES, SealedReader, SealedWriter
from tests.store.conftest import put


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def code(home: Path) -> RecoveryCode:
    keys, made = create_keys(home, key_file=home.parent / "first.keys")
    with Store.create(home / "store.db", keys) as store:
        source = store.add_source(Path("/a")).id
        put(store, source, "/a/1.md", "the walrus")
        put(store, source, "/a/2.md", "two")
        with store.unlock(keys) as vault:
            vault.maintain()
        put(store, source, "/a/3.md", "three, in the inbox")
    (home / "config.toml").write_text("# mine\n")
    (home / "adapters" / "ab").mkdir(parents=True)
    (home / "adapters" / "ab" / "cd.sealed").write_bytes(b"\x00\x01" * 700_000)
    (home / "logs").mkdir()
    (home / "logs" / "today").write_text("not taken along")
    return made


def test_a_home_comes_back_whole_on_another_machine(
    home: Path, code: RecoveryCode, tmp_path: Path
) -> None:
    file = tmp_path / "home.backup"
    made = backup(home, open_keys(home), file)
    assert (made.documents, made.files) == (3, 2)
    assert check_backup(file, code) == 3
    assert b"walrus" not in file.read_bytes()
    other = tmp_path / "elsewhere" / "home"
    report = restore(file, RecoveryCode.parse(code.text.lower()), other, key_file=tmp_path / "k2")
    assert (report.documents, report.files) == (3, 2)
    assert (other / "config.toml").read_text() == "# mine\n"
    assert (other / "adapters" / "ab" / "cd.sealed").stat().st_size == 1_400_000
    assert not (other / "logs").exists()
    keys = open_keys(other)
    with Store.open(other / "store.db", open_watcher_keys(other)) as store:
        put(store, 1, "/a/4.md", "four")
        with store.unlock(keys) as vault:
            texts = sorted(d.document.text for d in vault.documents())
            assert texts == ["four", "the walrus", "three, in the inbox", "two"]
            assert list(vault.verify(deep=True)) == []
            vault.forget([next(vault.documents()).id])
    assert keys.adapter_key == open_keys(home).adapter_key


def test_another_code_does_not_open_it(home: Path, code: RecoveryCode, tmp_path: Path) -> None:
    file = tmp_path / "b"
    backup(home, open_keys(home), file)
    with pytest.raises(RecoveryCodeWrong):
        restore(file, RecoveryCode.generate(), tmp_path / "new", key_file=tmp_path / "k2")
    assert not (tmp_path / "new").exists()
    assert not (tmp_path / "k2").exists()


def test_a_home_in_use_is_not_overwritten(home: Path, code: RecoveryCode, tmp_path: Path) -> None:
    file = tmp_path / "b"
    backup(home, open_keys(home), file)
    with pytest.raises(StoreExists):
        restore(file, code, home, key_file=tmp_path / "k2")
    (home / "store.db").rename(tmp_path / "moved.db")
    with pytest.raises(KeysExist):
        restore(file, code, home, key_file=tmp_path / "k2")


def test_a_changed_or_cut_backup_restores_nothing(
    home: Path, code: RecoveryCode, tmp_path: Path
) -> None:
    file = tmp_path / "b"
    backup(home, open_keys(home), file)
    whole = file.read_bytes()
    changed = [whole[:place] for place in (0, 5, 60, 100, len(whole) // 2, len(whole) - 1)]
    changed += [
        whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        for place in (0, 4, 9, 50, 90, 5000, len(whole) // 2, len(whole) - 1)
    ]
    changed.append(whole + b"\0")
    chunk = CHUNK_BYTES + 16
    changed.append(whole[:88] + whole[88 + chunk :])
    for content in changed:
        file.write_bytes(content)
        with pytest.raises((BackupDamaged, RecoveryCodeWrong)):
            restore(file, code, tmp_path / "new", key_file=tmp_path / "k2")
        assert not (tmp_path / "new").exists()
        assert not (tmp_path / "k2").exists()


def test_forgetting_says_that_an_earlier_backup_still_holds_it(
    home: Path, code: RecoveryCode, tmp_path: Path
) -> None:
    keys = open_keys(home)
    with Store.open(home / "store.db", keys) as store, store.unlock(keys) as vault:
        first, second, _ = vault.documents()
        assert vault.forget([first.id]).backed_up_at is None
        backup(home, keys, tmp_path / "b")
        assert vault.forget([second.id]).backed_up_at is not None


def test_what_was_deleted_is_not_in_a_later_backup(
    home: Path, code: RecoveryCode, tmp_path: Path
) -> None:
    keys = open_keys(home)
    with Store.open(home / "store.db", keys) as store, store.unlock(keys) as vault:
        vault.forget([next(vault.documents()).id])
    backup(home, keys, tmp_path / "b")
    restore(tmp_path / "b", code, tmp_path / "new", key_file=tmp_path / "k2")
    new = open_keys(tmp_path / "new")
    with Store.open(tmp_path / "new" / "store.db", new) as store, store.unlock(new) as vault:
        assert "the walrus" not in {d.document.text for d in vault.documents()}


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/etc/passwd",
        "../x",
        "adapters/../../x",
        "keys.json",
        "logs/x",
        "adapters/\0",
        "a" * 2000,
    ],
)
def test_a_backup_cannot_write_outside_its_places(name: str) -> None:
    with pytest.raises(BackupDamaged):
        _safe_name(name.encode())


@given(
    sizes=st.lists(st.integers(0, 3 * CHUNK_BYTES // 2), max_size=4),
    flip=st.integers(0, 10**9),
)
@settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_a_sealed_file_gives_back_what_was_written_and_notices_any_flipped_bit(
    tmp_path: Path, sizes: list[int], flip: int
) -> None:
    code = RecoveryCode(b"0123456789abcdef")
    file = tmp_path / "f"
    parts = [bytes([number]) * size for number, size in enumerate(sizes)]
    with open(file, "wb") as out, SealedWriter(out, code.private_key.public_key()) as writer:
        for part in parts:
            writer.write(part)
    with open(file, "rb") as source:
        reader = SealedReader(source, code.private_key)
        assert [reader.read(len(part)) for part in parts] == parts
        reader.finish()
    content = bytearray(file.read_bytes())
    content[flip // 8 % len(content)] ^= 1 << flip % 8
    file.write_bytes(content)

    def read_all() -> None:
        with open(file, "rb") as source:
            reader = SealedReader(source, code.private_key)
            for part in parts:
                reader.read(len(part))
            reader.finish()

    with pytest.raises((BackupDamaged, RecoveryCodeWrong)):
        read_all()
