"""Every adapter version there ever was: immutable, content-addressed, sealed, with its state and its story.

States: candidate → canary → active → retired; or rejected, rolled back, forgotten. The folder holds one sealed file
for each adapter that still has its tensors, and one sealed index with the cards, states and numbers of all of them,
kept for ever. Every change of the index is written whole under a lock: whatever happens, what served before serves on.
"""

from __future__ import annotations

import enum
import fcntl
import json
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from personald.errors import PersonaldError
from training.card import Card, identity
from training.sealing import derive, open_sealed, seal, write_whole

INDEX = "index"


class State(enum.StrEnum):
    """Where an adapter version stands."""

    CANDIDATE = "candidate"
    CANARY = "canary"
    ACTIVE = "active"
    RETIRED = "retired"
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"
    FORGOTTEN = "forgotten"


class RegistryRefuses(PersonaldError):
    """There is no such adapter version, or it cannot go where it is sent."""

    title = "The adapter registry refuses"


@dataclass(frozen=True, slots=True)
class Change:
    """One step in the life of an adapter version."""

    at: datetime
    state: State
    reason: str


@dataclass(frozen=True, slots=True)
class AdapterVersion:
    """One adapter version.

    Attributes:
        id: hex hash over card and tensors.
        number: 1, 2, 3 … within its domain on this device.
        card: what is known about it.
        state: where it stands.
        bytes: size of its tensors' file; 0 when they are gone.
        history: how it came there.
        forgot: documents that it had learnt from and that it was destroyed for.
    """

    id: str
    number: int
    card: Card
    state: State
    bytes: int
    history: tuple[Change, ...]
    forgot: tuple[str, ...] = ()

    @property
    def domain(self) -> str:
        """What it remembers."""
        return self.card.domain

    @property
    def name(self) -> str:
        """Domain and number, "people/3"."""
        return f"{self.card.domain}/{self.number}"


class Registry:
    """The adapter versions in one folder.

    Args:
        folder: where they lie; made when first written to.
        key: 32 bytes that everything in it is sealed under.
        clock: the time now, with a time zone.
    """

    def __init__(
        self, folder: Path, key: bytes, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.folder, self.clock = folder, clock
        self.key = derive(key, "adapter registry")

    # ---- reading

    def versions(self, domain: str | None = None) -> list[AdapterVersion]:
        """All versions (of one domain), oldest first."""
        found = [version for version in self._read().values() if domain in (None, version.domain)]
        return sorted(found, key=lambda version: (version.domain, version.number))

    def get(self, id: str) -> AdapterVersion:
        """The version with this identity, an unambiguous beginning of it, or "domain/number".

        Raises:
            RegistryRefuses: there is none, or more than one.
        """
        versions = self._read()
        found = [
            v
            for key, v in versions.items()
            if v.name == id or (len(id) >= 4 and key.startswith(id))
        ]
        if len(found) != 1:
            raise RegistryRefuses(
                f"{len(found) or 'no'} adapter versions are called {id}",
                "See: personald adapters list",
            )
        return found[0]

    def active(self, domain: str) -> AdapterVersion | None:
        """The version that serves: the canary if there is one, else the active one; None before the first."""
        serving = self.serving()
        return serving.get(domain)

    def serving(self) -> dict[str, AdapterVersion]:
        """Domain → the version that serves there."""
        chosen: dict[str, AdapterVersion] = {}
        for state in (State.ACTIVE, State.CANARY):
            chosen.update({v.domain: v for v in self._read().values() if v.state is state})
        return chosen

    def settled(self, domain: str) -> AdapterVersion | None:
        """The active version, also while a canary serves."""
        return _one(self._read(), domain, State.ACTIVE)

    def canary(self, domain: str) -> AdapterVersion | None:
        """The version on trial, if there is one."""
        return _one(self._read(), domain, State.CANARY)

    def tensors(self, id: str) -> bytes:
        """The version's tensors as a safetensors file, from the sealed one; in memory only.

        Raises:
            RegistryRefuses: they are gone.
            SealBroken: the file is damaged.
        """
        return self.payload(id)[1]

    def payload(self, id: str) -> tuple[bytes, bytes]:
        """Card and tensors of a version, as they travel to another device.

        Raises:
            RegistryRefuses: the tensors are gone, or are not what the identity says.
            SealBroken: the file is damaged.
        """
        version = self.get(id)
        gone = RegistryRefuses(f"the tensors of {version.name} are gone (it is {version.state})")
        if not version.bytes:
            raise gone
        try:
            sealed = self._path(version.id).read_bytes()
        except FileNotFoundError as error:
            raise gone from error
        plain = open_sealed(self.key, f"adapter/{version.id}", sealed)
        (length,) = struct.unpack(">I", plain[:4])
        card, tensors = plain[4 : 4 + length], plain[4 + length :]
        if identity(card, tensors) != version.id:
            raise RegistryRefuses(f"the file of {version.name} holds another adapter")
        return card, tensors

    # ---- writing

    def add_candidate(self, card: Card, tensors: bytes, reason: str = "trained") -> AdapterVersion:
        """Take in a new adapter as a candidate; one that is known already is returned as it is.

        Raises:
            OSError: the disk is full; nothing has changed.
        """
        body = card.to_json()
        name = identity(body, tensors)
        with self._changing() as versions:
            known = versions.get(name)
            if known is not None:
                return known
            plain = struct.pack(">I", len(body)) + body + tensors
            write_whole(self._path(name), seal(self.key, f"adapter/{name}", plain))
            number = 1 + max(
                (v.number for v in versions.values() if v.domain == card.domain), default=0
            )
            change = Change(self.clock(), State.CANDIDATE, reason)
            versions[name] = AdapterVersion(
                name, number, card, State.CANDIDATE, len(tensors), (change,)
            )
        return versions[name]

    def promote(self, id: str, reason: str, canary: bool = False) -> AdapterVersion:
        """Let a version serve: on trial as a canary beside the active one, or as the active one in its place.

        One that only kept silent about something forgotten (`Card.suppressed`) is destroyed when another one settles.

        Raises:
            RegistryRefuses: its tensors are gone, or it serves already.
        """
        wanted = self.get(id)
        with self._changing() as versions:
            if not wanted.bytes:
                raise RegistryRefuses(
                    f"the tensors of {wanted.name} are gone (it is {wanted.state})"
                )
            if wanted.state is State.ACTIVE or (canary and wanted.state is State.CANARY):
                raise RegistryRefuses(f"{wanted.name} serves already")
            for other in [
                v for v in versions.values() if v.domain == wanted.domain and v.id != wanted.id
            ]:
                if other.card.suppressed and other.bytes and not canary:
                    reason = f"{wanted.name} was built without what it kept silent about"
                    self._move(versions, other.id, State.FORGOTTEN, reason)
                    self._drop_tensors(versions, other.id)
                elif other.state is State.CANARY or (other.state is State.ACTIVE and not canary):
                    self._move(versions, other.id, State.RETIRED, f"replaced by {wanted.name}")
            self._move(versions, wanted.id, State.CANARY if canary else State.ACTIVE, reason)
        return versions[wanted.id]

    def reject(self, id: str, reason: str) -> AdapterVersion:
        """Turn a candidate down; its numbers stay, its tensors go."""
        wanted = self.get(id)
        with self._changing() as versions:
            if wanted.state is not State.CANDIDATE:
                raise RegistryRefuses(f"{wanted.name} is {wanted.state}, not a candidate")
            self._move(versions, wanted.id, State.REJECTED, reason)
            self._drop_tensors(versions, wanted.id)
        return versions[wanted.id]

    def rollback(self, domain: str, reason: str) -> AdapterVersion | None:
        """Take back what serves in a domain; what served before it serves again.

        Returns:
            The version that serves now; None when only the base is left.

        Raises:
            RegistryRefuses: nothing serves there.
        """
        with self._changing() as versions:
            serving = _one(versions, domain, State.CANARY) or _one(versions, domain, State.ACTIVE)
            if serving is None:
                raise RegistryRefuses(f"no adapter serves in {domain}")
            self._move(versions, serving.id, State.ROLLED_BACK, reason)
            before = _one(versions, domain, State.ACTIVE) or self._last_retired(versions, domain)
            if before is not None and before.state is not State.ACTIVE:
                self._move(
                    versions,
                    before.id,
                    State.ACTIVE,
                    f"serves again: {serving.name} was rolled back",
                )
        return self.active(domain)

    def forget(self, documents: set[str], reason: str) -> list[AdapterVersion]:
        """Destroy every adapter that was trained on one of these documents; returns those that were not destroyed before.

        Their files are gone when this returns; a process that was killed before that leaves it to the next change.
        """
        with self._changing() as versions:
            touched = [
                version
                for version in versions.values()
                if documents & {document for document, _ in version.card.documents}
            ]
            for old in touched:
                learnt = {document for document, _ in old.card.documents}
                kept = tuple(d for d in old.card.documents if d[0] not in documents)
                versions[old.id] = replace(
                    old,
                    card=replace(old.card, documents=kept, subjects=()),
                    forgot=tuple(sorted({*old.forgot, *(learnt & documents)})),
                )
                if old.state is not State.FORGOTTEN:
                    self._move(versions, old.id, State.FORGOTTEN, reason)
                self._drop_tensors(versions, old.id)
        return [versions[old.id] for old in touched if old.state is not State.FORGOTTEN]

    def forgotten(self) -> set[str]:
        """All documents that adapters were ever destroyed for."""
        return {document for version in self.versions() for document in version.forgot}

    def prune(self, keep: int = 3) -> int:
        """Drop the tensors of all but the last `keep` retired or rolled-back versions of each domain; how many."""
        dropped = 0
        with self._changing() as versions:
            past = [
                v
                for v in versions.values()
                if v.state in (State.RETIRED, State.ROLLED_BACK) and v.bytes
            ]
            for domain in {version.domain for version in past}:
                mine = sorted((v for v in past if v.domain == domain), key=lambda v: v.number)
                for version in mine[:-keep] if keep else mine:
                    self._drop_tensors(versions, version.id)
                    dropped += 1
        return dropped

    # ---- the files

    def _path(self, id: str) -> Path:
        return self.folder / f"{id}.adapter"

    def _last_retired(
        self, versions: Mapping[str, AdapterVersion], domain: str
    ) -> AdapterVersion | None:
        retired = [
            v
            for v in versions.values()
            if v.domain == domain and v.state is State.RETIRED and v.bytes
        ]
        return max(retired, key=lambda v: v.history[-1].at, default=None)

    def _move(
        self, versions: dict[str, AdapterVersion], id: str, state: State, reason: str
    ) -> None:
        old = versions[id]
        versions[id] = replace(
            old, state=state, history=(*old.history, Change(self.clock(), state, reason))
        )

    def _drop_tensors(self, versions: dict[str, AdapterVersion], id: str) -> None:
        """Note that a version's tensors go; the file follows the index, so that none is named that is not there."""
        versions[id] = replace(versions[id], bytes=0)

    def _sweep(self, versions: Mapping[str, AdapterVersion]) -> None:
        """Delete the files of tensors that no version has: dropped ones, and those of a killed process."""
        for path in self.folder.glob("*.adapter"):
            known = versions.get(path.stem)
            if known is None or not known.bytes:
                path.unlink(missing_ok=True)

    def _read(self) -> dict[str, AdapterVersion]:
        try:
            sealed = (self.folder / INDEX).read_bytes()
        except FileNotFoundError:
            return {}
        entries = json.loads(open_sealed(self.key, INDEX, sealed))
        return {entry["id"]: _version(entry) for entry in entries}

    @contextmanager
    def _changing(self) -> Iterator[dict[str, AdapterVersion]]:
        """The versions, to be changed under the folder's lock; written back whole when the block ends well."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            versions = self._read()
            yield versions
            plain = json.dumps([_entry(version) for version in versions.values()]).encode()
            write_whole(self.folder / INDEX, seal(self.key, INDEX, plain))
            self._sweep(versions)
        finally:
            os.close(descriptor)


def _one(
    versions: Mapping[str, AdapterVersion], domain: str, state: State
) -> AdapterVersion | None:
    return next((v for v in versions.values() if v.domain == domain and v.state is state), None)


def _entry(version: AdapterVersion) -> dict[str, Any]:
    return {
        "id": version.id,
        "number": version.number,
        "card": version.card.to_json().decode(),
        "state": version.state.value,
        "bytes": version.bytes,
        "history": [[c.at.isoformat(), c.state.value, c.reason] for c in version.history],
        "forgot": list(version.forgot),
    }


def _version(entry: Mapping[str, Any]) -> AdapterVersion:
    history = tuple(
        Change(datetime.fromisoformat(at), State(state), reason)
        for at, state, reason in entry["history"]
    )
    card = Card.from_json(entry["card"].encode())
    return AdapterVersion(
        entry["id"],
        entry["number"],
        card,
        State(entry["state"]),
        entry["bytes"],
        history,
        tuple(entry.get("forgot", ())),
    )
