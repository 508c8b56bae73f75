"""The snapshot as lines for SwiftBar and xbar: the bar's title, a menu, and what can be clicked.

Format: the lines before the first `---` stand in the bar; `Title | key=value …` below. `|` begins the parameters, so it
never stands in a title. SwiftBar reads `bash=`, xbar `shell=`; each ignores the other's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from personald.reports import latest
from personald.status import Snapshot

_SIGNS = {
    "training": "brain.head.profile",
    "reading": "book",
    "paused": "pause.circle",
    "waiting": "moon.zzz",
    "learnt": "brain",
    "degraded": "exclamationmark.triangle",
    "stopped": "power",
}
_MARKS = {
    "training": "◉",
    "reading": "◌",
    "paused": "‖",
    "waiting": "◦",
    "learnt": "●",
    "degraded": "!",
    "stopped": "×",
}
TITLE_CHARACTERS = 120


def render(snapshot: Snapshot, program: Sequence[str], reports: Path) -> Iterator[str]:
    """The plugin's output, line by line.

    Args:
        snapshot: what is going on.
        program: how personald is called, absolute path first, with its `--home`.
        reports: the folder of reports.
    """
    word, fields = snapshot.state, snapshot.fields
    yield f"{_MARKS.get(word, '?')} | sfimage={_SIGNS.get(word, 'questionmark')}"
    yield "---"
    yield f"{_title(snapshot.reason)} | trim=true"
    job = fields.get("job")
    if job and job.get("total"):
        share = round(100 * job["done"] / job["total"])
        yield f"{_title(job['domain'])}: {job['phase']}, {share} % | size=12"
    documents = fields.get("documents", {})
    failed = f", {documents['failed']} unreadable" if documents.get("failed") else ""
    yield f"{documents.get('total', 0)} documents{failed} | size=12"
    last = fields.get("last_run")
    if last:
        yield f"{_title(last_night(last))} | size=12"
    yield "---"
    yield from _actions(snapshot, program)
    page = latest(reports)
    if page is not None:
        yield f"Open report | {_click(('/usr/bin/open', str(page)))}"
        yield f"Open all reports | {_click(('/usr/bin/open', str(reports)))}"
    problems = fields.get("problems", [])
    if problems:
        yield "---"
        for problem in problems:
            yield f"{_title(problem['what'])} | color=red"
            if problem.get("remedy"):
                yield f"--{_title(problem['remedy'])} | trim=true"
    yield "---"
    yield "Refresh | refresh=true"


def last_night(run: dict[str, str | None]) -> str:
    """The last run in a sentence."""
    domain, ended = run["domain"], str(run["ended"] or "")[:16].replace("T", " ")
    sentences = {
        "promoted": f"Learnt {domain} anew",
        "rejected": f"The new {domain} memory was not good enough; the old one stays",
        "unchanged": f"Nothing new in {domain}",
        "nothing to learn": f"Nothing to learn in {domain} yet",
    }
    said = sentences.get(run["result"] or "", f"Training {domain} {run['ending']}")
    return f"{said} ({ended} UTC)"


def _actions(snapshot: Snapshot, program: Sequence[str]) -> Iterator[str]:
    if snapshot.pid is None:
        yield f"Start | {_click((*program, 'agent', 'start'))}"
        return
    if snapshot.fields.get("paused_until"):
        yield f"Resume | {_click((*program, 'resume'))}"
    else:
        yield f"Pause for 1 hour | {_click((*program, 'pause', '--for', '1h'))}"
        yield f"Pause until tomorrow | {_click((*program, 'pause', '--until-tomorrow'))}"
    if snapshot.state != "training":
        yield f"Train now | {_click((*program, 'train', '--force'))}"


def _click(command: Sequence[str]) -> str:
    """Parameters that run a command without a window when the line is clicked."""
    program, *arguments = command
    words = " ".join(
        f"param{number}={_quoted(word)}" for number, word in enumerate(arguments, start=1)
    )
    return f"bash={_quoted(program)} shell={_quoted(program)} {words} terminal=false refresh=true"


def _quoted(word: str) -> str:
    return '"' + word.replace('"', "'").replace("|", "¦") + '"'


def _title(text: str) -> str:
    line = " ".join(text.split()).replace("|", "¦")
    short = line if len(line) <= TITLE_CHARACTERS else line[: TITLE_CHARACTERS - 1] + "…"
    # A title that begins with dashes would be a separator or a submenu.
    return short.lstrip("-") or " "
