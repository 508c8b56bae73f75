"""Ways of remembering a person, side by side: `python -m benchmarks.memory`.

Every arm (`benchmarks.memory_arms`) remembers the same made-up persons (`memory_persons`) with the same seeds, and sits
the same exam (`memory_trial`). What is trained runs in our loop, ours first, and all others in at most as many steps as
ours took; each ends earlier when a quick look at its probes says that there is nothing left to learn. Each result is
written to a file as it comes; what stands there is not run again, so that a long table can be interrupted at any
moment. `--report` makes docs/memory.md's tables and figure out of that file.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.memory_arms import ARMS, Arm
from benchmarks.memory_persons import person
from benchmarks.memory_trial import Result, Trial
from benchmarks.persons import ROOT
from training.base import Base, load_base
from training.settings import TrainingSettings
from training.statistics import Share


@dataclass(frozen=True, slots=True)
class Run:
    """One arm, on one person, with one seed.

    Attributes:
        facts, person, seed: who is remembered, and what training follows from.
        arm: how.
        epochs: how often every row is seen at most.
        commit: of the code.
        result: what came of it.
    """

    facts: int
    person: int
    seed: int
    arm: str
    epochs: float
    commit: str
    result: Result

    @property
    def key(self) -> tuple[Any, ...]:
        """What it is a run of."""
        return self.facts, self.person, self.seed, self.arm, self.epochs

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_json(line: str) -> Run:
        """What `to_json` gave."""
        entry = json.loads(line)
        told = entry.pop("result")
        shares = {name: Share(**share) for name, share in told.pop("shares").items()}
        return Run(result=Result(shares, **told), **entry)


def read_runs(file: Path) -> list[Run]:
    """The runs of a file; a last line that was cut off by a kill is no run."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").split("\n")
    return [Run.from_json(line) for line in lines[:-1]]


def append(file: Path, run: Run) -> None:
    """Add a run to a file, after the last whole line."""
    file.parent.mkdir(parents=True, exist_ok=True)
    whole = "".join(f"{earlier.to_json()}\n" for earlier in read_runs(file))
    part = file.with_suffix(".part")
    part.write_text(f"{whole}{run.to_json()}\n", encoding="utf-8")
    part.replace(file)


def commit() -> str:
    """Which code this is."""
    command = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def measure(
    base: Base,
    arms: Sequence[Arm],
    persons: Iterable[int],
    seeds: Iterable[int],
    facts: int,
    settings: TrainingSettings,
    file: Path,
) -> None:
    """Run whatever is not in the file yet, and write it there."""
    done = {run.key for run in read_runs(file)}
    seeds, code = list(seeds), commit()
    for number in persons:
        whose = person(facts, number)
        for seed in seeds:
            keys = {arm.name: (facts, number, seed, arm.name, settings.epochs) for arm in arms}
            if done.issuperset(keys.values()):
                continue
            place = f"{facts}-{number}-{seed}-{settings.epochs:g}"
            folder = file.parent / file.stem / place
            folder.mkdir(parents=True, exist_ok=True)
            trial = Trial.of(base, whose, seed, settings, folder)
            for arm in arms:
                if keys[arm.name] in done:
                    continue
                began = time.perf_counter()
                result = arm.run(trial, 0)
                append(file, Run(*keys[arm.name], code, result))
                took = time.perf_counter() - began
                print(f"{place} {arm.name}: {told(result)} ({took:.0f} s)", flush=True)


def told(result: Result) -> str:
    """A result in one line."""
    shares = " ".join(
        f"{name} {share.value:.3f}"
        for name, share in sorted(result.shares.items())
        if "/" not in name
    )
    return f"{shares} steps {result.steps} cpu {result.cpu_seconds:.0f}"


def main() -> None:
    """Measure, or report."""
    names, night = [arm.name for arm in ARMS], TrainingSettings()
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--persons", type=int, default=1, help="how many made-up persons")
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds for each")
    parser.add_argument("--facts", type=int, default=150, help="facts of a person")
    parser.add_argument("--arms", default=",".join(names), help=f"of {', '.join(names)}")
    parser.add_argument("--epochs", type=float, default=night.epochs, help="at most")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "memory.jsonl")
    parser.add_argument("--report", type=Path, help="write tables and figure to this Markdown file")
    given = parser.parse_args()
    if given.report:
        from benchmarks.memory_report import write

        write(read_runs(given.json), given.report)
        return
    wanted = given.arms.split(",")
    if set(wanted) - set(names):
        parser.error(f"there is no arm {', '.join(sorted(set(wanted) - set(names)))}")
    settings = replace(night, epochs=given.epochs)
    arms = [arm for arm in ARMS if arm.name in wanted]
    persons, seeds = range(1, given.persons + 1), range(1, given.seeds + 1)
    measure(load_base(None), arms, persons, seeds, given.facts, settings, given.json)


if __name__ == "__main__":
    main()
