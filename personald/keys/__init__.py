"""The device's keys: where they lie, what is derived from them, and the code that outlives the machine.

The story, in the order of the modules:

1. `keys.errors`     what can be wrong with keys, each with its own line for the person.
2. `keys.derived`    one 32-byte master gives every other key by HKDF. The watcher gets a narrow set of its own
                     (`WatcherKeys`), the trainer and its owner get all (`DeviceKeys`). What may have to be forgotten
                     hangs on *generations*: secrets that are replaced by fresh ones, never derived from the master.
3. `keys.stores`     where secrets lie: the system keychain, a key file (only when asked for), or memory (tests).
4. `keys.passphrase` a key file may be closed with a passphrase (Argon2id).
5. `keys.recovery`   the recovery code: 26 characters on paper that open a backup when the machine is gone.
6. `keys.opening`    which of these a home uses, written down at `init` and never changed silently.
"""

from personald.keys.derived import DeviceKeys, Generation, WatcherKeys
from personald.keys.errors import (
    ForeignKeys,
    KeychainAbsent,
    KeychainDenied,
    KeychainLocked,
    KeyFileDamaged,
    KeyFileExposed,
    KeysExist,
    KeysMissing,
    PassphraseWrong,
    RecoveryCodeWrong,
)
from personald.keys.opening import (
    KeyPlace,
    create_keys,
    interpreter_changed,
    new_key_place,
    open_keys,
    open_watcher_keys,
    read_key_place,
    write_key_place,
)
from personald.keys.recovery import RecoveryCode
from personald.keys.stores import KeychainKeyStore, KeyFileStore, KeyStore, MemoryKeyStore

__all__ = [
    "DeviceKeys",
    "ForeignKeys",
    "Generation",
    "KeyFileDamaged",
    "KeyFileExposed",
    "KeyFileStore",
    "KeyPlace",
    "KeyStore",
    "KeychainAbsent",
    "KeychainDenied",
    "KeychainKeyStore",
    "KeychainLocked",
    "KeysExist",
    "KeysMissing",
    "MemoryKeyStore",
    "PassphraseWrong",
    "RecoveryCode",
    "RecoveryCodeWrong",
    "WatcherKeys",
    "create_keys",
    "interpreter_changed",
    "new_key_place",
    "open_keys",
    "open_watcher_keys",
    "read_key_place",
    "write_key_place",
]
