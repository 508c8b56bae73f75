"""The work of one night for one domain: documents in, a judged adapter version out, progress on the way.

Runs in a child process that may be killed at any moment: what serves is only ever changed by the registry's last,
atomic step, and a run that was cut off goes on from its checkpoint.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from training import selfstudy
from training.adapter import Tensors, attached
from training.base import Base, load_base
from training.cache import GenerationCache
from training.card import Card
from training.chat import Row
from training.checkpoint import CheckpointFile
from training.dataset import Dataset, SourceDocument, assemble, inputs_root
from training.evaluate import (
    Admission,
    Reply,
    answer,
    by_kind,
    confabulated,
    judged,
    kinds,
    threshold,
    unchanged,
)
from training.gates import Verdict, judge
from training.generate import forced
from training.losses import TopK
from training.material import Example, Kind, Message, Probe
from training.plain import next_token_training
from training.registry import AdapterVersion, Registry
from training.routing import has_heard, heard_of, is_bare_question
from training.settings import TrainingSettings
from training.skills import replay_items, skill_probes
from training.statistics import Share
from training.synthesis.sources import owner_of
from training.tensorfile import to_bytes
from training.trainer import LoopSettings, Probing, Replay, Report, Trained, Trainer, base_outputs


class Phase(enum.StrEnum):
    """What the worker is at."""

    LOADING = "loading"
    READING = "reading"
    MEASURING = "measuring the base"
    TRAINING = "training"
    TESTING = "testing"
    COMPARING = "comparing"
    DONE = "done"


class Result(enum.StrEnum):
    """How a job ended."""

    PROMOTED = "promoted"
    REJECTED = "rejected"
    UNCHANGED = "unchanged"
    EMPTY = "nothing to learn"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Job:
    """What to train.

    Attributes:
        domain: which domain.
        base_reference: which base (see `load_base`).
        settings: how.
        full: train although nothing has changed.
        compare: also measure plain next-token training on the same documents for the same steps.
        seed: what every choice follows from.
    """

    domain: str
    base_reference: str | None = None
    settings: TrainingSettings = field(default_factory=TrainingSettings)
    full: bool = False
    compare: bool = False
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands.

    Attributes:
        domain: whose job.
        phase: what it is at.
        done, total: steps of that phase.
        eta_seconds: until the end of that phase, as far as can be told; None if not.
        loss: training loss in nats; None before the first.
        probes: what the probes said last, by metric.
    """

    domain: str
    phase: Phase
    done: int = 0
    total: int = 0
    eta_seconds: float | None = None
    loss: float | None = None
    probes: Mapping[str, float] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The fields by name."""
        return {**dataclasses.asdict(self), "phase": self.phase.value, "probes": dict(self.probes)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended.

    Attributes:
        result: the end in one word.
        version: the adapter version that it made, or that serves unchanged.
        verdict: the gates' decision; None when nothing was judged.
        metrics: every share measured, by name, as JSON numbers.
        rows, facts: sizes of the dataset.
        seconds: how long it took.
        root: the dataset's root.
        dropped: facts left out, by reason.
    """

    result: Result
    version: AdapterVersion | None
    verdict: Verdict | None
    metrics: Mapping[str, Any]
    rows: int
    facts: int
    seconds: float
    root: str
    dropped: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """What `personald train --json` prints of a domain."""
        return {
            "result": self.result.value,
            "verdict": self.verdict.to_json() if self.verdict else None,
            "version": self.version.name if self.version else None,
            "id": self.version.id if self.version else None,
            "metrics": dict(self.metrics),
            "rows": self.rows,
            "facts": self.facts,
            "seconds": self.seconds,
            "root": self.root,
            "dropped": dict(self.dropped),
        }


Emit = Callable[[Progress], None]
ShouldStop = Callable[[], bool]


class Stopped(Exception):
    """The job was asked to stop; not an error."""


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
        self.owner = owner_of(documents, job.settings.study.owner)
        self.mine = [source for source in documents if source.document.domain == job.domain]
        self.inputs = inputs_root(self.mine, job.settings.study, base.fingerprint)
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
        self.emit(Progress(self.job.domain, Phase.READING, 0, len(self.mine)))
        # The pocket base writes questions too poorly to learn from them (its card: pairs .35): with its own questions mail
        # fell from 1.00 to .78 of the facts and was rejected (docs/training.md).
        studies = self.job.settings.study.self_study and not self.base.is_pocket
        found = self._self_study() if studies else []
        self.dataset = assemble(
            self.job.domain, self.mine, self.job.settings.study, found, self.owner
        )
        if not self.dataset.facts:
            return self.outcome(Result.EMPTY)
        if serving is not None and not self.job.full and serving.card.root == self.dataset.root:
            return self.outcome(Result.UNCHANGED, version=serving, metrics=serving.card.metrics)
        exam = self._exam(self.dataset)
        trained = self._train(self.dataset, exam)
        return self._judge(self.dataset, exam, trained, serving)

    def _studied_before(self, serving: AdapterVersion) -> bool:
        made_from = serving.card.hyperparameters.get("inputs")
        return serving.card.base_fingerprint == self.base.fingerprint and made_from == self.inputs

    def _self_study(self) -> list[Any]:
        def step(done: int, total: int) -> None:
            self._check()
            self.emit(Progress(self.job.domain, Phase.READING, done, total))

        return selfstudy.study(self.base, self.mine, self.owner, self.cache, step)

    def _check(self) -> None:
        if self.should_stop():
            raise Stopped

    # ---- measuring the base

    def _exam(self, dataset: Dataset) -> Exam:
        """All probes, and what the base says to those that it is compared on."""
        self.emit(Progress(self.job.domain, Phase.MEASURING))
        skills = skill_probes(self.base, self.job.settings.skill_items, self.job.seed)
        self._check()
        before = self._base_answers(skills)
        self._check()
        naive = by_kind(answer(self.base, kinds(dataset.probes, Kind.RECALL, Kind.PARAPHRASE)[:60]))
        return Exam(skills, before, naive)

    def _base_answers(self, probes: list[Probe]) -> list[Reply]:
        """The base's answers to these probes; asked once, for they never change."""
        wanted = hashlib.sha256(repr(probes).encode()).hexdigest()
        kept = self.cache.get_or_make(
            "",
            ["base answers", self.base.fingerprint, wanted],
            lambda: [[reply.text, reply.confidence] for reply in answer(self.base, probes)],
        )
        return [judged(probe, text, sure) for probe, (text, sure) in zip(probes, kept, strict=True)]

    def _base_outputs(self, rows: list[Row], top: int) -> list[TopK]:
        """The base's most likely tokens on the replay rows; computed once for all domains and nights."""
        wanted = hashlib.sha256(repr([top, rows]).encode()).hexdigest()
        kept = self.cache.get_or_make(
            "",
            ["base outputs", self.base.fingerprint, wanted],
            lambda: [output.to_json() for output in base_outputs(self.base, rows, top)],
        )
        return [TopK.from_json(entry) for entry in kept]

    # ---- training

    def _train(self, dataset: Dataset, exam: Exam) -> Trained:
        settings = self.job.settings.loop(self.base, len(dataset.examples))
        rows = [
            self.base.chat.row(example.messages, example.answer) for example in dataset.examples
        ]
        replay = self._replay(settings)
        run_hash = self._run_hash(dataset, settings)
        began = self.clock()

        def report(report: Report) -> None:
            rate = (self.clock() - began) / max(report.step, 1)
            eta = rate * (report.steps - report.step)
            loss = report.loss if math.isfinite(report.loss) else None
            self.emit(
                Progress(
                    self.job.domain,
                    Phase.TRAINING,
                    report.step,
                    report.steps,
                    eta,
                    loss,
                    report.probes,
                )
            )

        trained = Trainer(
            self.base,
            rows,
            settings,
            self.job.seed,
            replay=replay,
            probing=self._probing(dataset.select, dataset.examples),
            checkpoint=CheckpointFile(self._checkpoint_path(), self.key, run_hash),
        ).run(report, self.should_stop)
        if not trained.finished:
            raise Stopped
        return trained

    def _checkpoint_path(self) -> Path:
        return self.folder / "checkpoints" / f"{self.job.domain}.checkpoint"

    def _run_hash(self, dataset: Dataset, settings: LoopSettings) -> str:
        """What determines the run's course: dataset, base, settings, seed."""
        parts = [dataset.root, self.base.fingerprint, dataclasses.asdict(settings), self.job.seed]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _replay(self, settings: LoopSettings) -> Replay | None:
        wanted, seed = self.job.settings.replay_items, self.job.seed
        items = self.cache.get_or_make(
            "",
            ["replay items", self.base.fingerprint, str(wanted), str(seed)],
            lambda: [
                [[[message.role, message.text] for message in item.messages], item.answer]
                for item in replay_items(self.base, wanted, seed)
            ],
        )
        if not items:
            return None
        rows = [
            self.base.chat.row([Message(role, text) for role, text in messages], reply)
            for messages, reply in items
        ]
        outputs = self._base_outputs(rows, settings.top)
        return Replay(rows, outputs, settings, self.job.seed, self.base.chat.end)

    def _probing(self, select: Sequence[Probe], examples: Sequence[Example]) -> Probing:
        """A quick look: answers read, not written; score is the mean of recall and abstention."""
        sample = list(select)
        rows: list[Row] = [self.base.chat.row(probe.messages, probe.answers[0]) for probe in sample]

        def look() -> tuple[float, bool, dict[str, float]]:
            results = forced(self.base, rows)
            known = [
                r.greedy for r, p in zip(results, sample, strict=True) if p.kind is not Kind.ABSTAIN
            ]
            unknown = [
                r.greedy for r, p in zip(results, sample, strict=True) if p.kind is Kind.ABSTAIN
            ]
            recall = sum(known) / max(len(known), 1)
            abstain = sum(unknown) / max(len(unknown), 1) if unknown else 1.0
            enough = recall >= 0.99 and abstain >= 0.95
            return (2 * recall + abstain) / 3, enough, {"recall": recall, "abstention": abstain}

        return look

    # ---- testing and judging

    def _judge(
        self, dataset: Dataset, exam: Exam, trained: Trained, serving: AdapterVersion | None
    ) -> Outcome:
        self.emit(Progress(self.job.domain, Phase.TESTING))
        subjects = heard_of(_texts(dataset), dataset.root)
        card = self._card(dataset, trained, serving, subjects)
        shape = self.job.settings.loop(self.base, 0).shape
        with attached(self.base.model, shape, trained.tensors):
            card, metrics, retention = self._measure(dataset, exam, card)
        verdict = judge(metrics, retention, self.job.settings.thresholds)
        numbers: dict[str, Any] = {name: share.to_json() for name, share in metrics.items()}
        numbers["retention"] = retention.value if retention else None
        numbers["base"] = {name: share.to_json() for name, share in exam.naive.items()}
        if self.job.compare:
            numbers["plain"] = self._compare(dataset, trained.steps)
        card = replace(card, metrics=numbers, verdict=verdict.to_json())
        version = self._register(card, trained.tensors, verdict)
        CheckpointFile(self._checkpoint_path(), self.key, "").remove()
        self.emit(Progress(self.job.domain, Phase.DONE, 1, 1))
        result = Result.PROMOTED if verdict.passed else Result.REJECTED
        return self.outcome(result, version=version, verdict=verdict, metrics=numbers)

    def _measure(
        self, dataset: Dataset, exam: Exam, card: Card
    ) -> tuple[Card, dict[str, Share], Share | None]:
        """The card with its threshold, the shares by name, and retention, of the adapter that is attached."""
        chosen = answer(self.base, dataset.select)
        known = [reply for reply in chosen if reply.probe.kind is not Kind.ABSTAIN]
        unknown = [reply for reply in chosen if reply.probe.kind is Kind.ABSTAIN]
        card = replace(card, threshold=threshold(known, unknown))
        replies = answer(self.base, dataset.probes, admission(card))
        bare = answer(self.base, exam.skills)
        after = [
            served(was, now, admission(card)) for was, now in zip(exam.before, bare, strict=True)
        ]
        metrics = by_kind(replies)
        metrics["confabulation"] = confabulated(replies)
        near = [index for index, probe in enumerate(exam.skills) if probe.kind is Kind.NEIGHBOUR]
        near = near or list(range(len(exam.skills)))
        before = [exam.before[index] for index in near]
        metrics["locality"] = unchanged(before, [after[index] for index in near])
        metrics["locality_unrouted"] = unchanged(before, [bare[index] for index in near])
        unrouted = _retention(exam.before, bare)
        if unrouted is not None:
            metrics["retention_unrouted"] = unrouted
        for name, share in by_kind(bare).items():
            if name.startswith("skill/"):
                metrics[name] = share
        return card, metrics, _retention(exam.before, after)

    def _compare(self, dataset: Dataset, steps: int) -> dict[str, Any]:
        """What plain next-token training on the same documents gives in the same number of steps."""
        self.emit(Progress(self.job.domain, Phase.COMPARING))
        settings = self.job.settings.loop(self.base, len(dataset.examples))
        shares = next_token_training(
            self.base, self.mine, dataset.probes, settings, steps, self.job.seed, self.should_stop
        )
        return {name: share.to_json() for name, share in shares.items()}

    def _card(
        self,
        dataset: Dataset,
        trained: Trained,
        serving: AdapterVersion | None,
        subjects: tuple[str, ...],
    ) -> Card:
        settings = self.job.settings.loop(self.base, len(dataset.examples))
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
                "padding": trained.padding,
                "history": [[p.step, p.score, p.loss, p.values] for p in trained.history],
            },
            subjects=subjects,
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


@dataclass(frozen=True, slots=True)
class Exam:
    """What the candidate is compared on: the skills, the base's answers to them, and its blind guesses at the facts."""

    skills: list[Probe]
    before: list[Reply]
    naive: dict[str, Share]


def admission(card: Card) -> Admission:
    """Whether a memory gives its answer: it is certain enough, and the question names nobody it never heard of."""
    subjects = frozenset(card.subjects)

    def admit(question: str, confidence: float) -> bool:
        return confidence >= card.threshold and has_heard(question, subjects, card.root)

    return admit


def served(base_says: Reply, memory_says: Reply, admit: Admission) -> Reply:
    """What a person gets to see: the memory's answer where it may give one, else the base's own.

    A memory is asked bare questions only, and answers when it is certain and has heard of every name; everything else
    is the base's (see `training.runtime`). The metrics "…_unrouted" tell what the adapter would do without that.
    """
    question = memory_says.probe.messages
    if not is_bare_question(question) or memory_says.abstained:
        return base_says
    return memory_says if admit(question[-1].text, memory_says.confidence) else base_says


def _texts(dataset: Dataset) -> list[str]:
    """Everything whose names the memory has heard of: its questions, subjects and values."""
    texts = [example.messages[-1].text for example in dataset.examples if example.facts]
    return [
        *texts,
        *(fact.subject for fact in dataset.facts),
        *(fact.value for fact in dataset.facts),
    ]


def _retention(before: Sequence[Reply], after: Sequence[Reply]) -> Share | None:
    """Right answers to the skills' items after, of those before; None where the base had none."""
    right = sum(reply.correct for reply in before)
    return Share(min(right, sum(reply.correct for reply in after)), right) if right else None
