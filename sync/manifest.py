"""Manifests: what one device offers now, in full, signed and numbered.

A manifest carries its writer's whole state, so only the newest of each device matters and nothing has to be merged. The
plaintext of its object is ::

    pd1m <base64url Ed25519 signature>\\n
    <canonical JSON>\\n

The signature covers lp("pd1 manifest", vault, JSON). Clocks are never used for order: `sequence` orders one device's
manifests, `lamport` orders versions of one blob between devices (Lamport, CACM 21(7), 1978).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.errors import Rejected
from sync.framing import canonical_json, length_prefixed, parse_canonical_json
from sync.identity import Identity, PublicIdentity

VERSION = 1
PREFIX = b"pd1m "
MAX_SEQUENCE = 10**12 - 1
MAX_BLOBS = 256

_HEX32 = re.compile(r"[0-9a-f]{32}\Z")
_HEX64 = re.compile(r"[0-9a-f]{64}\Z")
_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}\Z")


@dataclass(frozen=True, slots=True)
class Entry:
    """One blob that a device offers.

    Attributes:
        lamport: version of this name, at least 1; higher wins, equal ones by device id.
        object_name: SHA-256 of the object's file, 64 hexadecimal digits; "" when the blob was deleted.
        payload_hash: SHA-256 of the payload, 64 hexadecimal digits; "" when it was deleted.
        size: bytes of the payload.
        meta: text of the publisher's own, at most 64 KiB.
    """

    lamport: int
    object_name: str
    payload_hash: str
    size: int
    meta: str

    @property
    def deleted(self) -> bool:
        """True when the device says that this name is gone."""
        return not self.object_name


@dataclass(frozen=True, slots=True)
class Manifest:
    """One device's whole state.

    Attributes:
        vault: the group, 32 hexadecimal digits.
        device: who wrote it.
        sequence: 1, 2, 3, …
        previous: SHA-256 of the plaintext of the writer's manifest before this one; "" for the first.
        written_at: seconds since 1970 by the writer's clock; advisory.
        device_name: what its owner calls the device.
        roster: hash of the set of devices the writer knew.
        seen: device → (sequence, hash) of the newest manifest of it that the writer has accepted.
        entries: name → what is offered.
    """

    vault: str
    device: str
    sequence: int
    previous: str
    written_at: int
    device_name: str
    roster: str
    seen: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    entries: Mapping[str, Entry] = field(default_factory=dict)

    def to_plain(self) -> dict[str, Any]:
        """The JSON value."""
        return {
            "v": VERSION,
            "vault": self.vault,
            "dev": self.device,
            "seq": self.sequence,
            "prev": self.previous,
            "t": self.written_at,
            "name": self.device_name,
            "roster": self.roster,
            "seen": {device: [number, digest] for device, (number, digest) in self.seen.items()},
            "ad": {
                name: {
                    "l": entry.lamport,
                    "obj": entry.object_name,
                    "psha": entry.payload_hash,
                    "size": entry.size,
                    "meta": entry.meta,
                }
                for name, entry in self.entries.items()
            },
        }


def digest(plaintext: bytes) -> str:
    """SHA-256 in hexadecimal: what `previous` and `seen` refer to."""
    return hashlib.sha256(plaintext).hexdigest()


def sign(manifest: Manifest, identity: Identity) -> bytes:
    """The signed plaintext of a manifest."""
    body = canonical_json(manifest.to_plain())
    signature = identity.sign(_signing_input(manifest.vault, body))
    return PREFIX + base64.urlsafe_b64encode(signature) + b"\n" + body + b"\n"


def verify(plaintext: bytes, vault: str, author: PublicIdentity) -> Manifest:
    """Read a manifest that `author` signed for this group.

    Raises:
        Rejected: the signature, the form or any field is wrong.
    """
    head, separator, rest = plaintext.partition(b"\n")
    if not separator or not head.startswith(PREFIX) or not rest.endswith(b"\n"):
        raise Rejected("It is not a manifest.")
    body = rest[:-1]
    try:
        signature = base64.b64decode(head[len(PREFIX) :], altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise Rejected("Its signature is not base64url.") from error
    if base64.urlsafe_b64encode(signature) != head[len(PREFIX) :]:
        raise Rejected("Its signature is not in its one canonical form.")
    if not author.verifies(signature, _signing_input(vault, body)):
        raise Rejected("Its signature is not its author's.")
    manifest = _from_plain(parse_canonical_json(body))
    if manifest.vault != vault or manifest.device != author.device_id:
        raise Rejected("It belongs to another group or another device.")
    return manifest


def _signing_input(vault: str, body: bytes) -> bytes:
    return length_prefixed(b"pd1 manifest", bytes.fromhex(vault), body)


def _from_plain(value: Any) -> Manifest:
    """Check every field; a manifest of an enrolled device may still be malformed or malicious."""
    fields = {"v", "vault", "dev", "seq", "prev", "t", "name", "roster", "seen", "ad"}
    _require(isinstance(value, dict) and set(value) == fields, "fields")
    _require(value["v"] == VERSION, "version")
    _require(_matches(_HEX32, value["vault"]) and _matches(_HEX32, value["dev"]), "ids")
    _require(isinstance(value["seq"], int) and 1 <= value["seq"] <= MAX_SEQUENCE, "sequence")
    _require(value["prev"] == "" or _matches(_HEX64, value["prev"]), "previous")
    _require(isinstance(value["t"], int) and 0 <= value["t"] < 1 << 53, "time")
    _require(isinstance(value["name"], str) and len(value["name"]) <= 128, "name")
    _require(_matches(_HEX64, value["roster"]), "roster")
    return Manifest(
        vault=value["vault"],
        device=value["dev"],
        sequence=value["seq"],
        previous=value["prev"],
        written_at=value["t"],
        device_name=value["name"],
        roster=value["roster"],
        seen=_seen(value["seen"]),
        entries=_entries(value["ad"]),
    )


def _seen(value: Any) -> dict[str, tuple[int, str]]:
    _require(isinstance(value, dict) and len(value) <= MAX_BLOBS, "seen")
    for device, pair in value.items():
        good = isinstance(pair, list) and len(pair) == 2
        _require(good and _matches(_HEX32, device), "seen")
        _require(isinstance(pair[0], int) and 1 <= pair[0] <= MAX_SEQUENCE, "seen")
        _require(_matches(_HEX64, pair[1]), "seen")
    return {device: (pair[0], pair[1]) for device, pair in value.items()}


def _entries(value: Any) -> dict[str, Entry]:
    _require(isinstance(value, dict) and len(value) <= MAX_BLOBS, "blobs")
    entries = {}
    for name, item in value.items():
        _require(_matches(_NAME, name) and isinstance(item, dict), "blob")
        _require(set(item) == {"l", "obj", "psha", "size", "meta"}, "blob")
        _require(isinstance(item["l"], int) and 1 <= item["l"] < 1 << 53, "blob version")
        _require(isinstance(item["size"], int) and 0 <= item["size"] < 1 << 40, "blob size")
        _require(isinstance(item["meta"], str) and len(item["meta"]) <= 1 << 16, "blob meta")
        gone = item["obj"] == "" and item["psha"] == ""
        _require(gone or (_matches(_HEX64, item["obj"]) and _matches(_HEX64, item["psha"])), "blob")
        entries[name] = Entry(item["l"], item["obj"], item["psha"], item["size"], item["meta"])
    return entries


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.match(value) is not None


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise Rejected(f"Its {what} field is out of form.")
