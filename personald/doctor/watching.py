"""Who watches, and what it may see: the daemon, its permission, the sources, what lies only in the cloud.

What a command may read says little about the daemon: macOS gives permissions to programs, and a terminal lends its own
to what runs in it. So where a daemon runs, its answer counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from personald import access, ipc
from personald.access import Access, how_to_allow
from personald.config import Home, Settings
from personald.doctor.finding import Finding
from personald.errors import PersonaldError
from personald.status import installed_version
from personald.watch.reach import reach
from personald.watch.room import INSTANCES, WATCHES

IN_CLOUD = "only in iCloud"

Said = Mapping[str, Any]


def daemon(home: Home) -> tuple[Said | None, Finding]:
    """Ask the daemon; returns what it said (None without one), and the finding."""
    try:
        said: Said = ipc.call(home.run, "status")
    except ipc.NotRunning:
        remedy = "Start it: personald agent install, or personald run."
        return None, Finding("daemon", None, "it does not run; nothing is watched", remedy)
    except PersonaldError as error:
        return None, Finding.of("daemon", error)
    return said, judge_daemon(said, installed_version())


def judge_daemon(said: Said, installed: str) -> Finding:
    """What the daemon's own status amounts to.

    Args:
        said: its status.
        installed: the version of personald that is installed now; "" when it cannot be told.
    """
    runs = f"process {said['pid']}, {said['state']}"
    if installed and said.get("version") != installed:
        remedy = "It starts anew by itself within ten minutes; `personald agent stop` and `start` is quicker."
        detail = f"{runs}; it is version {said.get('version')}, {installed} is installed"
        return Finding("daemon", None, detail, remedy)
    if said["state"] != "degraded":
        return Finding("daemon", True, runs)
    remedies = [problem["remedy"] for problem in said["problems"] if problem["remedy"]]
    return Finding("daemon", False, f"{runs}: {said['reason']}", " ".join(remedies[:1]))


def full_disk_access(person: Path, platform: str, said: Said | None) -> list[Finding]:
    """Whether protected files can be read: by the daemon where one runs, else by this process.

    Args:
        person: the person's home folder.
        platform: `sys.platform`.
        said: the daemon's status; None without a daemon.
    """
    if said is not None:
        seen, whose = Access(said.get("full_disk_access", "unknown")), "the daemon"
    else:
        seen, whose = access.full_disk_access(person, platform), "this terminal"
    answers = {
        Access.GIVEN: (True, f"{whose} has it"),
        Access.DENIED: (None, f"{whose} has it not; Mail, Messages and the like stay closed"),
        Access.UNKNOWN: (None, "it cannot be told: what it is tried on is not there"),
        Access.NOT_APPLICABLE: (None, "not applicable: this is no Mac"),
    }
    works, detail = answers[seen]
    remedy = how_to_allow(platform) if seen is Access.DENIED else ""
    return [Finding("full disk access", works, detail, remedy)]


def sources(home: Home, settings: Settings, platform: str, said: Said | None) -> list[Finding]:
    """Whether every source is there and open, and how much of them lies only in the cloud.

    Args:
        home: which home.
        settings: its settings.
        platform: `sys.platform`.
        said: the daemon's status, whose word on a source counts; None without a daemon.
    """
    from personald.assembly import open_watcher_store
    from personald.remembered import watched

    with open_watcher_store(home, settings) as store:
        known = watched(store.sources())
        in_cloud = dict(store.counts().skipped).get(IN_CLOUD, 0)
    if not known:
        remedy = "Run: personald source add PATH"
        return [Finding("sources", None, "none is watched yet", remedy)]
    told = {item["id"]: item for item in said["sources"]} if said is not None else {}
    findings = [_source(item.id, item.path, told.get(item.id), platform) for item in known]
    if in_cloud:
        remedy = "Have the Finder keep them downloaded; they are read as soon as they are here."
        detail = f"{in_cloud} files lie only in iCloud; they are not fetched and not read"
        findings.append(Finding("in the cloud", None, detail, remedy))
    return findings


def _source(number: int, path: str, told: Said | None, platform: str) -> Finding:
    name = f"source {number}"
    seen = reach(Path(path), None)
    if seen.denied:
        return Finding(name, False, f"{path}: {seen.reason}", how_to_allow(platform))
    if not seen.there:
        remedy = (
            f"Nothing of it was forgotten. Mount it again, or: personald source remove {number}"
        )
        return Finding(name, False, f"{path}: {seen.reason}", remedy)
    if told is not None and not told["reachable"]:
        detail = f"{path}: open to you, but not to the daemon: {told['reason']}"
        return Finding(name, False, detail, how_to_allow(platform))
    if told is not None and told["why_polling"]:
        remedy = _more_room(told["why_polling"])
        detail = f"{path}, looked through now and then: {told['why_polling']}"
        return Finding(name, None if remedy else True, detail, remedy)
    return Finding(name, True, path)


def _more_room(why: str) -> str:
    """What to do where a limit of the system (`watch.room`) is in the way of events."""
    for limit in (WATCHES, INSTANCES):
        if limit in why:
            return f"Raise it: sudo sysctl {limit}=N, and in /etc/sysctl.d for good."
    return ""
