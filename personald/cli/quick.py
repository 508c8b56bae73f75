"""`personald status` in the form in which it is asked most, without the library for command lines.

A menu bar asks twice a minute, for years, and click takes longer to import than all the rest takes to run. So the plain
call is recognised here; anything else (help, a wrong option, no daemon, an error) goes the usual way.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from personald import ipc
from personald.config import Home, find_home
from personald.errors import PersonaldError

if TYPE_CHECKING:
    from personald.status import Snapshot

_MARKS = {True: "yes", False: "no", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Question:
    """One call of `personald status`.

    Attributes:
        home: about which home; "" for the usual one.
        as_json, menubar: in which form; neither is for people.
    """

    home: str = ""
    as_json: bool = False
    menubar: bool = False


def answer(words: Sequence[str]) -> bool:
    """Carry out a plain `status` of a running daemon; False, and nothing is printed, for everything else."""
    question = parse(words)
    if question is None:
        return False
    home = find_home(question.home or None)
    try:
        said = ipc.call(home.run, "status")
    except PersonaldError:
        return False
    if question.as_json and not question.menubar:
        lines = iter([json.dumps(said, ensure_ascii=False)])
    else:
        lines = tell(snapshot_of(said), home, menubar=question.menubar)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()
    return True


def parse(words: Sequence[str]) -> Question | None:
    """Read a plain `status` call; None when it is anything else."""
    home, flags, names = "", set(), []
    rest = iter(words)
    for word in rest:
        if word == "--home":
            home = next(rest, "")
            if not home:
                return None
        elif word.startswith("-"):
            flags.add(word)
        else:
            names.append(word)
    if names != ["status"] or not flags <= {"--json", "--menubar"}:
        return None
    return Question(home, "--json" in flags, "--menubar" in flags)


def snapshot_of(said: dict[str, Any]) -> Snapshot:
    """The snapshot that a daemon sent."""
    from personald.status import Snapshot

    rest = {key: value for key, value in said.items() if key not in ("state", "reason", "pid")}
    return Snapshot(said["state"], said["reason"], said["pid"], rest)


def tell(snapshot: Snapshot, home: Home, *, menubar: bool) -> Iterator[str]:
    """A snapshot in lines, for people or for their menu bar."""
    if not menubar:
        return _for_people(snapshot)
    from personald.menubar import render

    program = (sys.executable, "-m", "personald", "--home", str(home.path))
    return render(snapshot, program, home.reports)


def _for_people(snapshot: Snapshot) -> Iterator[str]:
    fields = snapshot.fields
    documents = fields["documents"]
    yield f"{snapshot.state}: {snapshot.reason}"
    yield (
        f"documents: {documents['total']} stored, {documents['pending']} pending,"
        f" {documents['failed']} unreadable"
    )
    for name, domain in fields["domains"].items():
        serves = domain["active"] or "not trained yet"
        yield f"  {name}: {serves}, {domain['stale_documents']} changes since"
    for source in fields["sources"]:
        how = source["watched_by"] or ("not watched now" if snapshot.pid else "no daemon")
        if source["why_polling"]:
            how += f" ({source['why_polling']})"
        where = "" if source["reachable"] else f", not reachable: {source['reason']}"
        yield f"  source {source['id']}: {source['path']}, {source['documents']} documents, {how}{where}"
    for name, condition in fields["conditions"].items():
        yield f"  {name}: {_MARKS[condition['holds']]}, {condition['reason']}"
    for problem in fields["problems"]:
        yield f"problem: {problem['what'].rstrip('.')}. {problem['remedy']}".rstrip()
