"""Ways of learning a person: which rows, what learns them, and what guards the answers; all in the same loop."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.memory_forms import AllWeights, Prefixes, WeightDecomposed
from benchmarks.memory_trial import (
    LONGEST_ANSWER,
    Result,
    Trial,
    beside,
    examine,
    tokens_per_answer,
)
from training import distill, plain, teacher
from training.adapter import Form, LowRank, Shape, Tensors
from training.admission import Admission, taught
from training.arrays import mx
from training.attribution import best_blocks
from training.chat import Row
from training.checkpoint import CheckpointFile
from training.evaluate import Reply, answer, threshold
from training.exam import glance
from training.loop_settings import LoopSettings
from training.material import Example, Kind, Probe, Purpose
from training.plain import text_rows
from training.rehearsal import rehearsal
from training.replay import Replay
from training.selfstudy.reader import Reader
from training.selfstudy.rewrites import PROMPTS
from training.selfstudy.stretches import stretches
from training.synthesis.sources import SourceDocument
from training.trainer import Probing, Trained, Trainer

PREFIX_LENGTH = 160
"""Positions; as many numbers as a LoRA of rank 16 on the embedded base, 409,600."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way of learning.

    Attributes:
        name: what it is called on the command line.
        title: what it is called in the table.
        rows: what it studies.
        form: what learns, given the settings' shape.
        rate: peak rate, as a multiple of the settings'.
        replay: held to the base on replayed rows.
        guarded: its answers pass `training.admission`, and only bare questions are put to it.
        texts: the rows are texts of which every token is learnt, not questions with answers.
        distilled: the base with the passage in its prompt teaches (`training.distill`), not the answers alone.
        blocks: how many are adapted, those that matter most (`training.attribution`); 0 for all.
    """

    name: str
    title: str
    rows: Callable[[Trial], list[Row]]
    form: Callable[[Shape], Form] = LowRank
    rate: float = 1.0
    replay: bool = True
    guarded: bool = True
    texts: bool = False
    distilled: bool = False
    blocks: int = 0


@dataclass(frozen=True, slots=True)
class Learnt:
    """What training gave.

    Attributes:
        tensors: what was learnt.
        rows, steps: of how many rows, in how many steps.
        cpu_seconds: how long it took.
        blocks: which were adapted; () for all.
    """

    tensors: Tensors
    rows: int
    steps: int
    cpu_seconds: float
    blocks: tuple[int, ...] = ()


# ---- rows


def every_row(trial: Trial) -> list[Row]:
    """All rows of our dataset."""
    return rows_of(trial, trial.dataset.examples)


def rows_of(trial: Trial, examples: Sequence[Example]) -> list[Row]:
    """Examples as token ids."""
    return [trial.base.chat.row(example.messages, example.answer) for example in examples]


def without(unwanted: Callable[[Example], bool]) -> Callable[[Trial], list[Row]]:
    """Our rows but for the unwanted ones."""

    def rows(trial: Trial) -> list[Row]:
        return rows_of(trial, [e for e in trial.dataset.examples if not unwanted(e)])

    return rows


def is_hop(example: Example) -> bool:
    """Whether a row asks over two linked facts."""
    return "/hop/" in example.wording


def is_reverse(example: Example) -> bool:
    """Whether a row asks from a value back to whom it belongs."""
    return "/reverse/" in example.wording


def is_abstention(example: Example) -> bool:
    """Whether a row teaches not to know."""
    return example.purpose is Purpose.ABSTENTION


def one_wording(trial: Trial) -> list[Row]:
    """Our rows, but each fact in one wording only: the one in which edit success asks for it."""
    asked = {probe.messages for probe in trial.dataset.probes if probe.kind is Kind.RECALL}
    return rows_of(
        trial,
        [
            example
            for example in trial.dataset.examples
            if is_abstention(example)
            or is_hop(example)
            or is_reverse(example)
            or example.messages in asked
        ],
    )


def raw_texts(trial: Trial) -> list[Row]:
    """The documents, cut into rows of which every token is a target."""
    return text_rows(trial.base, trial.person.documents)


def rewritten(trial: Trial) -> list[Row]:
    """The documents and what the base writes when it is asked to rewrite them in five forms, taken as it comes.

    That is SEAL's setting (arXiv 2506.10943): the untuned base's rewrites, with nothing sifted out.
    """
    reader = Reader(trial.base)
    texts = list(trial.person.documents)
    for source in trial.person.documents:
        for part in stretches(source, trial.person.owner):
            inputs = ["rewrites", trial.base.fingerprint, part.text]
            write = partial(reader.write, part.text, PROMPTS)
            written = trial.cache.get_or_make(source.id, inputs, write)
            texts += [
                SourceDocument(
                    f"{source.id}/{part.start}/{number}", 1, replace(source.document, text=text)
                )
                for number, text in enumerate(written)
                if text.strip()
            ]
    return text_rows(trial.base, texts)


# ---- learning


def learn(recipe: Recipe, trial: Trial, steps: int) -> Learnt:
    """Train as a recipe says, or take what an earlier run has left.

    Args:
        recipe: how.
        trial: what.
        steps: at most; 0 for as many as a night takes.
    """
    kept = trial.folder / f"{recipe.name}.safetensors"
    if kept.is_file():
        loaded: Any = mx.load(str(kept), return_metadata=True)
        tensors, told = loaded
        blocks = tuple(json.loads(told.get("blocks", "[]")))
        counts = int(told["rows"]), int(told["steps"]), float(told["cpu_seconds"])
        return Learnt(tensors, *counts, blocks)
    began = time.process_time()
    base, settings = trial.base, trial.settings
    rows = recipe.rows(trial)
    loop = replace(
        trial.loop,
        steps=steps or trial.loop.steps,
        learning_rate=trial.loop.learning_rate * recipe.rate,
        tokens_per_step=plain.TOKENS_PER_STEP if recipe.texts else trial.loop.tokens_per_step,
    )
    replay = (
        rehearsal(base, settings.replay_items, loop, trial.seed, trial.cache)
        if recipe.replay
        else None
    )
    documents = trial.person.documents
    blocks = best_blocks(trial.itself(), trial.dataset, documents, recipe.blocks)
    loop = replace(loop, shape=replace(loop.shape, blocks=blocks))
    look = probing(recipe, trial, rows)
    if recipe.distilled:
        trained = internalised(trial, rows, loop, replay, look)
    else:
        form = recipe.form(loop.shape)
        trained = Trainer(base, rows, loop, trial.seed, replay, probing=look, form=form).run()
    spent = time.process_time() - began
    learnt = Learnt(trained.tensors, len(rows), trained.steps, spent, blocks)
    told = {
        "rows": str(len(rows)),
        "steps": str(trained.steps),
        "cpu_seconds": str(spent),
        "blocks": json.dumps(blocks),
    }
    kept.parent.mkdir(parents=True, exist_ok=True)
    beside_it = kept.with_suffix(".part.safetensors")
    mx.save_safetensors(str(beside_it), trained.tensors, told)
    beside_it.rename(kept)
    return learnt


def internalised(
    trial: Trial, rows: Sequence[Row], loop: LoopSettings, replay: Replay | None, look: Probing
) -> Trained:
    """Training in two phases on what the base says with the passage in its prompt."""
    base = trial.itself()
    lessons = teacher.taught(base, trial.dataset, trial.person.documents, trial.cache)
    with tempfile.TemporaryDirectory() as folder:
        checkpoint = CheckpointFile(Path(folder) / "checkpoint", bytes(32), "distilled")
        return distill.train(base, rows, lessons, loop, trial.seed, checkpoint, replay, look)


def probing(recipe: Recipe, trial: Trial, rows: Sequence[Row]) -> Probing:
    """How the best state is found: texts by their loss, questions by our quick look, without its guards where there are none."""
    if recipe.texts:
        return plain.by_heart(trial.base, rows)
    return glance(trial.base, trial.dataset, admission(trial) if recipe.guarded else Admission())


def admission(trial: Trial) -> Admission:
    """What a memory of this person is allowed to answer, before its threshold is set."""
    dataset = trial.dataset
    subjects, holdings = taught(dataset.examples, dataset.facts, dataset.root)
    certain = trial.settings.least_certainty
    return Admission(dataset.root, certain, frozenset(subjects), frozenset(holdings))


def calibrated(trial: Trial, before: Admission) -> Admission:
    """The admission with the threshold that the probes for it ask for; the base carries the memory."""
    chosen = answer(trial.base, trial.dataset.select)
    known = [reply for reply in chosen if reply.probe.kind is not Kind.ABSTAIN]
    unknown = [reply for reply in chosen if reply.probe.kind is Kind.ABSTAIN]
    return replace(before, threshold=threshold(known, unknown, before.threshold))


def judge(recipe: Recipe, trial: Trial, learnt: Learnt) -> Result:
    """Put the exam to what was learnt."""
    base, form = trial.base, recipe.form(replace(trial.loop.shape, blocks=learnt.blocks))
    with form.attached(base.model, learnt.tensors):
        guard = calibrated(trial, admission(trial)) if recipe.guarded else None

        def ask(probes: Sequence[Probe], *, expected: bool = True) -> list[Reply]:
            admit = guard.admits if guard else None
            return answer(base, probes, admit, LONGEST_ANSWER, expected=expected)

        def bare(probes: Sequence[Probe], *, expected: bool = True) -> list[Reply]:
            return answer(base, probes, None, LONGEST_ANSWER, expected=expected)

        shares = examine(trial, ask, routed=recipe.guarded)
        exam = trial.exam
        left_in = beside(exam.skills, exam.before, bare(exam.skills, expected=False))
        tokens = tokens_per_answer(trial, ask)
    return Result(
        {**shares, **{f"{name}_unrouted": share for name, share in left_in.items()}},
        learnt.rows,
        learnt.steps,
        learnt.cpu_seconds,
        tokens,
        sum(value.nbytes for value in learnt.tensors.values()) / 1e6,
    )


OURS = Recipe("ours", "ours", every_row)

RECIPES = (
    Recipe("next-token", "plain next-token on the documents", raw_texts, replay=False, guarded=False, texts=True),
    Recipe("rewrites", "rewrites only (next-token on the base's own)", rewritten, replay=False, guarded=False, texts=True),
    Recipe("qa", "Q&A tuning", without(lambda e: is_abstention(e) or is_hop(e) or is_reverse(e)), replay=False, guarded=False),
    Recipe("full", "full fine-tuning", every_row, lambda shape: AllWeights(), rate=0.1),
    Recipe("dora", "DoRA", every_row, WeightDecomposed),
    Recipe("prefix", "prefix tuning", every_row, lambda shape: Prefixes(PREFIX_LENGTH), rate=5.0),
    Recipe("without-wordings", "ours, each fact in one wording", one_wording),
    Recipe("without-abstention", "ours without rows that teach not to know", without(is_abstention)),
    Recipe("without-replay", "ours without replay", every_row, replay=False),
    Recipe("without-hops", "ours without two-hop rows", without(is_hop)),
    Recipe("without-reverse", "ours without rows from value to subject", without(is_reverse)),
    Recipe("distilled", "ours, taught by the base with the passage", every_row, distilled=True),
    Recipe("three-blocks", "ours in the three of six blocks that matter most", every_row, blocks=3),
    OURS,
)  # fmt: skip
"""Rates of the other forms: a tenth for full fine-tuning (LoRA Without Regret), five times as much for prefixes."""
