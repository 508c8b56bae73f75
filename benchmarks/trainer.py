"""Our training loop against mlx-lm's on the very same rows: `python -m benchmarks.trainer`.

Both train a LoRA of the same rank and scale on all linear layers of all blocks of the pocket base, in float32 and under
the same BLAS, with AdamW without decay and the same rate schedule, on the rows of one domain of a made-up
person, for the same number of row visits. Each runs in a process of its own, one after the other. mlx-lm's loop is
`mlx_lm.tuner.trainer.train`, unchanged, given its own CacheDataset of the very token ids that ours gets, with the prompt
masked as `mlx_lm.lora --mask-prompt` does. Ours runs without replay and without probes, which mlx-lm does not have.

Useful tokens are the answers' tokens and their ends: what a row is there to teach. Peak memory is MLX's own peak while
training, and beside it how much the process grew from before the first step to its highest (resident set). Recall is the
share of held-out questions, in wordings that no row uses, that are answered right afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.persons import FOLDERS, documents_of


@dataclass(frozen=True, slots=True)
class Figures:
    """What one loop did.

    Attributes:
        name: whose loop.
        visits: rows that were trained, counted each time.
        lost: rows that were never trained.
        useful: target tokens that were trained.
        padding: share of the tokens run that were padding.
        seconds, cpu_seconds: for the loop alone, compilation included.
        peak_mb: MLX's peak.
        grown_mb: how much larger the process was at its largest than before the loop.
        recall: share of held-out questions answered right.
    """

    name: str
    visits: int
    lost: int
    useful: int
    padding: float
    seconds: float
    cpu_seconds: float
    peak_mb: float
    grown_mb: float
    recall: float


@dataclass(slots=True)
class Meter:
    """Time and memory between its making and `read`."""

    wall: float
    cpu: float
    resident: float

    @staticmethod
    def start() -> Meter:
        """Begin to measure; MLX's peak is set back."""
        from training.arrays import mx

        mx.clear_cache()
        mx.reset_peak_memory()
        return Meter(time.perf_counter(), _cpu(), _resident_mb())

    def read(self) -> dict[str, float]:
        """The figures of `Figures` that are measured here."""
        from training.arrays import mx

        return {
            "seconds": time.perf_counter() - self.wall,
            "cpu_seconds": _cpu() - self.cpu,
            "peak_mb": mx.get_peak_memory() / 1e6,
            "grown_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3 - self.resident,
        }


def _cpu() -> float:
    """Seconds of this process and of the compilers that it started."""
    mine, children = os.times(), resource.getrusage(resource.RUSAGE_CHILDREN)
    return mine.user + mine.system + children.ru_utime + children.ru_stime


def _resident_mb() -> float:
    import psutil

    return float(psutil.Process().memory_info().rss) / 1e6


@dataclass(frozen=True, slots=True)
class Task:
    """What both are given.

    Attributes:
        rows: as (token ids, where the answer starts).
        probes: questions to ask afterwards.
        rows_per_step, steps: how much is trained.
        rank, scale: of the adapter, a night's.
        rates: the peak rate of each loop.
    """

    rows: Sequence[tuple[tuple[int, ...], int]]
    probes: Sequence[Any]
    rows_per_step: int
    steps: int
    rank: int
    scale: float
    rates: Mapping[str, float]


def make_task(given: argparse.Namespace) -> Task:
    """The rows and held-out questions of one domain of a made-up person, and a night's settings for them."""
    from training.base import load_base
    from training.dataset import StudySettings, assemble
    from training.material import Kind
    from training.settings import TrainingSettings
    from training.synthesis.sources import owner_of

    documents = documents_of(given.person)
    owner = owner_of(documents, "")
    mine = [source for source in documents if source.document.domain == given.domain]
    dataset = assemble(given.domain, mine, StudySettings(), (), owner)
    base = load_base(None)
    rows = [base.chat.row(example.messages, example.answer) for example in dataset.examples]
    probes = [probe for probe in dataset.probes if probe.kind is Kind.PARAPHRASE]
    night = TrainingSettings().loop(base, len(rows))
    per_step = given.rows or night.rows_per_step
    mine_at = given.rate or night.learning_rate
    return Task(
        [(row.tokens, row.start) for row in rows],
        probes,
        per_step,
        max(1, round(given.epochs * len(rows) / per_step)),
        night.shape.rank,
        night.shape.scale,
        {"ours": mine_at, "theirs": given.their_rate or mine_at},
    )


def ours(task: Task) -> Figures:
    """Train with our loop."""
    from training.adapter import Shape, attached
    from training.base import load_base
    from training.chat import Row
    from training.loop_settings import LoopSettings
    from training.trainer import Trainer

    base = load_base(None)
    rows = [Row(*row) for row in task.rows]
    settings = LoopSettings(
        Shape(task.rank, task.scale),
        task.rates["ours"],
        steps=task.steps,
        rows_per_step=task.rows_per_step,
    )
    visited = _Visits()
    meter = Meter.start()
    trained = Trainer(base, rows, settings, 1, objective=visited.objective).run()
    measured = meter.read()
    with attached(base.model, settings.shape, trained.tensors):
        recall = _recall(base, task.probes)
    return Figures(
        "personald",
        visits=visited.rows,
        lost=len(rows) - len(visited.seen),
        useful=visited.targets,
        padding=trained.padding,
        recall=recall,
        **measured,
    )


class _Visits:
    """Counts what the loop trains, by standing in its objective's place."""

    def __init__(self) -> None:
        self.rows = self.targets = 0
        self.seen: set[int] = set()

    def objective(self, split: Any, batch: Any) -> Any:
        """The usual study loss."""
        from training.gradients import study_objective

        self.rows += len(batch.indices)
        self.targets += batch.targets.size
        self.seen.update(batch.indices)
        return study_objective(split, batch)


class Given:
    """A data set of mlx-lm's kind over rows that are token ids already; notes which are used."""

    def __init__(self, rows: Sequence[tuple[tuple[int, ...], int]]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[tuple[int, ...], int]:
        return self.rows[index]

    def process(self, row: tuple[tuple[int, ...], int]) -> tuple[list[int], int]:
        """Token ids and where the answer starts, as mlx-lm's ChatDataset gives them."""
        return list(row[0]), row[1]


def theirs(task: Task) -> Figures:
    """Train with mlx-lm's loop."""
    from training.arrays import mx  # isort: skip  (loads the fast BLAS first)
    import mlx.optimizers as optimisers
    from mlx_lm.tuner.datasets import CacheDataset
    from mlx_lm.tuner.trainer import TrainingArgs, iterate_batches, train
    from mlx_lm.tuner.utils import linear_to_lora_layers
    from mlx_lm.utils import load_model

    from training.base import load_base, pocket_folder
    from training.optimiser import Schedule

    model, _ = load_model(pocket_folder())
    model.set_dtype(mx.float32)
    model.freeze()
    mx.random.seed(1)
    adaptation = {"rank": task.rank, "scale": task.scale, "dropout": 0.0}
    linear_to_lora_layers(model, len(model.layers), adaptation)
    steps, schedule = task.steps, Schedule(task.rates["theirs"], task.steps)
    rates = mx.array([schedule.rate(step) for step in range(steps)])
    counted: list[tuple[int, int, int]] = []

    def batches(**arguments: Any) -> Any:
        for batch, lengths in iterate_batches(**arguments):
            starts, ends = lengths[:, 0], lengths[:, 1]
            counted.append(
                (batch[:, 1:].size, int(ends.sum().item()), int((ends - starts).sum().item()))
            )
            yield batch, lengths

    rows = list(task.rows)
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArgs(
            batch_size=task.rows_per_step,
            iters=steps,
            steps_per_report=steps,
            steps_per_save=steps,
            adapter_file=str(Path(folder) / "adapters.safetensors"),
        )
        optimiser = optimisers.AdamW(
            learning_rate=lambda step: rates[mx.minimum(step, steps - 1)], weight_decay=0.0
        )
        data = CacheDataset(Given(rows))
        meter = Meter.start()
        train(model, optimiser, data, None, arguments, iterate_batches=batches)
        measured = meter.read()
    model.eval()
    recall = _recall_of_model(model, load_base(None), task.probes)
    run, fed, useful = (sum(column) for column in zip(*counted, strict=True))
    return Figures(
        "mlx_lm.lora",
        visits=len(counted) * task.rows_per_step,
        lost=sum(entry is None for entry in data._proc_data),
        useful=useful,
        padding=1 - (fed - len(counted) * task.rows_per_step) / run,
        recall=recall,
        **measured,
    )


def _recall(base: Any, probes: Sequence[Any]) -> float:
    from training.evaluate import answer

    replies = answer(base, probes)
    return sum(reply.correct for reply in replies) / len(replies)


def _recall_of_model(model: Any, base: Any, probes: Sequence[Any]) -> float:
    """The held-out recall of a model that mlx-lm trained, asked in the same way as ours."""
    from dataclasses import replace

    return _recall(replace(base, model=model), probes)


LOOPS = {"ours": ours, "theirs": theirs}


def in_a_process(loop: str, task: Path) -> Figures:
    """Run one loop in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.trainer", "--loop", loop, "--task", str(task)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def table(peer: Figures, mine: Figures) -> str:
    """Both as a table in Markdown, with their ratios."""

    def line(title: str, form: str, of: Any, ratio: bool = False) -> str:
        share = f"{of(mine) / of(peer):.2f}" if ratio and of(peer) else ""
        return f"| {title} | {form.format(of(peer))} | {form.format(of(mine))} | {share} |"

    return "\n".join(
        [
            f"| | {peer.name} | {mine.name} | ratio |",
            "|---|---|---|---|",
            line("useful tokens a second", "{:.0f}", lambda f: f.useful / f.seconds, True),
            line("useful tokens a CPU second", "{:.0f}", lambda f: f.useful / f.cpu_seconds, True),
            line("MLX's peak memory, MB", "{:.0f}", lambda f: f.peak_mb, True),
            line("growth of the process, MB", "{:.0f}", lambda f: f.grown_mb, True),
            line("held-out recall", "{:.3f}", lambda f: f.recall),
            line("row visits", "{}", lambda f: f.visits),
            line("rows never trained", "{}", lambda f: f.lost),
            line("padding", "{:.1%}", lambda f: f.padding),
            line("seconds", "{:.0f}", lambda f: f.seconds),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--person", choices=sorted(FOLDERS), default="demo")
    parser.add_argument("--domain", default="people")
    parser.add_argument("--epochs", type=float, default=4.0, help="row visits for each row")
    parser.add_argument("--rows", type=int, default=0, help="rows in a step; 0 for a night's")
    parser.add_argument("--rate", type=float, default=0.0, help="peak rate; 0 for a night's")
    parser.add_argument("--their-rate", type=float, default=0.0, help="mlx-lm's; 0 for ours")
    parser.add_argument("--loop", choices=sorted(LOOPS), help=argparse.SUPPRESS)
    parser.add_argument("--task", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.loop:
        task = pickle.loads(given.task.read_bytes())
        print(json.dumps(asdict(LOOPS[given.loop](task))))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "task"
        path.write_bytes(pickle.dumps(make_task(given)))
        print(table(in_a_process("theirs", path), in_a_process("ours", path)))


if __name__ == "__main__":
    main()
