"""What should not be there: each gives one clear line, and loses nothing."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.document import Document, Domain
from personald.keys import DeviceKeys, ForeignKeys, MemoryKeyStore
from personald.store import PutResult, Store, Vault, hardening, schema
from personald.store.errors import (
    NotAStore,
    StoreBusy,
    StoreDamaged,
    StoreExists,
    StoreForeign,
    StoreMissing,
    StoreOnNetwork,
    StoreReadOnly,
    StoreTooNew,
)
from personald.store.hardening import (
    kind_of_volume,
    parse_mount_command,
    parse_proc_mounts,
    refuse_network_volume,
)
from personald.store.intake import Intake
from tests.store.conftest import STAT, note, put


def one_line(error: pytest.ExceptionInfo[BaseException]) -> None:
    text = str(error.value)
    assert "\n" not in text
    assert len(text) > 20


def test_no_store_and_a_store_already(store_path: Path, keys: DeviceKeys) -> None:
    with pytest.raises(StoreMissing) as missing:
        Store.open(store_path, keys)
    one_line(missing)
    Store.create(store_path, keys).close()
    with pytest.raises(StoreExists) as exists:
        Store.create(store_path, keys)
    one_line(exists)


def test_a_database_of_another_program(store_path: Path, keys: DeviceKeys) -> None:
    store_path.parent.mkdir()
    connection = sqlite3.connect(store_path)
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.commit()
    connection.close()
    before = store_path.read_bytes()
    with pytest.raises(NotAStore) as error:
        Store.open(store_path, keys)
    one_line(error)
    assert store_path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"hello", b"SQLite format 3\x00", b"\x00" * 5000])
def test_a_file_that_is_no_database(store_path: Path, keys: DeviceKeys, content: bytes) -> None:
    store_path.parent.mkdir()
    store_path.write_bytes(content)
    with pytest.raises((NotAStore, StoreDamaged)) as error:
        Store.open(store_path, keys)
    one_line(error)
    assert store_path.read_bytes() == content


def test_a_store_from_the_future(store: Store, keys: DeviceKeys, store_path: Path) -> None:
    store._connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    with pytest.raises(StoreTooNew) as error:
        Store.open(store_path, keys)
    one_line(error)


def test_a_store_cut_off(store: Store, keys: DeviceKeys, store_path: Path) -> None:
    source = store.add_source(Path("/a")).id
    for number in range(50):
        put(store, source, f"/a/{number}", "text " * 500)
    store.flush()
    store.close()
    whole = store_path.read_bytes()
    for part in (len(whole) // 2, 5000, 4096, 1000):
        store_path.write_bytes(whole[:part])
        with pytest.raises((StoreDamaged, NotAStore)) as error:
            Store.open(store_path, keys)
        one_line(error)


def test_a_store_of_other_keys(store: Store, store_path: Path) -> None:
    with pytest.raises(StoreForeign) as error:
        Store.open(store_path, DeviceKeys.create(MemoryKeyStore()))
    one_line(error)


def test_a_key_store_without_the_generation(
    store: Store, keys: DeviceKeys, store_path: Path
) -> None:
    assert isinstance(keys.key_store, MemoryKeyStore)
    for name in [name for name in keys.key_store.items if name.startswith("generation")]:
        keys.key_store.delete(name)
    with pytest.raises(ForeignKeys) as error:
        Vault.open(store_path, keys)
    one_line(error)


def test_the_watcher_alone_cannot_read_what_it_stored(store: Store, keys: DeviceKeys) -> None:
    """Everything the writing process holds opens no page of data keys."""
    put(store, store.add_source(Path("/a")).id, "/a/n.md", "the secret of the watcher")
    held = [keys.watcher.watch_key, keys.watcher.token_key, keys.watcher.anchor_key]
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    for (sealed,) in store._connection.execute("SELECT body FROM sealed"):
        for key in held:
            with pytest.raises(InvalidTag):
                AESGCM(key).decrypt(sealed[:12], sealed[12:], None)
    assert b"secret of the watcher" not in store.path.read_bytes()


@pytest.mark.parametrize("folder_mode", [0o755, 0o700])
def test_a_store_that_another_user_may_not_write_or_even_see(
    folder_mode: int, keys: DeviceKeys, tmp_path: Path
) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from personald.keys import DeviceKeys, MemoryKeyStore\n"
        "from personald.store import Store\n"
        "from personald.store.errors import StoreError\n"
        "keys = DeviceKeys.create(MemoryKeyStore())\n"
        "Store.create(Path(sys.argv[2]), keys).close()\n"
        "if os.getuid() == 0: os.setuid(65534)\n"
        "try: Store.open(Path(sys.argv[1]), keys)\n"
        "except StoreError as error: print(type(error).__name__, error)\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "home" / "store.db"
        Store.create(path, keys).close()
        path.chmod(0o444)
        path.parent.chmod(folder_mode & 0o555)
        Path(folder).chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", script, str(path), str(tmp_path / "up.db")],
            capture_output=True,
            text=True,
            check=False,
        )
        path.parent.chmod(0o755)
    assert done.stdout.startswith(StoreReadOnly.__name__), done.stdout + done.stderr


def test_a_network_volume_is_refused(tmp_path: Path) -> None:
    linux = f"proc /proc proc rw 0 0\nserver:/x {tmp_path} nfs4 rw,relatime 0 0\n/dev/sda / ext4 rw 0 0\n"
    with pytest.raises(StoreOnNetwork) as error:
        refuse_network_volume(tmp_path / "home", lambda: linux)
    one_line(error)
    macos = (
        "/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)\n"
        f"//ada@nas._smb._tcp.local/home on {tmp_path} (smbfs, nodev, nosuid, mounted by ada)\n"
    )
    with pytest.raises(StoreOnNetwork):
        refuse_network_volume(tmp_path / "home", lambda: macos)
    refuse_network_volume(tmp_path, lambda: "")
    refuse_network_volume(tmp_path)


def test_the_volume_of_a_path_is_the_longest_mount_above_it() -> None:
    mounts = parse_proc_mounts("a / ext4 rw\nb /home xfs rw\nc /home/ada\\040b nfs rw\n")
    assert kind_of_volume("/home/x", mounts) == "xfs"
    assert kind_of_volume("/homely", mounts) == "ext4"
    assert kind_of_volume("/home/ada b/store.db", mounts) == "nfs"
    assert parse_mount_command(
        "map auto_home on /System/Volumes/Data/home (autofs, automounted)"
    ) == {"/System/Volumes/Data/home": "autofs"}


def test_two_writers_wait_for_each_other_and_then_say_so(
    store: Store, keys: DeviceKeys, store_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.2)
    with Store.open(store_path, keys) as other:
        with store.batch():
            store.add_source(Path("/a"))
            with pytest.raises(StoreBusy) as error:
                other.add_source(Path("/b"))
            one_line(error)
        assert other.add_source(Path("/b")).id == 2


def test_a_text_that_is_too_long_is_a_failure_of_that_part_only(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = store.add_source(Path("/a")).id
    with store.batch():
        intake = store._intake
        assert isinstance(intake, Intake)
        intake.max_text_bytes = 2_000_000
        parts = [note("/a/box#1", "x" * 2_000_001), note("/a/box#2", "fine")]
        result = store.put_file(source, "/a/box", STAT, b"", parts)
    assert result == PutResult(new=1, failed=1)
    (failed,) = store.failed()
    assert failed.path == "/a/box#1"
    assert "2 MB" in failed.reason


def test_a_large_text_goes_in_and_comes_out(store: Store, keys: DeviceKeys) -> None:
    text = "A line of a very long text.\n" * 1_500_000
    put(store, store.add_source(Path("/a")).id, "/a/long.txt", text)
    with store.unlock(keys) as vault:
        (document,) = vault.documents()
        assert document.document.text == text


def test_ten_thousand_documents_of_one_byte_in_one_file(store: Store, keys: DeviceKeys) -> None:
    source = store.add_source(Path("/a")).id
    parts = (note(f"/a/box#{number}", "x") for number in range(10_000))
    assert store.put_file(source, "/a/box", STAT, b"", parts).new == 10_000
    assert store.counts().total == 10_000
    with store.unlock(keys) as vault:
        assert vault.maintain().taken_in == 10_000
        assert sum(1 for _ in vault.texts()) == 10_000


@settings(deadline=None)
@given(
    text=st.text(st.characters(), max_size=200),
    title=st.text(st.characters(), max_size=40),
    origin=st.text(st.characters(exclude_characters="\0"), max_size=30),
)
def test_whatever_text_there_is_comes_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, text: str, title: str, origin: str
) -> None:
    keys = DeviceKeys.create(MemoryKeyStore())
    path = tmp_path_factory.mktemp("any") / "store.db"
    document = Document(f"/a/file#{origin}", Domain.CHATS, "x", title, text, author=title)
    with Store.create(path, keys) as store:
        source = store.add_source(Path("/a")).id
        assert store.put_file(source, "/a/file", STAT, b"", [document]).new == 1
        with store.unlock(keys) as vault:
            assert [d.document for d in vault.documents()] == [document]
            assert [t for _, _, t in vault.texts()] == [text]
            vault.search(title or "x")


def test_a_path_that_is_not_unicode(store: Store, keys: DeviceKeys) -> None:
    path = b"/a/caf\xe9.md".decode("utf-8", "surrogateescape")
    source = store.add_source(Path("/a")).id
    put(store, source, path, "text")
    assert list(store.file_states(source)) == [path]
    with store.unlock(keys) as vault:
        assert [d.document.origin for d in vault.documents()] == [path]


def test_no_core_file_can_be_written_by_a_process_with_an_open_store(store: Store) -> None:
    import resource

    assert resource.getrlimit(resource.RLIMIT_CORE) == (0, 0)
    assert hardening.system_mounts("linux") != ""


def test_only_the_owner_may_read_the_store(store: Store, store_path: Path) -> None:
    assert store_path.stat().st_mode & 0o077 == 0
