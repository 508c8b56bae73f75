"""Real devices on a real folder, for the tests of this room."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from sync.engine import Engine
from sync.folder import SyncFolder
from sync.identity import Identity
from sync.joining import Step
from sync.member import Member
from sync.state import StateFile


@dataclass
class Clock:
    """A clock that the test sets."""

    now: float = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    """One shared folder and the devices around it."""

    root: Path
    clock: Clock = field(default_factory=Clock)

    @property
    def shared(self) -> Path:
        folder = self.root / "shared"
        folder.mkdir(exist_ok=True)
        return folder

    def device(self, name: str) -> Engine:
        """The device of that name, as a process that starts now would see it."""
        home = self.root / name
        seed = hashlib.sha256(name.encode()).digest()
        member = Member(
            SyncFolder(self.shared, home / "staging"),
            Identity.from_seed(seed),
            StateFile(home / "state", hashlib.sha256(seed).digest()),
            self.clock,
            name,
        )
        return Engine(member)

    def pair(self, host: str, guest: str) -> None:
        """Let `guest` in through `host`, as their owner would."""
        code = self.device(host).invite(trust_code=True)
        self.device(guest).accept(code)
        hosted = self.device(host).advance_pairing()
        joined = self.device(guest).advance_pairing()
        assert hosted is not None
        assert hosted.step is Step.DONE
        assert joined is not None
        assert joined.step is Step.DONE
