"""Who belongs: signed statements that give the same set of devices in whatever order they arrive.

The group's name proves its root: vault = SHA-256("pd1 vault" ‖ root device id ‖ salt)[:16]. From the root, a device is
enrolled by a statement that an enrolled device and the newcomer both signed (Keybase calls the second a reverse
signature: nobody is enrolled unknowingly). A revocation wins over every enrolment (a two-phase set: Shapiro et al.,
"A comprehensive study of Convergent and Commutative Replicated Data Types", INRIA RR-7506, 2011, 3.3.2); it lists the
devices that the revoked one had let in so far, and those that it lets in later do not count. A device id never returns.

Known limit, by intent: a device that still holds its keys after its revocation can revoke others. The set then shrinks,
in the worst case to nothing: it fails closed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.errors import Rejected
from sync.framing import canonical_json, length_prefixed, parse_canonical_json
from sync.identity import Identity, PublicIdentity

SALT_BYTES = 16
_HEX = re.compile(r"(?:[0-9a-f]{2})*\Z")


@dataclass(frozen=True, slots=True)
class Roster:
    """The effective set.

    Attributes:
        active: device id → keys, of everyone who belongs now.
        known: device id → keys, of everyone who ever belonged.
        enrolled_by: device id → who let it in.
        statements: the frames that count, sorted; they give this very set again.
    """

    active: Mapping[str, PublicIdentity]
    known: Mapping[str, PublicIdentity]
    enrolled_by: Mapping[str, str]
    statements: tuple[bytes, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over the sorted ids of the active devices."""
        return hashlib.sha256("".join(sorted(self.active)).encode()).hexdigest()

    def let_in_by(self, device: str) -> tuple[str, ...]:
        """Sorted ids of the devices that `device` enrolled."""
        return tuple(
            sorted(new for new, by in self.enrolled_by.items() if by == device and new != device)
        )


def vault_name(root: str, salt: bytes) -> str:
    """The group's name, 32 hexadecimal digits."""
    return hashlib.sha256(b"pd1 vault" + bytes.fromhex(root) + salt).digest()[:16].hex()


def enrolment_input(vault: str, device: PublicIdentity, by: str) -> bytes:
    """What a newcomer signs to say that it wants to be enrolled by `by`."""
    return length_prefixed(
        b"pd1 enrol", bytes.fromhex(vault), device.signing, device.receiving, bytes.fromhex(by)
    )


def found(identity: Identity, salt: bytes) -> tuple[str, bytes]:
    """Make a new group with this device as its root.

    Args:
        identity: the root device.
        salt: 16 random bytes.

    Returns:
        The vault's name and the frame of the root's own enrolment.
    """
    vault = vault_name(identity.device_id, salt)
    own = identity.sign(enrolment_input(vault, identity.public, identity.device_id))
    return vault, enrol(vault, identity, identity.public, own, salt.hex())


def enrol(
    vault: str, by: Identity, device: PublicIdentity, reverse_signature: bytes, salt: str = ""
) -> bytes:
    """The frame by which `by` lets `device` in.

    Args:
        reverse_signature: the newcomer's signature over `enrolment_input`.
        salt: only for the root.
    """
    return _frame(
        {
            "type": "enrol",
            "vault": vault,
            "spk": device.signing.hex(),
            "xpk": device.receiving.hex(),
            "by": by.device_id,
            "rsig": reverse_signature.hex(),
            "salt": salt,
        },
        by,
    )


def revoke(vault: str, by: Identity, device: str, keep: Iterable[str]) -> bytes:
    """The frame by which `by` puts `device` out."""
    return _frame(
        {
            "type": "revoke",
            "vault": vault,
            "dev": device,
            "by": by.device_id,
            "keep": sorted(keep),
        },
        by,
    )


def resolve(vault: str, frames: Iterable[bytes]) -> Roster:
    """The effective set that a set of statements gives; the order of the frames does not matter.

    Statements that do not verify, or whose signer never belonged, count for nothing.
    """
    enrolments: list[_Said] = []
    revocations: list[_Said] = []
    for frame in sorted(set(frames)):
        try:
            said = _Said(*_read(vault, frame), frame)
        except Rejected:
            continue
        (enrolments if said.statement["type"] == "enrol" else revocations).append(said)
    known, enrolled_by, counted = _closure(vault, enrolments, {})
    cuts: dict[str, set[str]] = {}
    for said in revocations:
        by = known.get(said.statement["by"])
        if by is None or not by.verifies(said.signature, _signing_input(vault, said.statement)):
            continue
        kept = cuts.setdefault(said.statement["dev"], set(said.statement["keep"]))
        kept &= set(said.statement["keep"])
        counted.append(said.frame)
    remaining, _, _ = _closure(vault, enrolments, cuts)
    active = {device: keys for device, keys in remaining.items() if device not in cuts}
    return Roster(active, known, enrolled_by, tuple(sorted(counted)))


@dataclass(frozen=True, slots=True)
class _Said:
    """A well-formed statement, its signature, and the frame that holds both."""

    statement: dict[str, Any]
    signature: bytes
    frame: bytes


def _closure(
    vault: str, enrolments: Sequence[_Said], cuts: Mapping[str, set[str]]
) -> tuple[dict[str, PublicIdentity], dict[str, str], list[bytes]]:
    """Follow enrolments from the root until nothing is added; `cuts` limits whom a revoked device let in.

    Returns:
        Keys and who let it in, by device; and the frames that counted.
    """
    known: dict[str, PublicIdentity] = {}
    enrolled_by: dict[str, str] = {}
    counted: list[bytes] = []
    grown = True
    while grown:
        grown = False
        for said in enrolments:
            statement, signature = said.statement, said.signature
            device = PublicIdentity(
                bytes.fromhex(statement["spk"]), bytes.fromhex(statement["xpk"])
            )
            by = statement["by"]
            if device.device_id in known:
                continue
            if by == device.device_id:
                signer = device if _is_root(vault, by, statement["salt"]) else None
            elif by in cuts and device.device_id not in cuts[by]:
                signer = None
            else:
                signer = known.get(by)
            wanted = enrolment_input(vault, device, by)
            if (
                signer is not None
                and signer.verifies(signature, _signing_input(vault, statement))
                and device.verifies(bytes.fromhex(statement["rsig"]), wanted)
            ):
                known[device.device_id] = device
                enrolled_by[device.device_id] = by
                counted.append(said.frame)
                grown = True
    return known, enrolled_by, counted


def _is_root(vault: str, device: str, salt: str) -> bool:
    raw = bytes.fromhex(salt)
    return len(raw) == SALT_BYTES and vault_name(device, raw) == vault


def _signing_input(vault: str, statement: Mapping[str, Any]) -> bytes:
    return length_prefixed(b"pd1 roster", bytes.fromhex(vault), canonical_json(dict(statement)))


def _frame(statement: dict[str, Any], by: Identity) -> bytes:
    signature = by.sign(_signing_input(statement["vault"], statement))
    return canonical_json({"statement": statement, "signature": signature.hex()})


_FORMS: dict[str, dict[str, int | None]] = {
    # field → its length in hexadecimal digits; None: 0 or 32
    "enrol": {"vault": 32, "spk": 64, "xpk": 64, "by": 32, "rsig": 128, "salt": None},
    "revoke": {"vault": 32, "dev": 32, "by": 32},
}


def _read(vault: str, frame: bytes) -> tuple[dict[str, Any], bytes]:
    """The statement and its signature, well-formed and of this group, not yet verified."""
    value = parse_canonical_json(frame)
    if not isinstance(value, dict) or set(value) != {"statement", "signature"}:
        raise Rejected("It is not a roster statement.")
    statement, signature = value["statement"], value["signature"]
    form = _FORMS.get(statement.get("type", "")) if isinstance(statement, dict) else None
    extra = {"type", "keep"} if form is _FORMS["revoke"] else {"type"}
    if form is None or set(statement) != set(form) | extra or not _is_hex(signature, 128):
        raise Rejected("It is not a roster statement of this version.")
    if not all(_is_hex(statement[name], length) for name, length in form.items()):
        raise Rejected("A field of the roster statement is out of form.")
    keep = statement.get("keep", [])
    if not isinstance(keep, list) or not all(_is_hex(item, 32) for item in keep):
        raise Rejected("A field of the roster statement is out of form.")
    if statement["vault"] != vault:
        raise Rejected("It belongs to another group.")
    if "spk" in statement:
        PublicIdentity(bytes.fromhex(statement["spk"]), bytes.fromhex(statement["xpk"]))
    return statement, bytes.fromhex(signature)


def _is_hex(value: Any, length: int | None) -> bool:
    if not isinstance(value, str) or _HEX.match(value) is None:
        return False
    return len(value) in (0, 2 * SALT_BYTES) if length is None else len(value) == length
