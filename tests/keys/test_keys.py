"""Keys: derived apart from one another, kept where the person chose, and each trouble with its own line."""

from __future__ import annotations

import json
from pathlib import Path

import keyring.errors
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as NoKeyring
from keyring.backends.null import Keyring as NullKeyring

from personald.errors import ExitCode, Locked
from personald.keys import (
    DeviceKeys,
    ForeignKeys,
    KeychainAbsent,
    KeychainDenied,
    KeychainKeyStore,
    KeychainLocked,
    KeyFileDamaged,
    KeyFileExposed,
    KeyFileStore,
    KeysExist,
    KeysMissing,
    MemoryKeyStore,
    PassphraseWrong,
    RecoveryCode,
    RecoveryCodeWrong,
    WatcherKeys,
    create_keys,
    interpreter_changed,
    open_keys,
    open_watcher_keys,
)
from personald.keys.derived import MASTER_ITEM, WATCHER_ITEM, derive
from personald.keys.passphrase import HEADER, close_with_passphrase, open_with_passphrase

STORE = bytes(range(16))
NO_KEYCHAINS = [NoKeyring, NullKeyring]


# keyring declares the base's metaclass and `priority` without types.
class Keychain(KeyringBackend):  # type: ignore[misc]
    """A keychain in memory that can be told to fail as the macOS one does."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()
        self.items: dict[tuple[str, str], str] = {}
        self.error: Exception | None = None
        self.forgetful = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.error:
            raise self.error
        return self.items.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        if self.error:
            raise self.error
        if not self.forgetful:
            self.items[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.error:
            raise self.error
        del self.items[service, username]


def test_every_key_differs_and_follows_from_the_master_alone() -> None:
    store = MemoryKeyStore()
    keys = DeviceKeys.create(store, lambda size: b"m" * size)
    again = DeviceKeys.open(store)
    all_keys = [
        keys.watch_key,
        keys.token_key,
        keys.watcher.anchor_key,
        keys.adapter_key,
        keys.identity_seed,
        keys.master(),
    ]
    assert len(set(all_keys)) == len(all_keys)
    assert all(len(key) == 32 for key in all_keys)
    assert (again.watcher, again.adapter_key) == (keys.watcher, keys.adapter_key)


def test_derivation_is_hkdf_as_written_down() -> None:
    """Computed by hand from RFC 5869 with HMAC alone, so that no other library can change it unnoticed."""
    import hashlib
    import hmac

    extracted = hmac.digest(bytes(hashlib.sha256().digest_size), b"s" * 32, "sha256")
    expected = hmac.digest(extracted, b"personald 1 watch\x01", "sha256")
    assert derive(b"s" * 32, "watch") == expected


def test_the_watcher_opens_with_its_own_item_and_cannot_get_at_the_rest() -> None:
    store = MemoryKeyStore()
    keys = DeviceKeys.create(store)
    only = MemoryKeyStore()
    only.items[WATCHER_ITEM] = store.items[WATCHER_ITEM]
    assert WatcherKeys.open(only) == keys.watcher
    with pytest.raises(KeysMissing):
        DeviceKeys.open(only)


def test_generations_are_fresh_and_die() -> None:
    keys = DeviceKeys.create(MemoryKeyStore())
    one, two = keys.new_generation(STORE, 1), keys.new_generation(STORE, 2)
    assert one.kek != two.kek
    assert keys.generation(STORE, 1).kek == one.kek
    keys.drop_generation(STORE, 1)
    with pytest.raises(ForeignKeys):
        keys.generation(STORE, 1)
    assert keys.generation(STORE, 2).public_key.public_bytes_raw() == (
        two.public_key.public_bytes_raw()
    )


def test_keys_are_never_made_twice() -> None:
    store = MemoryKeyStore()
    DeviceKeys.create(store)
    with pytest.raises(KeysExist):
        DeviceKeys.create(store)


def test_a_master_of_another_length_is_foreign() -> None:
    store = MemoryKeyStore()
    DeviceKeys.create(store)
    store.items[MASTER_ITEM] = b"short"
    with pytest.raises(ForeignKeys):
        DeviceKeys.open(store)


# ---- the keychain ----


def test_the_keychain_keeps_bytes_and_two_homes_apart() -> None:
    backend = Keychain()
    one, two = KeychainKeyStore("one", backend), KeychainKeyStore("two", backend)
    one.set("x", b"\x00\xff\n")
    assert one.get("x") == b"\x00\xff\n"
    assert two.get("x") is None
    one.delete("x")
    one.delete("x")
    assert one.get("x") is None


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            keyring.errors.KeyringLocked("Can't get password from keychain: (-128, 'x')"),
            KeychainLocked,
        ),
        (
            keyring.errors.KeyringError("Can't get password: (-25308, 'Unknown Error')"),
            KeychainLocked,
        ),
        (
            keyring.errors.KeyringError("Can't get password: (-25293, 'Auth Failure')"),
            KeychainDenied,
        ),
        (keyring.errors.PasswordSetError("Can't store: (-25293, 'x')"), KeychainDenied),
        (keyring.errors.NoKeyringError("No recommended backend was available."), KeychainAbsent),
        (keyring.errors.KeyringError("something new"), KeychainLocked),
    ],
)
def test_each_trouble_with_the_keychain_has_its_own_error_and_exits_as_locked(
    error: Exception, expected: type[Locked]
) -> None:
    backend = Keychain()
    keys = KeychainKeyStore("home", backend)
    backend.error = error
    for action in (lambda: keys.get("x"), lambda: keys.set("x", b"y"), lambda: keys.delete("x")):
        with pytest.raises(expected) as raised:
            action()
        assert raised.value.exit_code == ExitCode.LOCKED
        assert raised.value.remedy


@pytest.mark.parametrize("backend", NO_KEYCHAINS)
def test_no_keychain_is_said_and_nothing_else_is_used(
    tmp_path: Path, backend: type[KeyringBackend]
) -> None:
    with pytest.raises(KeychainAbsent):
        create_keys(tmp_path, backend=backend())
    assert list(tmp_path.iterdir()) == []


def test_a_keychain_that_does_not_keep_what_it_is_given_is_noticed_at_once(tmp_path: Path) -> None:
    backend = Keychain()
    backend.forgetful = True
    with pytest.raises(KeysMissing):
        create_keys(tmp_path, backend=backend)


def test_a_home_in_the_keychain_opens_again(tmp_path: Path) -> None:
    backend = Keychain()
    keys, code = create_keys(tmp_path, backend=backend)
    assert open_keys(tmp_path, backend=backend).adapter_key == keys.adapter_key
    assert open_watcher_keys(tmp_path, backend=backend) == keys.watcher
    assert keys.recovery_key() == code.public_bytes
    with pytest.raises(KeysExist):
        create_keys(tmp_path, backend=backend)
    with pytest.raises(KeysMissing):
        open_keys(tmp_path, backend=Keychain())


def test_another_interpreter_is_explained_for_the_keychain_only(tmp_path: Path) -> None:
    create_keys(tmp_path, backend=Keychain())
    assert interpreter_changed(tmp_path) is None
    place = json.loads((tmp_path / "keys.json").read_text())
    place["interpreter"] = "/old/python"
    (tmp_path / "keys.json").write_text(json.dumps(place))
    assert "/old/python" in (interpreter_changed(tmp_path) or "")


# ---- the key file ----


def test_a_key_file_is_private_and_keeps_items(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    store = KeyFileStore(file)
    assert store.get("x") is None
    store.set("x", b"1")
    store.set("y", b"2")
    store.delete("x")
    assert (KeyFileStore(file).get("x"), KeyFileStore(file).get("y")) == (None, b"2")
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    KeyFileStore(file).set("x", b"1")
    file.chmod(0o640)
    with pytest.raises(KeyFileExposed):
        KeyFileStore(file).get("x")


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff\xfe", b'{"format": "personald keys 1"}']
)
def test_a_damaged_key_file_is_said_to_be_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "keys"
    file.touch(mode=0o600)
    file.write_bytes(content)
    with pytest.raises(KeyFileDamaged):
        KeyFileStore(file).get("x")


def test_a_key_file_in_a_missing_folder_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing):
        create_keys(tmp_path, key_file=tmp_path / "nowhere" / "keys")


def test_a_home_without_keys_and_with_a_broken_place(tmp_path: Path) -> None:
    with pytest.raises(KeysMissing, match="never initialised"):
        open_keys(tmp_path)
    for content in ("", "{}", '{"kind": "cloud", "account": "", "path": "", "interpreter": ""}'):
        (tmp_path / "keys.json").write_text(content)
        with pytest.raises(KeyFileDamaged):
            open_keys(tmp_path)


def test_a_passphrase_closes_the_key_file(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    keys, _ = create_keys(tmp_path, key_file=file, passphrase=lambda: "Ærlig talt")
    assert b"items" not in file.read_bytes()
    # The same words with a decomposed letter, as another keyboard may send them.
    opened = open_keys(tmp_path, passphrase=lambda: "A\u030arlig talt".replace("A\u030a", "Æ"))
    assert opened.adapter_key == keys.adapter_key
    with pytest.raises(PassphraseWrong):
        open_keys(tmp_path, passphrase=lambda: "ærlig talt")
    with pytest.raises(KeysMissing, match="closed with a passphrase"):
        open_keys(tmp_path)


def test_a_hostile_passphrase_file_cannot_ask_for_all_memory() -> None:
    closed = close_with_passphrase(b"x", "p")
    fields = list(HEADER.unpack(closed[: HEADER.size]))
    for place, value in ((1, 2**32 - 1), (1, 0), (2, 2**31), (2, 0), (3, 0), (3, 10**6)):
        changed = [*fields]
        changed[place] = value
        with pytest.raises(KeyFileDamaged):
            open_with_passphrase(HEADER.pack(*changed) + closed[HEADER.size :], "p")
    for place in (9, 20, 40, len(closed) - 1):
        flipped = bytearray(closed)
        flipped[place] ^= 1
        with pytest.raises((PassphraseWrong, KeyFileDamaged)):
            open_with_passphrase(bytes(flipped), "p")
    with pytest.raises(KeyFileDamaged):
        open_with_passphrase(closed[:50], "p")


# ---- the recovery code ----


@settings(deadline=None)
@given(st.binary(min_size=16, max_size=16))
def test_a_code_is_read_back_however_it_is_typed(secret: bytes) -> None:
    code = RecoveryCode(secret)
    assert len(code.text) == 34
    for typed in (
        code.text,
        code.text.lower(),
        code.text.replace("-", " "),
        code.text.replace("1", "l").replace("0", "O"),
        f"  {code.text}\n",
    ):
        assert RecoveryCode.parse(typed) == code


@settings(deadline=None)
@given(st.binary(min_size=16, max_size=16), st.integers(0, 27), st.integers(1, 31))
def test_one_wrong_character_is_noticed(secret: bytes, place: int, step: int) -> None:
    from personald.keys.recovery import ALPHABET

    characters = RecoveryCode(secret).text.replace("-", "")
    wrong = ALPHABET[(ALPHABET.index(characters[place]) + step) % 32]
    typed = characters[:place] + wrong + characters[place + 1 :]
    try:
        parsed = RecoveryCode.parse(typed)
    except RecoveryCodeWrong:
        return
    # Ten bits of check let one in a thousand through; such a code opens nothing.
    assert parsed != RecoveryCode(secret)


@pytest.mark.parametrize("typed", ["", "ABCD", "U" * 28, "Z" * 28, "1" * 29, "é" * 28])
def test_what_is_no_code_is_said_to_be_none(typed: str) -> None:
    with pytest.raises(RecoveryCodeWrong):
        RecoveryCode.parse(typed)


def test_the_person_confirms_the_code_by_groups() -> None:
    code = RecoveryCode.generate()
    assert code.confirms([(2, code.group(2).lower()), (7, code.group(7))])
    assert not code.confirms([(2, code.group(3)), (3, code.group(3))]) or code.group(
        2
    ) == code.group(3)
    assert RecoveryCode.generate() != code


def test_two_processes_may_write_the_same_key_file(tmp_path: Path) -> None:
    import subprocess
    import sys

    file = tmp_path / "keys"
    script = (
        "import sys; from pathlib import Path; from personald.keys import KeyFileStore\n"
        "store = KeyFileStore(Path(sys.argv[1]))\n"
        "for n in range(15): store.set(f'{sys.argv[2]}.{n}', b'x')\n"
    )
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(file), name],
        )
        for name in ("a", "b")
    ]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    store = KeyFileStore(file)
    assert all(store.get(f"{name}.{n}") == b"x" for name in "ab" for n in range(15))
