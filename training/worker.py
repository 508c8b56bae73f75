"""The work of one night for one domain: documents in, a judged adapter version out, progress on the way.

Runs in a child process that may be killed at any moment: what serves is only ever changed by the registry's last,
atomic step, and a run that was cut off goes on from its checkpoint.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from training import attribution, distill, teacher
from training.adapter import Tensors, attached
from training.admission import Admission, taught
from training.base import Base, load_base
from training.cache import GenerationCache
from training.card import Card
from training.chat import Row
from training.checkpoint import CheckpointFile
from training.continuation import Continuation, may_continue, plan
from training.dataset import Dataset, SourceDocument
from training.exam import Exam, Marks, glance, set_exam, sit
from training.gates import Verdict, judge
from training.job import Emit, Job, Outcome, Phase, Progress, Result, ShouldStop, Stopped
from training.loop_settings import LoopSettings
from training.plain import next_token_training
from training.registry import AdapterVersion, Registry, RegistryRefuses, State
from training.rehearsal import rehearsal
from training.sealing import SealBroken
from training.serving import memory
from training.statistics import Share
from training.syllabus import Syllabus
from training.tensorfile import TensorsRefused, to_bytes
from training.trainer import Report, Trained

__all__ = ["Emit", "Job", "Night", "Outcome", "Phase", "Progress", "Result", "ShouldStop", "run"]


def run(
    job: Job,
    documents: Sequence[SourceDocument],
    key: bytes,
    folder: Path,
    emit: Emit = lambda _: None,
    should_stop: ShouldStop = lambda: False,
    base: Base | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Outcome:
    """Train one domain.

    Args:
        job: what to train.
        documents: all documents of the person; those of the job's domain are studied, the others tell who the owner is.
        key: 32 bytes; everything that is left on the disk is sealed under keys derived from it.
        folder: where adapters (`adapters/`), caches (`cache/`) and checkpoints (`checkpoints/`) lie.
        emit: told where the job stands.
        should_stop: asked between steps; True leaves a checkpoint and ends the job.
        base: the base, where the caller has loaded it already.
        clock: seconds.

    Raises:
        PersonaldError: the base cannot be used, training diverges, the disk is full.
    """
    started = clock()
    emit(Progress(job.domain, Phase.LOADING))
    base = base or load_base(job.base_reference)
    night = Night(job, documents, key, folder, emit, should_stop, base, clock, started)
    try:
        return night.work()
    except Stopped:
        return night.outcome(Result.STOPPED)


class Night:
    """One job at work; the arguments are those of `run`."""

    def __init__(
        self,
        job: Job,
        documents: Sequence[SourceDocument],
        key: bytes,
        folder: Path,
        emit: Emit,
        should_stop: ShouldStop,
        base: Base,
        clock: Callable[[], float],
        started: float,
    ) -> None:
        self.job, self.base, self.emit, self.should_stop = job, base, emit, should_stop
        self.clock, self.started = clock, started
        self.key, self.folder = key, folder
        self.registry = Registry(folder / "adapters", key)
        self.cache = GenerationCache(folder / "cache", key)
        self.syllabus = Syllabus.of(
            job.domain, documents, job.settings.study, pocket=base.is_pocket
        )
        self.inputs = self.syllabus.inputs(base.fingerprint)
        self.dataset: Dataset | None = None

    def outcome(self, result: Result, **more: Any) -> Outcome:
        """The end of the job, with what is known so far."""
        known: dict[str, Any] = {
            "version": None,
            "verdict": None,
            "metrics": {},
            "rows": len(self.dataset.examples) if self.dataset else 0,
            "facts": len(self.dataset.facts) if self.dataset else 0,
            "root": self.dataset.root if self.dataset else "",
            "dropped": self.dataset.dropped if self.dataset else {},
        }
        return Outcome(result, seconds=self.clock() - self.started, **{**known, **more})

    def work(self) -> Outcome:
        """Read, train, test, judge, register."""
        serving = self.registry.active(self.job.domain)
        if serving is not None and not self.job.full and self._studied_before(serving):
            return self.outcome(
                Result.UNCHANGED,
                version=serving,
                metrics=serving.card.metrics,
                root=serving.card.root,
            )
        self.emit(Progress(self.job.domain, Phase.READING, 0, len(self.syllabus.mine)))
        self.dataset = self.syllabus.studied(self.base, self.cache, self._read).dataset()
        if not self.dataset.facts:
            return self.outcome(Result.EMPTY)
        if serving is not None and not self.job.full and serving.card.root == self.dataset.root:
            return self.outcome(Result.UNCHANGED, version=serving, metrics=serving.card.metrics)
        self.emit(Progress(self.job.domain, Phase.MEASURING))
        settings = self.job.settings
        exam = set_exam(self.base, self.dataset, settings.skill_items, self.job.seed, self.cache)
        self._check()
        going_on = self._going_on(self.dataset, serving) if serving is not None else None
        outcome = self._attempt(self.dataset, exam, serving, going_on)
        if going_on is not None and outcome.result is Result.REJECTED:
            outcome = self._attempt(self.dataset, exam, serving, None)
        self.emit(Progress(self.job.domain, Phase.DONE, 1, 1))
        return outcome

    def _studied_before(self, serving: AdapterVersion) -> bool:
        made_from = serving.card.hyperparameters.get("inputs")
        return serving.card.base_fingerprint == self.base.fingerprint and made_from == self.inputs

    def _read(self, done: int, total: int) -> None:
        self._check()
        self.emit(Progress(self.job.domain, Phase.READING, done, total))

    def _check(self) -> None:
        if self.should_stop():
            raise Stopped

    # ---- training

    def _going_on(self, dataset: Dataset, serving: AdapterVersion) -> Continuation | None:
        """How to go on from the memory that serves; None where this night trains from scratch."""
        job, card = self.job, serving.card
        settings = self._loop(dataset, card.shape.blocks)
        tried = any(
            version.state is State.REJECTED
            and version.card.continued
            and (version.card.root, version.card.parent) == (dataset.root, serving.id)
            for version in self.registry.versions(job.domain)
        )
        settled = serving.state is State.ACTIVE and len(card.shape.blocks) == job.settings.blocks
        may = may_continue(card, self.base.fingerprint, dataset.documents, settings)
        if job.full or job.compare or tried or not settled or not may:
            return None
        try:
            start = memory(self.registry, serving, self.base).tensors
        except (SealBroken, RegistryRefuses, TensorsRefused):
            # It cannot serve either; the one that is trained now replaces it.
            return None
        wordings = job.settings.study.wordings
        return plan(self.base, self._rows(dataset), start, settings, wordings, self._measured)

    def _measured(self, done: int, total: int) -> None:
        self._check()
        self.emit(Progress(self.job.domain, Phase.MEASURING, done, total))

    def _attempt(
        self,
        dataset: Dataset,
        exam: Exam,
        serving: AdapterVersion | None,
        going_on: Continuation | None,
    ) -> Outcome:
        """Train, from scratch or from where the serving memory is; judge and register."""
        blocks = self._where(dataset) if going_on is None else going_on.settings.shape.blocks
        settings = self._loop(dataset, blocks) if going_on is None else going_on.settings
        trained = self._train(dataset, settings, going_on)
        card = self._card(dataset, settings, trained, serving)
        if going_on is not None and serving is not None:
            in_a_row = {"continued": serving.card.continued + 1}
            card = replace(card, hyperparameters={**card.hyperparameters, **in_a_row})
        return self._judge(dataset, exam, trained, card)

    def _rows(self, dataset: Dataset) -> list[Row]:
        chat = self.base.chat
        return [chat.row(example.messages, example.answer) for example in dataset.examples]

    def _train(
        self, dataset: Dataset, settings: LoopSettings, going_on: Continuation | None
    ) -> Trained:
        base, job = self.base, self.job
        trained = distill.train(
            base,
            self._rows(dataset),
            self._taught(dataset),
            settings,
            job.seed,
            CheckpointFile(self._checkpoint_path(), self.key, self._run_hash(settings, going_on)),
            replay=rehearsal(base, job.settings.replay_items, settings, job.seed, self.cache),
            probing=glance(base, dataset, self._admission(dataset)),
            report=self._follow(),
            should_stop=self.should_stop,
            start=going_on.start if going_on else None,
            known=going_on.known if going_on else (),
        )
        if not trained.finished:
            raise Stopped
        return trained

    def _admission(self, dataset: Dataset) -> Admission:
        """Which answers would be given now, before the threshold is set."""
        subjects, holdings = taught(dataset.examples, dataset.facts, dataset.root)
        certain = self.job.settings.least_certainty
        return Admission(dataset.root, certain, frozenset(subjects), frozenset(holdings))

    def _where(self, dataset: Dataset) -> tuple[int, ...]:
        """The blocks that are adapted; () for all."""
        wanted = self.job.settings.blocks
        return attribution.best_blocks(self.base, dataset, self.syllabus.mine, wanted)

    def _taught(self, dataset: Dataset) -> list[teacher.Taught | None]:
        """What the teacher says to each row; nothing where there is to be none."""
        if not self.job.settings.distill:
            return []
        return teacher.taught(self.base, dataset, self.syllabus.mine, self.cache, self._read)

    def _loop(self, dataset: Dataset, blocks: tuple[int, ...]) -> LoopSettings:
        settings = self.job.settings.loop(self.base, len(dataset.examples))
        return replace(settings, shape=replace(settings.shape, blocks=blocks))

    def _follow(self) -> Callable[[Report], None]:
        """What passes the trainer's reports on, with the time that is left."""
        began = self.clock()

        def follow(report: Report) -> None:
            rate = (self.clock() - began) / max(report.step, 1)
            self.emit(
                Progress(
                    self.job.domain,
                    Phase.TRAINING,
                    report.step,
                    report.steps,
                    rate * (report.steps - report.step),
                    report.loss if math.isfinite(report.loss) else None,
                    report.probes,
                )
            )

        return follow

    def _checkpoint_path(self) -> Path:
        return self.folder / "checkpoints" / f"{self.job.domain}.checkpoint"

    def _run_hash(self, settings: LoopSettings, going_on: Continuation | None) -> str:
        """What determines the run's course: dataset, base, settings, seed, and what it goes on from."""
        root = self.dataset.root if self.dataset else ""
        # How much is computed at once depends on the machine's state, and a resumed run may take less.
        course = dataclasses.asdict(replace(settings, tokens_at_once=0))
        taught = self.job.settings.distill
        start = hashlib.sha256(to_bytes(going_on.start)).hexdigest() if going_on else ""
        parts = [root, self.base.fingerprint, course, self.job.seed, taught, start]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    # ---- testing and judging

    def _judge(self, dataset: Dataset, exam: Exam, trained: Trained, card: Card) -> Outcome:
        self.emit(Progress(self.job.domain, Phase.TESTING))
        with attached(self.base.model, card.shape, trained.tensors):
            marks = sit(self.base, dataset, exam, card)
        self._check()
        verdict = judge(marks.shares, marks.retention, self.job.settings.thresholds)
        metrics = self._metrics(dataset, exam, marks, trained.steps)
        card = replace(card, threshold=marks.threshold, metrics=metrics, verdict=verdict.to_json())
        version = self._register(card, trained.tensors, verdict)
        CheckpointFile(self._checkpoint_path(), self.key, "").remove()
        result = Result.PROMOTED if verdict.passed else Result.REJECTED
        return self.outcome(result, version=version, verdict=verdict, metrics=metrics)

    def _metrics(self, dataset: Dataset, exam: Exam, marks: Marks, steps: int) -> dict[str, Any]:
        """Every number by name, those of the models that it is compared with among them."""
        retention = marks.retention.value if marks.retention else None
        metrics = {**_numbers(marks.shares), "retention": retention, "base": _numbers(exam.naive)}
        if self.job.compare:
            metrics["plain"] = _numbers(self._compare(dataset, exam, steps))
        return metrics

    def _compare(self, dataset: Dataset, exam: Exam, steps: int) -> dict[str, Share]:
        """What plain next-token training on the same documents gives in the same number of steps."""

        def follow(report: Report) -> None:
            place = report.step, report.steps
            self.emit(Progress(self.job.domain, Phase.COMPARING, *place, loss=report.loss))

        self.emit(Progress(self.job.domain, Phase.COMPARING))
        return next_token_training(
            self.base,
            self.syllabus.mine,
            exam.blind,
            self._loop(dataset, ()),
            steps,
            self.job.seed,
            follow,
            self.should_stop,
        )

    def _card(
        self,
        dataset: Dataset,
        settings: LoopSettings,
        trained: Trained,
        serving: AdapterVersion | None,
    ) -> Card:
        subjects, holdings = taught(dataset.examples, dataset.facts, dataset.root)
        return Card(
            domain=self.job.domain,
            base_fingerprint=self.base.fingerprint,
            shape=settings.shape,
            root=dataset.root,
            created_at=datetime.now(UTC),
            parent=serving.id if serving else "",
            rows=len(dataset.examples),
            facts=len(dataset.facts),
            hyperparameters={
                **dataclasses.asdict(settings),
                "inputs": self.inputs,
                "seed": self.job.seed,
                "steps_done": trained.steps,
                "stumbles": trained.stumbles,
                "tokens_at_once": trained.at_once,
                "distill": self.job.settings.distill,
                "padding": trained.padding,
                "history": [[p.step, p.score, p.loss, p.values] for p in trained.history],
            },
            threshold=self.job.settings.least_certainty,
            subjects=subjects,
            holdings=holdings,
            documents=tuple(sorted(dataset.documents.items())),
        )

    def _register(self, card: Card, tensors: Tensors, verdict: Verdict) -> AdapterVersion:
        version = self.registry.add_candidate(card, to_bytes(tensors))
        if not verdict.passed:
            return self.registry.reject(version.id, "; ".join(verdict.reasons))
        canary = self.job.settings.canary and self.registry.settled(card.domain) is not None
        version = self.registry.promote(version.id, "passed the gates", canary)
        self.registry.prune(self.job.settings.keep)
        return version


def _numbers(shares: Mapping[str, Share]) -> dict[str, Any]:
    return {name: share.to_json() for name, share in shares.items()}
