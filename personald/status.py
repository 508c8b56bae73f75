"""One snapshot of what is going on, and the one line that says what it is doing and why it is not training now.

The daemon makes it from what its parts publish; without a daemon a command makes it from the store and the notes of the
last run. `to_json` is the contract of `status --json`; `personald.menubar` renders the same snapshot.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from personald.access import Access, how_to_allow
from personald.errors import PersonaldError

if TYPE_CHECKING:
    from personald.conditions import Condition
    from personald.config import Home, Settings
    from personald.ingest.view import SourceView, View
    from personald.planner import Decision
    from personald.state import RunState


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that keeps part of the work from being done.

    Attributes:
        what: one line.
        remedy: what to do about it; "" for nothing.
    """

    what: str
    remedy: str = ""

    @staticmethod
    def of(error: PersonaldError) -> Problem:
        """The problem that an error is."""
        return Problem(f"{error.title}: {error.detail}", error.remedy)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that `status` shows.

    Attributes:
        state: one word: "training", "reading", "paused", "waiting", "learnt", "degraded" or "stopped".
        reason: one line: what it is doing, or why it is not training now.
        pid: the daemon's process; None without one.
        fields: the rest, ready for JSON.
    """

    state: str
    reason: str
    pid: int | None
    fields: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What `status --json` prints."""
        return {"state": self.state, "reason": self.reason, "pid": self.pid, **self.fields}


def from_daemon(
    pid: int,
    version: str,
    access: Access,
    view: View,
    state: RunState,
    decision: Decision,
    conditions: Sequence[Condition],
    job: Mapping[str, Any] | None,
    sync: Mapping[str, Any],
    problems: Sequence[Problem],
    now: float,
) -> Snapshot:
    """The snapshot of a running daemon.

    Args:
        pid: its process.
        version: of personald, as it was when that process was started.
        access: whether it may read what macOS protects.
        view: what the ingest thread published.
        state: the notes of former runs.
        decision: what the planner says.
        conditions: as judged last.
        job: the training in hand, as it is printed.
        sync: about the shared folder.
        problems: of the daemon as a whole.
        now: seconds since 1970.
    """
    everything = [*problems, *_problems_of(view, state, sync)]
    word, reason = _headline(view, state, decision, job, problems, now)
    return Snapshot(
        word,
        reason,
        pid,
        {
            "version": version or None,
            "full_disk_access": access.value,
            "paused_until": _paused_until(state, now),
            "conditions": {
                item.name: {"holds": item.holds, "reason": item.reason} for item in conditions
            },
            "sources": [_source(item) for item in view.sources],
            "documents": {"total": view.total, "pending": view.pending, "failed": view.failed},
            "skipped": dict(view.skipped),
            "domains": {
                item.name: {
                    "active": state.domain(item.name).active or None,
                    "trained_at": moment(state.domain(item.name).trained_at),
                    "stale_documents": item.changes,
                }
                for item in view.domains
            },
            "job": dict(job) if job else None,
            "last_run": _last_run(state),
            "sync": dict(sync),
            "problems": [{"what": item.what, "remedy": item.remedy} for item in everything],
        },
    )


def without_daemon(home: Home, settings: Settings, state: RunState, now: float) -> Snapshot:
    """The snapshot when no daemon runs: from the store, where it can be opened, and the notes of former runs."""
    from extractors.document import Domain
    from personald.assembly import open_watcher_store
    from personald.remembered import watched

    sources: list[dict[str, Any]] = []
    documents = {"total": 0, "pending": 0, "failed": 0}
    domains: dict[str, Any] = {}
    skipped: dict[str, int] = {}
    problems: list[Problem] = []
    try:
        with open_watcher_store(home, settings) as store:
            counts = store.counts()
            documents = {"total": counts.total, "pending": counts.pending, "failed": counts.failed}
            skipped = dict(counts.skipped)
            sources = [
                _plain_source(item.id, item.path, item.domain, counts.per_source.get(item.id, 0))
                for item in watched(store.sources())
            ]
            for domain in Domain:
                known = state.domain(domain.value)
                held = counts.per_domain.get(domain, 0)
                if held or known.active:
                    changes = (
                        store.changes_since(domain, known.revision) if known.revision >= 0 else held
                    )
                    domains[domain.value] = {
                        "active": known.active or None,
                        "trained_at": moment(known.trained_at),
                        "stale_documents": changes,
                    }
    except PersonaldError as error:
        problems.append(Problem.of(error))
    reason = "the daemon is not running; start it with `personald run` or `personald agent start`"
    return Snapshot(
        "stopped",
        reason,
        None,
        {
            "version": installed_version() or None,
            "full_disk_access": Access.UNKNOWN.value,
            "paused_until": _paused_until(state, now),
            "conditions": {},
            "sources": sources,
            "documents": documents,
            "skipped": skipped,
            "domains": domains,
            "job": None,
            "last_run": _last_run(state),
            "sync": sync_status(settings, state),
            "problems": [{"what": item.what, "remedy": item.remedy} for item in problems],
        },
    )


def sync_status(settings: Settings, state: RunState, *, busy: bool = False) -> dict[str, Any]:
    """About the shared folder."""
    return {
        "folder": settings.sync.folder or None,
        "exchanged_at": moment(state.exchanged_at),
        "busy": busy,
        "problem": state.exchange or None,
    }


def moment(seconds: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC; None stays None."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def installed_version() -> str:
    """The version of personald that is installed; "" when it runs from a plain folder."""
    # Imported where it is needed: the command `status` shows what the daemon says, and must be quick.
    import importlib.metadata

    try:
        return importlib.metadata.version("personald")
    except importlib.metadata.PackageNotFoundError:
        return ""


def _headline(
    view: View,
    state: RunState,
    decision: Decision,
    job: Mapping[str, Any] | None,
    problems: Sequence[Problem],
    now: float,
) -> tuple[str, str]:
    if job is not None:
        progress = f", {job['done']} of {job['total']}" if job.get("total") else ""
        return "training", f"training {job['domain']}: {job['phase']}{progress}"
    if view.problem is not None:
        return "degraded", f"{view.problem.title}: {view.problem.detail}"
    if problems:
        return "degraded", problems[0].what
    if view.reading is not None or not view.ready:
        return "reading", "reading what is new in your sources"
    if view.pending:
        return "reading", f"reading {view.pending} changed files"
    if state.paused(now):
        until = _paused_until(state, now)
        return "paused", f"paused until {until}" if until != "resume" else "paused until resumed"
    if not decision.stale:
        return "learnt", decision.reason
    if decision.domain is not None:
        return "waiting", f"about to train: {decision.reason}"
    return "waiting", f"not training now: {decision.reason}"


def _paused_until(state: RunState, now: float) -> str | None:
    if not state.paused(now) or state.paused_until is None:
        return None
    return "resume" if state.paused_until == float("inf") else moment(state.paused_until)


def _problems_of(view: View, state: RunState, sync: Mapping[str, Any]) -> list[Problem]:
    found = []
    if view.problem is not None:
        found.append(Problem.of(view.problem))
    for source in view.sources:
        if source.reach.denied:
            found.append(
                Problem(
                    f"The system forbids reading {source.path}.",
                    how_to_allow(),
                )
            )
        elif not source.reach.there:
            found.append(
                Problem(
                    f"{source.path} is not reachable: {source.reach.reason}.",
                    "Nothing of it is forgotten; mount it, or `personald source remove`.",
                )
            )
    for name, known in sorted(state.domains.items()):
        if known.failures:
            times = "once" if known.failures == 1 else f"{known.failures} times"
            found.append(
                Problem(
                    f"Training {name} failed {times}: {_last_detail(state, name)}.",
                    "It is tried again by itself, later"
                    + (" and with smaller steps." if known.effort < 1 else "."),
                )
            )
    if sync.get("problem"):
        found.append(
            Problem(f"Adapters cannot be exchanged: {sync['problem']}", "See `personald doctor`.")
        )
    return found


def _last_detail(state: RunState, domain: str) -> str:
    run = state.last_run(domain)
    return (run.detail or run.ending).rstrip(".") if run else state.domain(domain).result


def _last_run(state: RunState) -> dict[str, Any] | None:
    if not state.runs:
        return None
    run = state.runs[-1]
    return {
        "domain": run.domain,
        "began": moment(run.began),
        "ended": moment(run.ended),
        "ending": run.ending,
        "result": run.result or None,
    }


def _source(item: SourceView) -> dict[str, Any]:
    return {
        "id": item.id,
        "path": item.path,
        "domain": item.domain or None,
        "documents": item.documents,
        "reachable": item.reach.there,
        "reason": item.reach.reason or None,
        "watched_by": item.watching.means.value if item.watching else None,
        "why_polling": (item.watching.reason or None) if item.watching else None,
        "scanned": item.scanned,
    }


def _plain_source(source_id: int, path: str, domain: object, documents: int) -> dict[str, Any]:
    from pathlib import Path

    from personald.watch.reach import reach

    seen = reach(Path(path), None)
    return {
        "id": source_id,
        "path": path,
        "domain": str(domain) if domain else None,
        "documents": documents,
        "reachable": seen.there,
        "reason": seen.reason or None,
        "watched_by": None,
        "why_polling": None,
        "scanned": False,
    }
