"""The room's front door.

Everything here is a step that may be repeated: `publish` says nothing when nothing changed, `poll` hands out the same
news until the caller says that it is installed, and a pairing moves on whenever either side looks. Time is used for
politeness (expiry of a code, clearing up), never for order.
"""

from __future__ import annotations

from collections.abc import Sequence

from sync.inbox import Inbox, News, Received
from sync.joining import Joining, Pairing
from sync.member import Device, Member
from sync.outbox import Blob, Outbox


class Engine:
    """One device's view of one shared folder; see `Member`, `Outbox`, `Inbox` and `Joining` for each step."""

    def __init__(self, member: Member) -> None:
        self.member = member
        self._outbox = Outbox(member)
        self._inbox = Inbox(member)
        self._joining = Joining(member)

    @property
    def enrolled(self) -> bool:
        """True when this device has belonged to a group at some time."""
        return bool(self.member.state.vault)

    def found_group(self) -> None:
        """See `Member.found_group`."""
        self.member.found_group()

    def publish(self, blobs: Sequence[Blob], *, purge: bool = False) -> bool:
        """See `Outbox.publish`."""
        return self._outbox.publish(blobs, purge=purge)

    def poll(self) -> News:
        """See `Inbox.poll`."""
        return self._inbox.poll()

    def mark_installed(self, received: Received) -> None:
        """See `Inbox.mark_installed`."""
        self._inbox.mark_installed(received)

    def devices(self) -> tuple[Device, ...]:
        """See `Member.devices`."""
        return self.member.devices()

    def revoke(self, device: str) -> str:
        """See `Member.revoke`."""
        return self.member.revoke(device)

    def invite(self, *, trust_code: bool) -> str:
        """See `Joining.invite`."""
        return self._joining.invite(trust_code=trust_code)

    def accept(self, code: str) -> Pairing:
        """See `Joining.accept`."""
        return self._joining.accept(code)

    def advance_pairing(self) -> Pairing | None:
        """See `Joining.advance`."""
        return self._joining.advance()

    def confirm_pairing(self) -> None:
        """See `Joining.confirm`."""
        self._joining.confirm()
