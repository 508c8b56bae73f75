"""The steps of a pairing, on both sides, each of which may be repeated and survives a restart."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from sync import pairing, roster
from sync.errors import NotEnrolled, PairingFailed, Rejected
from sync.folder import object_name
from sync.member import Member
from sync.state import PendingPairing


class Step(enum.StrEnum):
    """Where a pairing stands."""

    WAITING = "waiting"
    COMPARE = "compare"
    DONE = "done"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Pairing:
    """What to show: the step, and the six digits once both messages are there."""

    step: Step
    digits: str = ""


class Joining:
    """Pairs one member with another device."""

    def __init__(self, member: Member) -> None:
        self._member = member

    def invite(self, *, trust_code: bool) -> str:
        """Open a slot for one new device, for ten minutes; founds the group when there is none.

        Args:
            trust_code: enrol whoever knows the code, without comparing digits.

        Returns:
            The code to type on the new device.
        """
        member = self._member
        member.found_group()
        if member.device_id not in member.roster().active:
            raise NotEnrolled("It was revoked on another device.", "Pair it again first.")
        secret = member.random(pairing.SECRET_BYTES)
        expires = member.now() + pairing.LIFETIME_SECONDS
        invitation = pairing.Invitation(member.state.vault, member.identity.public, expires)
        data = pairing.seal_invitation(secret, invitation, member.random(pairing.NONCE_BYTES))
        member.folder.prepare()
        member.folder.publish("p", f"{pairing.slot_name(secret)}.a", data)
        member.state.pairing = PendingPairing(
            "host", secret.hex(), member.state.vault, expires, confirmed=trust_code
        )
        member.save()
        return pairing.code_of(secret)

    def accept(self, code: str) -> Pairing:
        """Answer an invitation; `advance` says when the host has enrolled this device.

        Raises:
            PairingFailed: no open invitation has this code, or this device belongs to another group.
        """
        member = self._member
        secret = pairing.secret_of(code)
        slot = pairing.slot_name(secret)
        member.folder.prepare()
        data = member.folder.read("p", f"{slot}.a")
        if data is None:
            raise PairingFailed(
                "No open invitation in the sync folder has this code.",
                "Check the code, wait until the folder is in step, or make a new one.",
            )
        invitation = pairing.open_invitation(secret, data)
        if invitation.expires_at < member.now():
            raise PairingFailed("The code is older than ten minutes.", "Make a new one.")
        if member.state.vault and member.state.vault != invitation.vault:
            raise PairingFailed(
                "This device belongs to another group of devices.",
                "Delete its sync folder under the home to leave that group.",
            )
        wanted = roster.enrolment_input(
            invitation.vault, member.identity.public, invitation.host.device_id
        )
        answer = pairing.Answer(
            member.identity.public, member.device_name, member.identity.sign(wanted)
        )
        sealed = pairing.seal_answer(secret, answer, member.random(pairing.NONCE_BYTES))
        member.folder.publish("p", f"{slot}.b", sealed)
        digits = pairing.comparison_digits(secret, data, sealed)
        member.state.pairing = PendingPairing(
            "guest", secret.hex(), invitation.vault, invitation.expires_at, digits=digits
        )
        member.save()
        return Pairing(Step.WAITING, digits)

    def confirm(self) -> None:
        """The owner says that the digits agree on both screens.

        Raises:
            PairingFailed: there is nothing to confirm.
        """
        pending = self._member.state.pairing
        if pending is None or pending.role != "host":
            raise PairingFailed("No pairing is open here.", "Run `personald device pair`.")
        pending.confirmed = True
        self._member.save()

    def advance(self) -> Pairing | None:
        """Look whether the other side has moved, and do the next step; None when no pairing is open."""
        pending = self._member.state.pairing
        if pending is None:
            return None
        result = self._host(pending) if pending.role == "host" else self._guest(pending)
        if result.step is Step.WAITING and pending.expires_at < self._member.now():
            result = Pairing(Step.EXPIRED)
        if result.step in (Step.DONE, Step.EXPIRED):
            side = "a" if pending.role == "host" else "b"
            slot = pairing.slot_name(bytes.fromhex(pending.secret))
            self._member.folder.remove_own("p", f"{slot}.{side}")
            self._member.state.pairing = None
        self._member.save()
        return result

    def _host(self, pending: PendingPairing) -> Pairing:
        member = self._member
        secret = bytes.fromhex(pending.secret)
        slot = pairing.slot_name(secret)
        invitation = member.folder.read("p", f"{slot}.a")
        data = member.folder.read("p", f"{slot}.b")
        if invitation is None or data is None:
            return Pairing(Step.WAITING)
        try:
            answer = pairing.open_answer(secret, data)
        except Rejected:
            return Pairing(Step.WAITING)
        digits = pairing.comparison_digits(secret, invitation, data)
        if pending.digits and pending.digits != digits:
            # A second answer under the same code: somebody else knows it. The code is burnt.
            return Pairing(Step.EXPIRED)
        pending.digits = digits
        if not pending.confirmed:
            return Pairing(Step.COMPARE, digits)
        frame = roster.enrol(
            member.state.vault, member.identity, answer.guest, answer.reverse_signature
        )
        member.folder.publish("r", object_name(frame, "pdr"), frame)
        return Pairing(Step.DONE, digits)

    def _guest(self, pending: PendingPairing) -> Pairing:
        member = self._member
        names = member.folder.listing().names["r"]
        frames = [frame for name in names if (frame := member.folder.read("r", name)) is not None]
        if member.device_id not in roster.resolve(pending.vault, frames).active:
            return Pairing(Step.WAITING, pending.digits)
        member.state.vault = pending.vault
        return Pairing(Step.DONE, pending.digits)
