"""A device's membership: its keys, its memory and the folder, which everything else in this room works with."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

from sync import roster as rosters
from sync.errors import NotEnrolled, UnknownDevice
from sync.folder import SyncFolder, object_name
from sync.identity import Identity
from sync.roster import Roster
from sync.state import StateFile


@dataclass(frozen=True, slots=True)
class Device:
    """One line of the list of devices."""

    device_id: str
    name: str
    own: bool
    active: bool
    last_sequence: int
    offers: tuple[str, ...]


class Member:
    """One device's membership in the group that shares one folder.

    Args:
        folder: where things travel.
        identity: this device's keys.
        state_file: its memory.
        clock: seconds since 1970.
        device_name: what its owner calls it.
        random: source of random bytes.
    """

    def __init__(
        self,
        folder: SyncFolder,
        identity: Identity,
        state_file: StateFile,
        clock: Callable[[], float],
        device_name: str,
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self.folder = folder
        self.identity = identity
        self.clock = clock
        self.device_name = device_name
        self.random = random
        self._state_file = state_file
        self.state = state_file.load()

    @property
    def device_id(self) -> str:
        """This device's name in the protocol."""
        return self.identity.device_id

    @property
    def vault(self) -> bytes:
        """The group's name as 16 bytes."""
        return bytes.fromhex(self.state.vault)

    def now(self) -> int:
        """Whole seconds since 1970, never negative."""
        return max(int(self.clock()), 0)

    def save(self) -> None:
        """Write this device's memory."""
        self._state_file.save(self.state)

    def found_group(self) -> None:
        """Start a group of devices with this one as its root; nothing happens when it belongs to one already.

        Raises:
            NotEnrolled: the folder already serves other devices; this one must be paired with them instead.
        """
        if self.state.vault:
            return
        self.folder.prepare()
        if self.folder.listing().names["r"]:
            raise NotEnrolled(
                f"{self.folder.path} already belongs to other devices.",
                "Run `personald device pair` on one of them and `personald device accept CODE` here.",
            )
        vault, frame = rosters.found(self.identity, self.random(rosters.SALT_BYTES))
        self.folder.publish("r", object_name(frame, "pdr"), frame)
        self.state.vault = vault
        self.save()

    def roster(self) -> Roster:
        """Who belongs, by the statements that are in the folder now and those that this device has seen there before.

        Raises:
            NotEnrolled: this device belongs to no group.
        """
        if not self.state.vault:
            raise NotEnrolled(
                "It has not been paired with any other device yet.",
                "Run `personald device pair` here or on a device that is enrolled.",
            )
        names = self.folder.listing().names["r"]
        frames = [frame for name in names if (frame := self.folder.read("r", name)) is not None]
        remembered = [text.encode() for text in self.state.statements.values()]
        roster = rosters.resolve(self.state.vault, [*frames, *remembered])
        statements = {object_name(frame, "pdr"): frame.decode() for frame in roster.statements}
        if statements != self.state.statements:
            self.state.statements = statements
            self.save()
        return roster

    def heal_roster(self) -> None:
        """Say again in the folder what has gone missing or was damaged there: roster statements that this device knows.

        Raises:
            FolderUnavailable: see `SyncFolder.publish`.
        """
        for name, text in self.state.statements.items():
            if self.folder.read("r", name) is None:
                self.folder.publish("r", name, text.encode())

    def devices(self) -> tuple[Device, ...]:
        """Everyone who ever belonged, this device first."""
        roster = self.roster()
        rows = []
        for device_id in roster.known:
            own = device_id == self.identity.device_id
            head = self.state.heads.get(device_id)
            offers = self.state.own if own else (head.entries if head else {})
            rows.append(
                Device(
                    device_id=device_id,
                    name=self.device_name if own else (head.device_name if head else ""),
                    own=own,
                    active=device_id in roster.active,
                    last_sequence=self.state.sequence if own else (head.sequence if head else 0),
                    offers=tuple(sorted(offers)),
                )
            )
        return tuple(sorted(rows, key=lambda row: (not row.own, row.name, row.device_id)))

    def revoke(self, device: str) -> str:
        """Put a device out; what is published from now on is no longer sealed for it.

        Args:
            device: its id, the beginning of its id (at least 4 digits), or its name.

        Returns:
            The id of the revoked device. What it had already read stays readable to it.

        Raises:
            UnknownDevice: none, or more than one, matches.
        """
        matching = [
            row.device_id
            for row in self.devices()
            if row.active
            and (row.name == device or (len(device) >= 4 and row.device_id.startswith(device)))
        ]
        if len(matching) != 1:
            raise UnknownDevice(
                f"{len(matching)} enrolled devices match {device!r}.",
                "See `personald device list` and name one by its id.",
            )
        roster = self.roster()
        keep = roster.let_in_by(matching[0])
        frame = rosters.revoke(self.state.vault, self.identity, matching[0], keep)
        self.folder.publish("r", object_name(frame, "pdr"), frame)
        return matching[0]
