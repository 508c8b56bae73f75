"""A device's identity: an Ed25519 pair that signs, an X25519 pair that receives, and the name that follows from both."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sync.errors import Rejected

DEVICE_ID_BYTES = 16

# The field's prime and the y-coordinates of the eight points of small order, reduced: for each of their encodings
# OpenSSL accepts signatures that no private key made. Source: Ed25519 is defined over 2^255 − 19 (RFC 8032, 5.1); the
# list is that of libsodium's ge25519_has_small_order.
_PRIME = 2**255 - 19
_SMALL_ORDER_Y = frozenset(
    {
        0,
        1,
        _PRIME - 1,
        2707385501144840649318225287225658788936804267575313519463743609750303402022,
        55188659117513257062467267217118295137698188065244968500265048394206261417927,
    }
)


def derive(secret: bytes, info: bytes, *, salt: bytes = b"", length: int = 32) -> bytes:
    """HKDF-SHA-256 (RFC 5869) of a secret, separated by `info`."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt or None, info=info).derive(secret)


@dataclass(frozen=True, slots=True)
class PublicIdentity:
    """What the others know of a device.

    Attributes:
        signing: Ed25519 public key, 32 bytes.
        receiving: X25519 public key, 32 bytes.
    """

    signing: bytes
    receiving: bytes

    def __post_init__(self) -> None:
        if len(self.signing) != 32 or len(self.receiving) != 32:
            raise Rejected("A device key has the wrong length.")
        y = int.from_bytes(self.signing, "little") & ((1 << 255) - 1)
        if y >= _PRIME or y in _SMALL_ORDER_Y:
            raise Rejected("A device's signing key is one that anybody can sign for.")

    @property
    def device_id(self) -> str:
        """The device's name in the protocol: 32 hexadecimal digits that follow from its keys."""
        digest = hashlib.sha256(b"pd1 device" + self.signing + self.receiving).digest()
        return digest[:DEVICE_ID_BYTES].hex()

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """True when this device signed `message`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.signing).verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Identity:
    """This device's own key pairs; build it with `Identity.from_seed`."""

    signing: Ed25519PrivateKey
    receiving: X25519PrivateKey
    public: PublicIdentity

    @classmethod
    def from_seed(cls, seed: bytes) -> Identity:
        """Derive both pairs from one secret.

        Args:
            seed: 32 secret bytes, kept in the keychain.
        """
        signing = Ed25519PrivateKey.from_private_bytes(derive(seed, b"pd1 identity signing"))
        receiving = X25519PrivateKey.from_private_bytes(derive(seed, b"pd1 identity receiving"))
        public = PublicIdentity(
            signing.public_key().public_bytes_raw(), receiving.public_key().public_bytes_raw()
        )
        return cls(signing, receiving, public)

    @property
    def device_id(self) -> str:
        """See `PublicIdentity.device_id`."""
        return self.public.device_id

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature, 64 bytes."""
        return self.signing.sign(message)


def receiving_key(public: PublicIdentity) -> X25519PublicKey:
    """The key to which objects for this device are sealed."""
    return X25519PublicKey.from_public_bytes(public.receiving)
