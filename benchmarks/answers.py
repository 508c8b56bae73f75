"""How well questions are found, answered and declined, for the made-up persons: `python -m benchmarks.answers`.

Each person's folder is extracted and stored as `personald source add` does it, then every probe is asked. No memory is
attached: this measures what retrieval alone gives, which is what a new home has. A value counts as wrong when it is
neither an accepted answer nor "I don't know."; wrong values are worse than none and are counted apart.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.persons import FOLDERS, ROOT, vault_of
from personald.serve.deciding import THRESHOLD, choose
from personald.serve.hops import find
from personald.serve.library import Library
from personald.serve.ranking import Ranked
from personald.serve.reader import Reading, read
from personald.serve.support import contains


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one probe.

    Attributes:
        person, kind: whose and which.
        known: the documents hold an answer.
        place: rank of the first passage that holds an accepted answer, from 1; 0 when none does.
        sureness: of the best value; 0 when there is none.
        right: the best value is an accepted answer.
        seconds: for finding and reading.
    """

    person: str
    kind: str
    known: bool
    place: int
    sureness: float
    right: bool
    seconds: float


def probes_of(name: str) -> Path:
    """Where a person's probes are."""
    folder = FOLDERS[name]
    return folder.parent / ("probes.jsonl" if name == "demo" else f"{name}.probes.jsonl")


@contextmanager
def library_of(folder: Path) -> Iterator[Library]:
    """The folder's documents as passages."""
    with vault_of(folder) as vault:
        yield Library(vault)


def make_reader() -> Callable[[str, Sequence[Ranked]], Reading | None]:
    """The pocket base as a reader."""
    from training.base import load_base
    from training.runtime import Runtime

    runtime = Runtime(load_base(None))
    return lambda question, ranked: read(runtime, question, ranked)


def measure(name: str, *, reading: bool) -> list[Result]:
    """Ask a person's probes.

    Args:
        name: which person.
        reading: let the base read the best passage too.
    """
    from training.matching import matches

    reader = make_reader() if reading else None
    results = []
    with library_of(FOLDERS[name]) as library:
        for line in probes_of(name).read_text(encoding="utf-8").splitlines():
            probe = json.loads(line)
            question, answers, kind = probe["question"], probe["answers"], probe["kind"]
            begun = time.perf_counter()
            found = find(question, library.passages)
            choice = choose(
                found, reader(question, found.ranked) if reader else None, None, threshold=0.0
            )
            held = [
                any(contains(f"{item.passage.context}\n{item.passage.text}", a) for a in answers)
                for item in found.ranked
            ]
            results.append(
                Result(
                    name,
                    kind,
                    kind != "abstain",
                    held.index(True) + 1 if any(held) else 0,
                    choice.sureness if choice else 0.0,
                    choice is not None and matches(choice.text, answers),
                    time.perf_counter() - begun,
                )
            )
    return results


def share(results: Sequence[Result], counts: Callable[[Result], bool]) -> str:
    """How many of the results count, as a share with two digits."""
    return f"{sum(map(counts, results)) / len(results):.2f}" if results else "–"


def lines(results: Sequence[Result]) -> Iterator[str]:
    """The tables, as Markdown."""
    yield "| person | n | passage @1 | @3 | @6 | right | wrong value | unknown n | kept silent |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name in dict.fromkeys(item.person for item in results):
        yield row(name, [item for item in results if item.person == name])
    yield row("**all**", results)
    yield ""
    yield "| kind | n | passage @1 | right | wrong value |"
    yield "|---|---|---|---|---|"
    for kind in dict.fromkeys(item.kind for item in results if item.known):
        some = [item for item in results if item.kind == kind]
        cells = (share(some, lambda i: i.place == 1), share(some, is_right), share(some, is_wrong))
        yield f"| {kind} | {len(some)} | {' | '.join(cells)} |"
    yield ""
    yield "| threshold | right | wrong value | kept silent |"
    yield "|---|---|---|---|"
    for threshold in sorted({0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, THRESHOLD}):
        yield threshold_row(threshold, results)


def threshold_row(threshold: float, results: Sequence[Result]) -> str:
    """What another threshold would give."""
    known = [item for item in results if item.known]
    unknown = [item for item in results if not item.known]
    cells = (
        f"{threshold:.2f}{' (in use)' if threshold == THRESHOLD else ''}",
        share(known, lambda item: item.right and item.sureness >= threshold),
        share(known, lambda item: not item.right and item.sureness >= threshold),
        share(unknown, lambda item: item.sureness < threshold),
    )
    return f"| {' | '.join(cells)} |"


def among(best: int) -> Callable[[Result], bool]:
    """Whether one of so many best passages holds an accepted answer."""
    return lambda item: 1 <= item.place <= best


def is_right(item: Result) -> bool:
    """Answered, and rightly."""
    return item.right and item.sureness >= THRESHOLD


def is_wrong(item: Result) -> bool:
    """Answered with a value that is no accepted answer."""
    return not item.right and item.sureness >= THRESHOLD


def row(name: str, results: Sequence[Result]) -> str:
    """One person's line."""
    known = [item for item in results if item.known]
    unknown = [item for item in results if not item.known]
    places = [share(known, among(best)) for best in (1, 3, 6)]
    cells = (*places, share(known, is_right), share(known, is_wrong), str(len(unknown)))
    return f"| {name} | {len(known)} | {' | '.join(cells)} | {share(unknown, lambda i: not is_wrong(i))} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--person", action="append", choices=list(FOLDERS), help="only this one")
    parser.add_argument("--without-reading", action="store_true", help="leave the base aside")
    options = parser.parse_args()
    results = [
        result
        for name in options.person or FOLDERS
        for result in measure(name, reading=not options.without_reading)
    ]
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    print(f"{time.strftime('%Y-%m-%d')}, commit {commit or 'unknown'}\n")
    print("\n".join(lines(results)))
    print(
        f"\nMedian {sorted(r.seconds for r in results)[len(results) // 2] * 1000:.0f} ms a question."
    )


if __name__ == "__main__":
    main()
