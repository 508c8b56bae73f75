"""Pretrain the pocket model: ``python -m training.pocket.pretrain --out DIR``.

The run can be stopped at any moment (SIGINT, SIGTERM) and goes on where it was when the same
command is given again: weights, optimiser, schedule, data cursor and the choice of trained
positions are all restored, bit for bit. The rate warms up, stays, and decays at the end
(warm-up–stable–decay, Hu et al. 2024), so a usable model can be branched off any checkpoint with
``--decay-from`` while the main run goes on.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.pocket.corpus import BATCH_TOKENS, SAMPLES_PER_SHARD, Batch, Corpus
from training.pocket.errors import PretrainingOptions, told
from training.pocket.language import mixture
from training.pocket.network import NetworkConfig
from training.pocket.optimiser import Optimiser
from training.pocket.replicas import Replicas, Work
from training.pocket.supervision import SkillLedger, trained_positions
from training.pocket.tokenizer import (
    save_tokenizer,
    train_tokenizer,
    word_list,
    word_list_text,
)

_WARM_UP_STEPS = 150
_CHECKPOINT_SECONDS = 120.0
_LOG_STEPS = 25
_SKILL_LOGS = 4
_TOKENIZER_SAMPLES = 10_000
_TOKENIZER_SEED_OFFSET = 7_000_000


@dataclass(frozen=True, slots=True)
class Options:
    """What a run is told.

    Args:
        out: folder of checkpoints, logs and shards.
        tokens: stop after so many tokens, or None.
        finish_at: stop at this moment (seconds since the epoch), or None.
        decay: share of the whole run (by tokens or by time) in which the rate falls to zero.
        muon_rate: rate of the matrices.
        adam_rate: rate of everything else.
        weight_decay: of the matrices.
        context_weight: 0 to 1, what a token that is no answer counts beside one that is.
        seed: of data, weights and trained positions.
        processes: how many batches are computed side by side.
        batches: how many batches each of them adds up before a step.
        snapshot_tokens: keep a checkpoint under its own name every so many tokens.
        compiled: whether to use ``torch.compile``.
        network: the network's shape.
        shard_samples: conversations in a shard of data.
        log_steps: a log row is written every so many steps, figures by skill every fourth time.
    """

    out: Path
    tokens: int | None
    finish_at: float | None
    decay: float
    muon_rate: float
    adam_rate: float
    weight_decay: float
    context_weight: float
    seed: int
    processes: int
    batches: int
    snapshot_tokens: int
    compiled: bool
    network: NetworkConfig
    shard_samples: int = SAMPLES_PER_SHARD
    log_steps: int = _LOG_STEPS

    @property
    def group(self) -> int:
        """Batches in a step."""
        return self.processes * self.batches


@dataclass(slots=True)
class Progress:
    """Where a run stands.

    Args:
        step: steps of the optimiser.
        tokens: tokens read, padding included.
        shard: data cursor: shard.
        batch: data cursor: next batch in the shard.
        seconds: time spent training, over all sittings.
        origin_tokens: tokens at which this run began (above zero for a decay branch).
        origin_seconds: seconds at which this run began.
    """

    step: int = 0
    tokens: int = 0
    shard: int = 0
    batch: int = 0
    seconds: float = 0.0
    origin_tokens: int = 0
    origin_seconds: float = 0.0


def rate_factor(progress: Progress, options: Options, now: float, is_branch: bool) -> float:
    """The share of the full rate at this step: warm-up, then flat, then linear to zero.

    A run limited by time decays by time, one limited by tokens by tokens (then it is exactly
    repeatable). A decay branch decays from its first step.
    """
    warm = 1.0 if is_branch else min(1.0, (progress.step + 1) / _WARM_UP_STEPS)
    if options.finish_at is not None:
        whole = options.finish_at - now + progress.seconds - progress.origin_seconds
        left = (options.finish_at - now) / max(whole, 1e-9)
    elif options.tokens is not None:
        whole = options.tokens - progress.origin_tokens
        left = (options.tokens - progress.tokens) / max(whole, 1)
    else:
        return warm
    share = 1.0 if is_branch else options.decay
    return warm * min(1.0, max(0.0, left / share))


def _write_atomically(state: dict[str, Any], path: Path) -> None:
    partial = path.with_name(f".{path.name}.partial")
    torch.save(state, partial)
    partial.replace(path)


class Run:
    """One pretraining run and its files.

    Args:
        options: what it is told.
        clock: seconds since the epoch.
        decay_from: checkpoint to branch off with a decaying rate, or None.
    """

    def __init__(
        self,
        options: Options,
        clock: Callable[[], float] = time.time,
        decay_from: Path | None = None,
    ) -> None:
        self._options = options
        self._clock = clock
        self._is_branch = decay_from is not None
        self._stop = False
        self.progress = Progress()
        out = options.out
        out.mkdir(parents=True, exist_ok=True)
        self._tokenizer_folder = out / "tokenizer"
        self._checkpoint = out / "checkpoint.pt"
        self._log = out / "log.jsonl"
        if decay_from is not None and not self._tokenizer_folder.exists():
            shutil.copytree(decay_from.parent / "tokenizer", self._tokenizer_folder)
        if not (self._tokenizer_folder / "tokenizer.json").exists():
            make_tokenizer(self._tokenizer_folder, options)
        torch.manual_seed(options.seed)
        self._replicas = Replicas(options.network, options.processes, options.compiled)
        self.optimiser = Optimiser(
            self._replicas.start,
            self._replicas.weights,
            self._replicas.gradients,
            options.weight_decay,
        )
        if self._checkpoint.exists():
            self._restore(self._checkpoint)
        elif decay_from is not None:
            self._restore(decay_from)
            self.progress.origin_tokens = self.progress.tokens
            self.progress.origin_seconds = self.progress.seconds

    def stop(self, *_: object) -> None:
        """Finish the current step, write a checkpoint and return."""
        self._stop = True

    def save(self, path: Path | None = None) -> None:
        """Write a checkpoint, whole or not at all."""
        state = {
            "network": self._options.network.to_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": asdict(self.progress),
            "seed": self._options.seed,
        }
        _write_atomically(state, path or self._checkpoint)

    def _restore(self, path: Path) -> None:
        state = torch.load(path, weights_only=True)
        if state["network"] != self._options.network.to_dict():
            raise PretrainingOptions(f"{path} holds a network of another shape.")
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])

    def _is_finished(self) -> bool:
        options = self._options
        if options.tokens is not None and self.progress.tokens >= options.tokens:
            return True
        return options.finish_at is not None and self._clock() >= options.finish_at

    def train(self) -> None:
        """Train until the limit or until told to stop, then write a checkpoint."""
        options = self._options
        corpus = Corpus(
            options.seed, self._tokenizer_folder, options.out / "shards", options.shard_samples
        )
        try:
            self._train(corpus)
        finally:
            corpus.close()
            self._replicas.close()

    def _train(self, corpus: Corpus) -> None:
        progress, options = self.progress, self._options
        ledger = SkillLedger()
        loaded = self._clock()
        last_save, last_log = loaded, loaded
        stream = corpus.batches(progress.shard, progress.batch)
        while not (self._stop or self._is_finished()):
            group = [next(stream) for _ in range(options.group)]
            began = self._clock()
            factor = rate_factor(progress, options, began, self._is_branch)
            self._step([batch for _, _, batch in group], factor, ledger)
            progress.step += 1
            progress.tokens += BATCH_TOKENS * options.group
            progress.shard, progress.batch = group[-1][:2]
            now = self._clock()
            progress.seconds += now - began
            if progress.step % options.log_steps == 0:
                self._report(ledger, factor, now - last_log)
                last_log = now
            if now - last_save > _CHECKPOINT_SECONDS:
                self.save()
                last_save = now
            if progress.tokens % options.snapshot_tokens < BATCH_TOKENS * options.group:
                self.save(options.out / f"tokens-{progress.tokens // 1_000_000:04d}m.pt")
        self.save()

    def _step(self, batches: Sequence[Batch], factor: float, ledger: SkillLedger) -> None:
        options = self._options
        first = self.progress.step * len(batches)
        work = [
            Work(
                batch.ids.astype(np.int64),
                *trained_positions(batch, options.seed, first + number, options.context_weight),
            )
            for number, batch in enumerate(batches)
        ]
        losses = self._replicas.losses(work)
        self.optimiser.step(
            options.muon_rate * factor, options.adam_rate * factor, len(work), self._replicas.run
        )
        for batch, item, loss in zip(batches, work, losses, strict=True):
            ledger.add(batch, item, loss)

    def _report(self, ledger: SkillLedger, factor: float, seconds: float) -> None:
        progress = self.progress
        speed = self._options.log_steps * BATCH_TOKENS * self._options.group / max(seconds, 1e-9)
        loss = sum(ledger.answer_losses) / len(ledger.answer_losses)
        ledger.answer_losses = []
        row: dict[str, Any] = {
            "step": progress.step,
            "tokens": progress.tokens,
            "seconds": round(progress.seconds, 1),
            "loss": round(loss, 4),
            "rate": round(factor, 4),
            "tokens_per_second": round(speed),
        }
        if progress.step % (_SKILL_LOGS * self._options.log_steps) == 0:
            row["skills"] = ledger.take()
        with self._log.open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        line = (
            f"{progress.tokens / 1e6:.2f} M tokens  {speed / 1e3:.1f} k/s  "
            f"answer loss {loss:.3f}  rate {factor:.2f}  {self._time_left(speed)}"
        )
        print(line, flush=True)
        if "skills" in row:
            print("   " + "  ".join(f"{k} {v[1]:.2f}" for k, v in row["skills"].items()))

    def _time_left(self, speed: float) -> str:
        options = self._options
        if options.finish_at is not None:
            left = options.finish_at - self._clock()
        elif options.tokens is not None:
            left = (options.tokens - self.progress.tokens) / speed
        else:
            return ""
        return f"{max(0.0, left) / 60:.0f} min left"


def make_tokenizer(folder: Path, options: Options) -> None:
    """Train the tokenizer on the word list and a slice of the grammar, and save it in ``folder``."""

    def texts() -> Any:
        yield from word_list_text(word_list())
        for index in range(_TOKENIZER_SEED_OFFSET, _TOKENIZER_SEED_OFFSET + _TOKENIZER_SAMPLES):
            for turn in mixture.sample(options.seed, index).turns:
                yield " " + turn.text

    save_tokenizer(train_tokenizer(texts(), options.network.vocabulary), folder)


def _moment(text: str, now: datetime) -> float:
    """HH:MM as the next such moment, in seconds since the epoch."""
    try:
        wanted = datetime.strptime(text, "%H:%M")
    except ValueError as error:
        raise PretrainingOptions(f"{text!r} is not a time such as 12:30.") from error
    moment = now.replace(hour=wanted.hour, minute=wanted.minute, second=0, microsecond=0)
    return (moment if moment > now else moment + timedelta(days=1)).timestamp()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.pocket.pretrain", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--tokens", type=float, help="stop after so many tokens")
    parser.add_argument("--minutes", type=float, help="stop so many minutes from now")
    parser.add_argument("--finish-at", metavar="HH:MM", help="stop at this time of day")
    parser.add_argument("--decay", type=float, default=0.3, help="share of the run that decays")
    parser.add_argument("--decay-from", type=Path, help="branch off this checkpoint and decay")
    parser.add_argument("--muon-rate", type=float, default=0.02)
    parser.add_argument("--adam-rate", type=float, default=0.003)
    parser.add_argument("--weight-decay", type=float, default=0.05)
    parser.add_argument("--context-weight", type=float, default=0.5, help="of what is no answer")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--batches", type=int, default=1, help="of each process in a step")
    parser.add_argument("--snapshot-tokens", type=float, default=5e6)
    parser.add_argument("--layers", default=NetworkConfig().layers)
    parser.add_argument("--width", type=int, default=NetworkConfig().width)
    parser.add_argument("--feed-forward", type=int, default=NetworkConfig().feed_forward)
    parser.add_argument("--heads", type=int, default=NetworkConfig().heads)
    parser.add_argument("--vocabulary", type=int, default=NetworkConfig().vocabulary)
    parser.add_argument("--eager", action="store_true", help="without torch.compile")
    return parser


def _options(arguments: argparse.Namespace, now: datetime) -> Options:
    finish_at = None
    if arguments.finish_at:
        finish_at = _moment(arguments.finish_at, now)
    elif arguments.minutes:
        finish_at = now.timestamp() + 60 * arguments.minutes
    network = NetworkConfig(
        layers=arguments.layers,
        width=arguments.width,
        feed_forward=arguments.feed_forward,
        heads=arguments.heads,
        vocabulary=arguments.vocabulary,
    )
    return Options(
        out=arguments.out,
        tokens=int(arguments.tokens) if arguments.tokens else None,
        finish_at=finish_at,
        decay=arguments.decay,
        muon_rate=arguments.muon_rate,
        adam_rate=arguments.adam_rate,
        weight_decay=arguments.weight_decay,
        context_weight=arguments.context_weight,
        seed=arguments.seed,
        processes=arguments.processes,
        batches=arguments.batches,
        snapshot_tokens=int(arguments.snapshot_tokens),
        compiled=not arguments.eager,
        network=network,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    arguments = _parser().parse_args(argv)
    if arguments.decay_from is not None and not arguments.decay_from.is_file():
        raise PretrainingOptions(f"there is no checkpoint {arguments.decay_from}.")
    run = Run(_options(arguments, datetime.now()), decay_from=arguments.decay_from)
    signal.signal(signal.SIGTERM, run.stop)
    signal.signal(signal.SIGINT, run.stop)
    run.train()
    return 0


if __name__ == "__main__":
    sys.exit(told(main))
