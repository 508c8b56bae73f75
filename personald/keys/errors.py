"""What can be wrong with keys: one class for each case a person can act on. All exit with code 5 (locked)."""

from __future__ import annotations

from personald.errors import Locked, PersonaldError


class KeychainLocked(Locked):
    """The keychain is there but locked, or there is nobody to unlock it (a session without a screen)."""

    title = "The keychain is locked"


class KeychainDenied(Locked):
    """The person, or the keychain's access list, said no."""

    title = "The keychain refused"


class KeychainAbsent(Locked):
    """There is no keychain on this machine."""

    title = "No keychain"


class KeysMissing(Locked):
    """The place for keys is there, but the keys are not in it."""

    title = "No keys"


class ForeignKeys(Locked):
    """There are keys, but not those that this home was made with."""

    title = "Other keys"


class KeyFileDamaged(Locked):
    """The key file cannot be understood."""

    title = "The key file is damaged"


class KeyFileExposed(Locked):
    """Others on this machine could read the key file."""

    title = "The key file is not private"


class PassphraseWrong(Locked):
    """The passphrase does not open the key file."""

    title = "Wrong passphrase"


class RecoveryCodeWrong(Locked):
    """The recovery code has a typing error, or is not the one for this backup."""

    title = "Wrong recovery code"


class KeysExist(PersonaldError):
    """Keys are there already; making new ones would lose what the old ones open."""

    title = "Keys exist already"
