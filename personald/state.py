"""`state.json`: what the program notes for itself between runs. Figures and times only; never a word of a document.

Settings are for people and live in config.toml; this file may be deleted at any time and costs no more than some work
done twice. It is written whole or not at all. Several processes change it (the daemon; a command that trains without
one), so every change is a read, an edit and a write under a lock.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

KEPT_RUNS = 60
KEPT_CRASHES = 20


@dataclass(frozen=True, slots=True)
class DomainState:
    """What is known of one domain's training.

    Attributes:
        revision: of the store when its documents were last trained on; -1 for never.
        trained_at: seconds since 1970; None for never.
        active: name of the version that serves ("notes/3"); "" for none.
        result: how its last run ended, in the trainer's words.
        failures: runs in a row that died.
        not_before: seconds since 1970; not tried again earlier.
        effort: share of the usual step size, 1, 1/2, 1/4 …, after the machine was overwhelmed.
    """

    revision: int = -1
    trained_at: float | None = None
    active: str = ""
    result: str = ""
    failures: int = 0
    not_before: float = 0.0
    effort: float = 1.0


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the trainer.

    Attributes:
        domain: which.
        began, ended: seconds since 1970.
        ending: how the child ended (`trainer.Ending`).
        result: what came of it, in the trainer's words; "" when it was cut off.
        detail: one line of figures or the error; no word of a document.
    """

    domain: str
    began: float
    ended: float
    ending: str
    result: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunState:
    """Everything in state.json.

    Attributes:
        paused_until: seconds since 1970; None when not paused; infinity until `resume`.
        domains: by name.
        runs: the last runs, oldest first.
        devices: for each source the number of its volume when it was last looked through.
        crashes: when the daemon crashed by its own fault, oldest first.
        exchanged_at: when adapters were last exchanged; None for never.
        exchange: how that went, one line; "" for well.
        folder_seen: a digest of the shared folder's names at that time.
    """

    paused_until: float | None = None
    domains: dict[str, DomainState] = field(default_factory=dict)
    runs: tuple[Run, ...] = ()
    devices: dict[str, int] = field(default_factory=dict)
    crashes: tuple[float, ...] = ()
    exchanged_at: float | None = None
    exchange: str = ""
    folder_seen: str = ""

    def domain(self, name: str) -> DomainState:
        """A domain's state; the initial one for a domain that was never trained."""
        return self.domains.get(name, DomainState())

    def last_run(self, name: str) -> Run | None:
        """The last run of a domain; None when it is not remembered, or there was none."""
        return next((run for run in reversed(self.runs) if run.domain == name), None)

    def with_domain(self, name: str, **changes: Any) -> RunState:
        """A copy in which one domain's state is changed."""
        changed = dataclasses.replace(self.domain(name), **changes)
        return dataclasses.replace(self, domains={**self.domains, name: changed})

    def with_run(self, run: Run) -> RunState:
        """A copy with one more run."""
        return dataclasses.replace(self, runs=(*self.runs, run)[-KEPT_RUNS:])

    def with_crash(self, at: float) -> RunState:
        """A copy with one more crash."""
        return dataclasses.replace(self, crashes=(*self.crashes, at)[-KEPT_CRASHES:])

    def paused(self, now: float) -> bool:
        """True while a pause lasts."""
        return self.paused_until is not None and now < self.paused_until

    def trained_seconds(self, now: float, window: float = 24 * 3600.0) -> float:
        """How long trainers ran in the last `window` seconds; runs in the future (a clock that was set back) count."""
        return sum(max(0.0, run.ended - max(run.began, now - window)) for run in self.runs)


class StateFile:
    """state.json of one home.

    Args:
        path: the file; beside it lie its lock and its draft.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self) -> RunState:
        """Read it; what is missing or damaged is as on the first day."""
        try:
            table = json.loads(self.path.read_bytes())
            return _from_json(table)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return RunState()

    def change(self, edit: Callable[[RunState], RunState]) -> RunState:
        """Apply an edit to what is in the file now.

        Raises:
            OSError: it cannot be written; the file is as it was.
        """
        with self._locked():
            state = edit(self.load())
            draft = self.path.with_suffix(".json.new")
            with open(draft, "w", encoding="utf-8", opener=_private) as file:
                json.dump(dataclasses.asdict(state), file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.path)
            return state

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with open(self.path.with_suffix(".json.lock"), "a", opener=_private) as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _from_json(table: dict[str, Any]) -> RunState:
    known = {item.name for item in dataclasses.fields(RunState)}
    values = {name: value for name, value in table.items() if name in known}
    values["domains"] = {
        name: DomainState(**_known(DomainState, item))
        for name, item in values.get("domains", {}).items()
    }
    values["runs"] = tuple(Run(**_known(Run, item)) for item in values.get("runs", ()))
    values["crashes"] = tuple(float(at) for at in values.get("crashes", ()))
    return RunState(**values)


def _known(kind: type, item: dict[str, Any]) -> dict[str, Any]:
    """Only the fields that this version knows: a newer one may have written more."""
    names = {field.name for field in dataclasses.fields(kind)}
    return {name: value for name, value in item.items() if name in names}
