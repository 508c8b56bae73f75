"""Out: say what this device offers, in full, sealed for those who belong now."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from sync import manifest as manifests
from sync import sealed
from sync.errors import DeviceCloned, NotEnrolled
from sync.folder import Listing, object_name
from sync.manifest import Entry, Manifest
from sync.member import Member
from sync.roster import Roster
from sync.state import OwnBlob

KEEP_MANIFESTS = 8
KEEP_OBJECTS_SECONDS = 14 * 24 * 3600
SAY_SEEN_AFTER_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Blob:
    """What this device offers under a name.

    Attributes:
        name: lower-case, at most 64 of [a-z0-9_.-].
        payload: the bytes, or None to say that the name is gone everywhere.
        meta: text of the caller's own, at most 64 KiB.
    """

    name: str
    payload: bytes | None
    meta: str = ""


class Outbox:
    """Publishes for one member."""

    def __init__(self, member: Member) -> None:
        self._member = member

    def publish(self, blobs: Sequence[Blob], *, purge: bool = False) -> bool:
        """Say what this device offers now, in full: names that are missing from `blobs` are no longer offered.

        Args:
            blobs: everything this device offers, each name once. Nothing is written for what is unchanged.
            purge: delete this device's superseded objects at once (after something was forgotten).

        Returns:
            True when a new manifest was written.

        Raises:
            NotEnrolled: this device does not belong (any more).
            DeviceCloned: the folder holds later manifests of this device than it remembers writing.
            FolderUnavailable: see `SyncFolder`.
        """
        roster = self._member.roster()
        if self._member.device_id not in roster.active:
            raise NotEnrolled(
                "It was revoked on another device.", "Pair it again to make it a new member."
            )
        self._member.folder.prepare()
        self._member.heal_roster()
        self._refuse_when_cloned(self._member.folder.listing())
        own = {blob.name: self._offer(blob, roster) for blob in blobs}
        changed = self._write_manifest(own, roster)
        self._clear_up(purge)
        self._member.save()
        return changed

    def _offer(self, blob: Blob, roster: Roster) -> OwnBlob:
        """Seal a blob's object unless the very same one is out, whole, for the very same devices."""
        payload_hash = "" if blob.payload is None else hashlib.sha256(blob.payload).hexdigest()
        before = self._member.state.own.get(blob.name)
        same = before is not None and (before.payload_hash, before.meta) == (
            payload_hash,
            blob.meta,
        )
        lamport = before.lamport if same and before else self._next_lamport(blob.name)
        if blob.payload is None:
            return OwnBlob(lamport, "", "", 0, blob.meta, roster.digest)
        folder = self._member.folder
        if same and before and before.recipients == roster.digest:
            file = f"{before.object_name}.pdo"
            if folder.read("o", file) is not None:
                return before
            folder.remove_own("o", file)
        recipients = tuple(roster.active.values())
        data = sealed.seal(
            blob.payload,
            sealed.Kind.BLOB,
            self._member.vault,
            recipients,
            self._member.random(64),
        )
        name = object_name(data, "pdo")
        folder.publish("o", name, data)
        return OwnBlob(
            lamport,
            name.removesuffix(".pdo"),
            payload_hash,
            len(blob.payload),
            blob.meta,
            roster.digest,
        )

    def _next_lamport(self, name: str) -> int:
        known = [
            head.entries[name]["lamport"]
            for head in self._member.state.heads.values()
            if name in head.entries
        ]
        if name in self._member.state.own:
            known.append(self._member.state.own[name].lamport)
        return max(known, default=0) + 1

    def _write_manifest(self, own: dict[str, OwnBlob], roster: Roster) -> bool:
        now = self._member.now()
        said = repr(
            (
                sorted((name, asdict(item)) for name, item in own.items()),
                roster.digest,
                self._member.device_name,
            )
        )
        fingerprint = hashlib.sha256(said.encode()).hexdigest()
        current = f"{self._member.device_id}-{self._member.state.sequence:012d}.pdm"
        due = (
            now - self._member.state.published_at > SAY_SEEN_AFTER_SECONDS
            and self._member.state.heads
        )
        if (
            fingerprint == self._member.state.published
            and not due
            and self._member.folder.has("m", current)
        ):
            return False
        statement = Manifest(
            vault=self._member.state.vault,
            device=self._member.device_id,
            sequence=self._member.state.sequence + 1,
            previous=self._member.state.previous,
            written_at=now,
            device_name=self._member.device_name,
            roster=roster.digest,
            seen={
                device: (head.sequence, head.digest)
                for device, head in self._member.state.heads.items()
            },
            entries={
                name: Entry(item.lamport, item.object_name, item.payload_hash, item.size, item.meta)
                for name, item in own.items()
            },
        )
        plaintext = manifests.sign(statement, self._member.identity)
        recipients = tuple(roster.active.values())
        data = sealed.seal(
            plaintext, sealed.Kind.MANIFEST, self._member.vault, recipients, self._member.random(64)
        )
        # The number is used up before the file is out: after a crash in between, it is skipped, never used twice.
        self._retire(own, now)
        self._member.state.own = own
        self._member.state.sequence = statement.sequence
        self._member.state.previous = manifests.digest(plaintext)
        self._member.state.published_at = now
        self._member.save()
        self._member.folder.publish("m", f"{statement.device}-{statement.sequence:012d}.pdm", data)
        self._member.state.published = fingerprint
        return True

    def _retire(self, own: dict[str, OwnBlob], now: int) -> None:
        offered = {item.object_name for item in own.values()}
        for item in self._member.state.own.values():
            if item.object_name and item.object_name not in offered:
                self._member.state.retired.setdefault(item.object_name, now)

    def _clear_up(self, purge: bool) -> None:
        """Delete this device's own files that nobody needs any more."""
        now = self._member.now()
        for name, since in list(self._member.state.retired.items()):
            if purge or now - since > KEEP_OBJECTS_SECONDS:
                self._member.folder.remove_own("o", f"{name}.pdo")
                del self._member.state.retired[name]
        mine = [
            name for name in self._member.folder.listing().names["m"] if self._is_own_manifest(name)
        ]
        for name in mine[: -1 if purge else -KEEP_MANIFESTS]:
            self._member.folder.remove_own("m", name)

    def _is_own_manifest(self, name: str) -> bool:
        return name.startswith(self._member.device_id)

    def _refuse_when_cloned(self, listing: Listing) -> None:
        numbers = [int(name[33:45]) for name in listing.names["m"] if self._is_own_manifest(name)]
        if max(numbers, default=0) > self._member.state.sequence:
            raise DeviceCloned(
                f"The folder holds message {max(numbers)} of this device, which remembers "
                f"{self._member.state.sequence}: it was restored from a backup, or its keys are in use twice.",
                "Revoke it on another device, delete its sync folder under the home, and pair it again.",
            )
