"""In: accept what the others say when it verifies and is newer; fetch what they offer and this device lacks."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace

from sync import manifest as manifests
from sync import sealed
from sync.errors import NotForThisDevice, Rejected
from sync.folder import Listing
from sync.manifest import Entry, Manifest
from sync.member import Member
from sync.roster import Roster
from sync.state import Head

SILENT_AFTER_SECONDS = 31 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Received:
    """What another device offers and this one has not installed; `payload` is None for a name that is gone."""

    name: str
    device: str
    device_name: str
    lamport: int
    payload: bytes | None
    meta: str


@dataclass(frozen=True, slots=True)
class News:
    """The outcome of one look into the folder.

    Attributes:
        received: one per name at most, the newest.
        problems: one line for each thing that is not as it should be.
        waiting: number of objects that are announced but not (wholly) here yet.
    """

    received: tuple[Received, ...]
    problems: tuple[str, ...]
    waiting: int


class Inbox:
    """Takes in for one member."""

    def __init__(self, member: Member) -> None:
        self._member = member

    def poll(self) -> News:
        """Take in every newer manifest and fetch what is offered and not installed here.

        A file that does not verify changes nothing and is told as a problem.

        Raises:
            NotEnrolled, FolderUnavailable: see `roster` and `SyncFolder`.
        """
        listing = self._member.folder.listing()
        roster = self._member.roster()
        problems: list[str] = []
        for device in sorted(roster.active):
            if device != self._member.device_id:
                problems += self._take_in(device, roster, listing)
        problems += self._silent_devices(roster)
        received, waiting, refused = self._fetch(roster)
        self._member.save()
        return News(tuple(received), tuple(problems + refused), waiting)

    def mark_installed(self, received: Received) -> None:
        """Remember that this news was used (or judged and refused for good), so that it is not handed out again."""
        self._member.state.installed[received.name] = (received.lamport, received.device)
        self._member.save()

    def _take_in(self, device: str, roster: Roster, listing: Listing) -> list[str]:
        """Accept a device's newest manifest; returns one line for each that was refused."""
        if device in self._member.state.frozen:
            return [f"Device {device[:8]} is not listened to: {self._member.state.frozen[device]}"]
        head = self._member.state.heads.get(device)
        problems = []
        for name in reversed([n for n in listing.names["m"] if n.startswith(device)]):
            sequence = int(name[33:45])
            if head is not None and sequence < head.sequence:
                break
            data = self._member.folder.read("m", name)
            if data is None:
                continue
            try:
                manifest, digest = self._open_manifest(data, device, roster)
                if manifest.sequence != sequence:
                    raise Rejected("Its number is not the one in its name.")
            except NotForThisDevice:
                problems.append(
                    f"Device {device[:8]} has not synced since this one joined; what it offers arrives after it has."
                )
                continue
            except Rejected as error:
                problems.append(f"Manifest {sequence} of device {device[:8]}: {error.detail}")
                continue
            if head is not None and sequence == head.sequence:
                if digest != head.digest:
                    self._member.state.frozen[device] = (
                        "it said two different things under one number."
                    )
                    problems.append(f"Device {device[:8]} {self._member.state.frozen[device]}")
                break
            entries = {key: asdict(entry) for key, entry in manifest.entries.items()}
            self._member.state.heads[device] = Head(
                sequence, digest, manifest.device_name, self._member.now(), entries
            )
            problems += self._withheld(manifest)
            break
        return problems

    def _open_manifest(self, data: bytes, device: str, roster: Roster) -> tuple[Manifest, str]:
        plaintext = sealed.unseal(
            data, sealed.Kind.MANIFEST, self._member.vault, self._member.identity
        )
        return (
            manifests.verify(plaintext, self._member.state.vault, roster.active[device]),
            manifests.digest(plaintext),
        )

    def _withheld(self, manifest: Manifest) -> list[str]:
        """What another device has seen and the folder does not show here."""
        lines = []
        for device, (sequence, _) in manifest.seen.items():
            if device == self._member.device_id:
                if sequence > self._member.state.sequence:
                    lines.append(
                        "Other devices have seen later messages of this device than it remembers."
                    )
            elif (
                device in self._member.state.heads
                and sequence > self._member.state.heads[device].sequence
            ):
                lines.append(
                    f"The folder is behind: {manifest.device_name or manifest.device[:8]} has seen message "
                    f"{sequence} of {device[:8]}, here it is at {self._member.state.heads[device].sequence}."
                )
        return lines

    def _silent_devices(self, roster: Roster) -> list[str]:
        now = self._member.now()
        return [
            f"No news from {head.device_name or device[:8]} for {(now - head.accepted_at) // 86400} days."
            for device, head in self._member.state.heads.items()
            if device in roster.active and now - head.accepted_at > SILENT_AFTER_SECONDS
        ]

    def _fetch(self, roster: Roster) -> tuple[list[Received], int, list[str]]:
        received: list[Received] = []
        problems: list[str] = []
        waiting = 0
        for name, (device, entry) in self._winners(roster).items():
            if device == self._member.device_id or self._member.state.installed.get(name) == (
                entry.lamport,
                device,
            ):
                continue
            news = Received(
                name,
                device,
                self._member.state.heads[device].device_name,
                entry.lamport,
                None,
                entry.meta,
            )
            if entry.deleted:
                received.append(news)
                continue
            file = f"{entry.object_name}.pdo"
            data = self._member.folder.read("o", file)
            if data is None:
                waiting += 1
                if self._member.folder.has("o", file):
                    maker = news.device_name or device[:8]
                    problems.append(
                        f"{name} of {maker}: its file in the shared folder is damaged or not wholly there; it is taken"
                        f" in once it is whole, or once {maker} syncs again and writes it anew."
                    )
                continue
            try:
                payload = sealed.unseal(
                    data, sealed.Kind.BLOB, self._member.vault, self._member.identity
                )
                if hashlib.sha256(payload).hexdigest() != entry.payload_hash:
                    raise Rejected("Its content is not the one that was announced.")
            except Rejected as error:
                problems.append(f"{name} of {news.device_name or device[:8]}: {error.detail}")
                continue
            received.append(replace(news, payload=payload))
        return received, waiting, problems

    def _winners(self, roster: Roster) -> dict[str, tuple[str, Entry]]:
        """For each name the version with the highest (lamport, device), over all active devices, this one included."""
        offers: list[tuple[str, str, Entry]] = [
            (
                name,
                self._member.device_id,
                Entry(item.lamport, item.object_name, item.payload_hash, item.size, item.meta),
            )
            for name, item in self._member.state.own.items()
        ]
        for device, head in self._member.state.heads.items():
            if device in roster.active and device not in self._member.state.frozen:
                offers += [(name, device, Entry(**item)) for name, item in head.entries.items()]
        winners: dict[str, tuple[str, Entry]] = {}
        for name, device, entry in offers:
            best = winners.get(name)
            if best is None or (entry.lamport, device) > (best[1].lamport, best[0]):
                winners[name] = (device, entry)
        return winners
