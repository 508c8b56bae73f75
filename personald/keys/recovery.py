"""The recovery code: 128 random bits that a person writes on paper, and the key pair that follows from them.

The code is 26 characters of Crockford's base 32 (crockford.com/base32.html) in groups of four and a check of two
more: no I, L, O or U, and when typed back, case, hyphens and spaces do not matter and I and L read as 1, O as 0.
The store keeps only the public key, so that a backup can be sealed without asking for the code.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from personald.keys.errors import RecoveryCodeWrong

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
SECRET_BYTES = 16
SECRET_CHARACTERS = 26  # 26 × 5 = 130 bits ≥ 128
CHECK_CHARACTERS = 2  # 10 bits: a typing error passes with a chance of one in a thousand
GROUP = 4
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0", "-": None, " ": None})


@dataclass(frozen=True, slots=True, repr=False)
class RecoveryCode:
    """One recovery code.

    Attributes:
        secret: its 16 random bytes.
    """

    secret: bytes

    @classmethod
    def generate(cls, randomness: Callable[[int], bytes] = os.urandom) -> RecoveryCode:
        """Make a new code."""
        return cls(randomness(SECRET_BYTES))

    @classmethod
    def parse(cls, typed: str) -> RecoveryCode:
        """Read a code as a person typed it.

        Raises:
            RecoveryCodeWrong: a character is missing, is not of the alphabet, or the check does not fit.
        """
        characters = "".join(typed.upper().split()).translate(_LOOKALIKES)
        expected = SECRET_CHARACTERS + CHECK_CHARACTERS
        if len(characters) != expected:
            raise RecoveryCodeWrong(
                f"it has {len(characters)} characters, not {expected}", "Type it again."
            )
        strange = sorted({character for character in characters if character not in ALPHABET})
        if strange:
            raise RecoveryCodeWrong(
                f"{' and '.join(strange)} cannot be part of a code", "Type it again."
            )
        number = 0
        for character in characters[:SECRET_CHARACTERS]:
            number = number * 32 + ALPHABET.index(character)
        if number >> (8 * SECRET_BYTES):
            raise RecoveryCodeWrong("it has a typing error", "Compare it with your paper.")
        code = cls(number.to_bytes(SECRET_BYTES, "big"))
        if code._characters() != characters:
            raise RecoveryCodeWrong("it has a typing error", "Compare it with your paper.")
        return code

    @property
    def text(self) -> str:
        """The code as it is shown, in groups of four."""
        characters = self._characters()
        return "-".join(
            characters[start : start + GROUP] for start in range(0, len(characters), GROUP)
        )

    @property
    def private_key(self) -> X25519PrivateKey:
        """The key that opens backups: HKDF-SHA256 of the code, as an X25519 private key."""
        seed = HKDF(hashes.SHA256(), 32, salt=None, info=b"personald 1 recovery").derive(
            self.secret
        )
        return X25519PrivateKey.from_private_bytes(seed)

    @property
    def public_bytes(self) -> bytes:
        """The 32 bytes of the public key, which the device keeps."""
        return self.private_key.public_key().public_bytes_raw()

    def group(self, number: int) -> str:
        """Return group `number` (1…7), to ask a person for after the code was shown."""
        return self.text.split("-")[number - 1]

    def confirms(self, answers: Sequence[tuple[int, str]]) -> bool:
        """True when every (group number, what was typed) fits: the code was really written down."""
        return all(
            "".join(typed.upper().split()).translate(_LOOKALIKES) == self.group(number)
            for number, typed in answers
        )

    def _characters(self) -> str:
        check = int.from_bytes(hashlib.sha256(b"personald check" + self.secret).digest()[:2], "big")
        number = (int.from_bytes(self.secret, "big") << 10) | (check >> 6)
        characters = []
        # The check is 10 bits, exactly its two characters; the secret fills the 26 before it.
        for _ in range(SECRET_CHARACTERS + CHECK_CHARACTERS):
            number, value = divmod(number, 32)
            characters.append(ALPHABET[value])
        return "".join(reversed(characters))
