"""How a new device gets in: one code of 128 secret bits, shown on one screen and typed on the other.

The code opens a slot in the shared folder. The host puts an invitation into it (which group, which device lets you in),
the newcomer its answer (its keys, signed), both sealed under the code. Six digits that follow from both messages are
shown on both screens; when they agree, nobody stood in between, even if the code was seen. With 128 bits no password-
authenticated key exchange is needed: the code cannot be guessed from what is in the folder.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from sync.errors import PairingFailed, Rejected
from sync.framing import canonical_json, parse_canonical_json
from sync.identity import PublicIdentity, derive

SECRET_BYTES = 16
LIFETIME_SECONDS = 600
NONCE_BYTES = 12

# Crockford's base 32 (crockford.com/base32.html): no I, L, O, U; what looks alike reads alike.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("ILO", "110")
_CODE_DIGITS = 26


def code_of(secret: bytes) -> str:
    """The code that a person types: 26 digits in groups, for a secret of 16 bytes."""
    number = int.from_bytes(secret, "big")
    digits = ""
    for _ in range(_CODE_DIGITS):
        digits = _ALPHABET[number % 32] + digits
        number //= 32
    return "-".join(digits[start : start + 5] for start in range(0, _CODE_DIGITS, 5))


def secret_of(code: str) -> bytes:
    """Read a typed code, in any case, with or without separators.

    Raises:
        PairingFailed: it is no code.
    """
    digits = "".join(code.upper().split()).replace("-", "").translate(_READ_AS)
    number = 0
    for digit in digits:
        if digit not in _ALPHABET:
            raise PairingFailed(f"{digit!r} does not occur in a pairing code.", "Type it again.")
        number = number * 32 + _ALPHABET.index(digit)
    if len(digits) != _CODE_DIGITS or number >= 1 << (8 * SECRET_BYTES):
        raise PairingFailed(
            f"A pairing code has {_CODE_DIGITS} letters and digits, this one {len(digits)}.",
            "Type it again.",
        )
    return number.to_bytes(SECRET_BYTES, "big")


@dataclass(frozen=True, slots=True)
class Invitation:
    """The host's message.

    Attributes:
        vault: the group.
        host: the device that lets the newcomer in.
        expires_at: seconds since 1970.
    """

    vault: str
    host: PublicIdentity
    expires_at: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The newcomer's message.

    Attributes:
        guest: its keys.
        name: what its owner calls it.
        reverse_signature: over `roster.enrolment_input`.
    """

    guest: PublicIdentity
    name: str
    reverse_signature: bytes


def slot_name(secret: bytes) -> str:
    """The slot that the code opens, 32 hexadecimal digits."""
    return hmac.digest(derive(secret, b"pd1 pair"), b"slot", "sha256")[:16].hex()


def seal_invitation(secret: bytes, invitation: Invitation, nonce: bytes) -> bytes:
    """The bytes of the slot's `.a` file; `nonce` is 12 random bytes."""
    value = {
        "vault": invitation.vault,
        "spk": invitation.host.signing.hex(),
        "xpk": invitation.host.receiving.hex(),
        "exp": invitation.expires_at,
    }
    return _seal(secret, b"a", canonical_json(value), nonce)


def open_invitation(secret: bytes, data: bytes) -> Invitation:
    """Read the `.a` file.

    Raises:
        Rejected: it was not made with this code.
    """
    value = parse_canonical_json(_open(secret, b"a", data))
    try:
        host = PublicIdentity(bytes.fromhex(value["spk"]), bytes.fromhex(value["xpk"]))
        return Invitation(str(value["vault"]), host, int(value["exp"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected("The invitation is out of form.") from error


def seal_answer(secret: bytes, answer: Answer, nonce: bytes) -> bytes:
    """The bytes of the slot's `.b` file; `nonce` is 12 random bytes."""
    value = {
        "spk": answer.guest.signing.hex(),
        "xpk": answer.guest.receiving.hex(),
        "name": answer.name[:128],
        "rsig": answer.reverse_signature.hex(),
    }
    return _seal(secret, b"b", canonical_json(value), nonce)


def open_answer(secret: bytes, data: bytes) -> Answer:
    """Read the `.b` file.

    Raises:
        Rejected: it was not made with this code.
    """
    value = parse_canonical_json(_open(secret, b"b", data))
    try:
        guest = PublicIdentity(bytes.fromhex(value["spk"]), bytes.fromhex(value["xpk"]))
        return Answer(guest, str(value["name"])[:128], bytes.fromhex(value["rsig"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Rejected("The answer is out of form.") from error


def comparison_digits(secret: bytes, invitation: bytes, answer: bytes) -> str:
    """Six digits that both screens show: they agree only if both saw the same two messages."""
    transcript = hashlib.sha256(invitation + answer).digest()
    number = int.from_bytes(derive(secret, b"pd1 compare", salt=transcript, length=8), "big")
    return f"{number % 1_000_000:06d}"


def _seal(secret: bytes, side: bytes, data: bytes, nonce: bytes) -> bytes:
    return nonce + ChaCha20Poly1305(derive(secret, b"pd1 pair " + side)).encrypt(nonce, data, side)


def _open(secret: bytes, side: bytes, data: bytes) -> bytes:
    cipher = ChaCha20Poly1305(derive(secret, b"pd1 pair " + side))
    try:
        return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], side)
    except (InvalidTag, ValueError) as error:
        raise Rejected("The pairing message was not made with this code.") from error
