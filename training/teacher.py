"""The teacher of distillation: the same base with the supporting passage in its prompt, heard once and kept.

What it says to a row is its most likely tokens at every target, and what some of its blocks put out there. A teacher
that would not give the row's answer itself teaches nothing. What it said is kept sealed, document by document, so that a
night asks it only about what changed, and forgetting a document takes its lessons along.
"""

from __future__ import annotations

import base64
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from training.adapter import Split
from training.arrays import mx
from training.base import Base
from training.batches import Batch, Course
from training.boundary import Gate
from training.cache import GenerationCache
from training.chat import Row
from training.dataset import Dataset
from training.losses import TopK, top_k
from training.material import Example, Fact, Message
from training.prompts import over
from training.synthesis.sources import SourceDocument

AROUND = 240
"""Characters of the document that the teacher sees before and after the supporting words."""

TOP = 20
"""Tokens of its distribution that are kept (Cartridges; prompt distillation, arXiv 2412.14964)."""

BLOCKS = 4
"""Blocks whose output is kept: the last one, and others at even distances below it. All of them would take gigabytes."""

TOKENS_AT_ONCE = 2048
"""Tokens that the teacher reads at once, padding included."""


@dataclass(frozen=True, slots=True)
class Taught:
    """What the teacher says to one row, at each of its targets.

    Attributes:
        top: its most likely tokens.
        blocks: the output of each heard block (targets × width), lowest to last; what the warm start draws to.
    """

    top: TopK
    blocks: tuple[Any, ...]

    def to_json(self) -> dict[str, Any]:
        """For the cache; block outputs as float16, which is more than their use needs."""
        outputs = np.array(mx.stack(list(self.blocks)).astype(mx.float16))
        return {
            "top": self.top.to_json(),
            "shape": list(outputs.shape),
            "blocks": base64.b64encode(outputs.tobytes()).decode(),
        }

    @staticmethod
    def from_json(entry: Mapping[str, Any]) -> Taught:
        """What `to_json` gave."""
        data = np.frombuffer(base64.b64decode(entry["blocks"]), np.float16)
        outputs = mx.array(data.reshape(entry["shape"])).astype(mx.float32)
        return Taught(TopK.from_json(entry["top"]), tuple(outputs))


@dataclass(frozen=True, slots=True)
class Lesson:
    """What the teacher is asked.

    Attributes:
        row: the student's row.
        messages: its conversation; the last message is the question.
        passage: what the teacher sees before the question.
    """

    row: Row
    messages: tuple[Message, ...]
    passage: str

    def with_passage(self, base: Base) -> Row:
        """The same answer after a prompt with the passage."""
        question = Message("user", over(self.passage, self.messages[-1].text))
        prompt = base.chat.prompt((*self.messages[:-1], question))
        return Row((*prompt, *self.row.tokens[self.row.start :]), len(prompt))


def heard(blocks: int) -> list[int]:
    """Which of so many blocks are heard."""
    count = min(BLOCKS, blocks)
    return [blocks * (number + 1) // count - 1 for number in range(count)]


@contextmanager
def tapped(model: Any) -> Iterator[list[Gate]]:
    """Within the block every block of the model notes its output; afterwards the model is as it was."""
    originals = list(model.layers)
    gates = [Gate(block) for block in originals]
    model.layers[:] = gates
    try:
        yield gates
    finally:
        model.layers[:] = originals


def teach(base: Base, lessons: Sequence[Lesson]) -> list[Taught | None]:
    """What the base, without an adapter, says to each lesson; None where it would not give this very answer itself."""
    taught: list[Taught | None] = [None] * len(lessons)
    rows = [lesson.with_passage(base) for lesson in lessons]
    split = Split(base.model)
    course = Course(rows, 32, TOKENS_AT_ONCE, 0, base.chat.end)
    with tapped(base.model) as gates:
        listened = [gates[number] for number in heard(len(gates))]
        for number in range(course.batches_per_epoch if rows else 0):
            batch = course.batch(number)
            for index, found in _heard_in(split, listened, batch, rows):
                taught[index] = found
    return taught


def _heard_in(
    split: Split, gates: Sequence[Gate], batch: Batch, rows: Sequence[Row]
) -> Iterator[tuple[int, Taught]]:
    """The rows of a batch whose answer the teacher gives, with what it says to them."""
    hidden = split.hidden(batch.tokens)
    logits = split.logits(hidden.reshape(-1, hidden.shape[-1])[batch.positions])
    said = (mx.argmax(logits, axis=-1) == batch.targets).tolist()
    outputs = [gate.noted.reshape(-1, gate.noted.shape[-1])[batch.positions] for gate in gates]
    top = top_k(logits, TOP)
    mx.eval(top.ids, top.log_probs, outputs)
    start = 0
    for index in batch.indices:
        end = start + rows[index].targets
        if all(said[start:end]):
            yield index, Taught(top[start:end], tuple(output[start:end] for output in outputs))
        start = end


def lessons(
    base: Base, dataset: Dataset, documents: Sequence[SourceDocument]
) -> dict[str, dict[int, Lesson]]:
    """Document → index of an example → what the teacher is asked about it; examples without a document have none."""
    texts = {source.id: source.document.text for source in documents}
    facts = {fact.identity: fact for fact in dataset.facts}
    found: dict[str, dict[int, Lesson]] = defaultdict(dict)
    for index, example in enumerate(dataset.examples):
        fact = _supporting(example, facts, texts)
        if fact is not None:
            row = base.chat.row(example.messages, example.answer)
            passage = around(texts[fact.document], fact)
            found[fact.document][index] = Lesson(row, example.messages, passage)
    return found


def _supporting(
    example: Example, facts: Mapping[str, Fact], texts: Mapping[str, str]
) -> Fact | None:
    """The first fact behind an example whose document is at hand."""
    known = (facts[identity] for identity in example.facts if identity in facts)
    return next((fact for fact in known if fact.document in texts), None)


def around(text: str, fact: Fact) -> str:
    """The words of a document around what supports a fact."""
    return text[max(0, fact.start - AROUND) : fact.end + AROUND].strip()


def taught(
    base: Base,
    dataset: Dataset,
    documents: Sequence[SourceDocument],
    cache: GenerationCache,
    step: Callable[[int, int], None] = lambda done, total: None,
) -> list[Taught | None]:
    """What the teacher says to each of a dataset's examples, taken from the cache where it was heard before.

    Args:
        base: the model, without an adapter.
        dataset: what is studied.
        documents: where its facts come from.
        cache: where lessons are kept, under the document that they are about.
        step: told how many of the documents are done.
    """
    results: list[Taught | None] = [None] * len(dataset.examples)
    by_document = lessons(base, dataset, documents)
    for done, (document, asked) in enumerate(sorted(by_document.items())):
        step(done, len(by_document))
        mine = list(asked.values())
        kept = cache.get_or_make(
            document,
            ["lessons", base.fingerprint, repr([(one.row, one.passage) for one in mine])],
            partial(_entries, base, mine),
        )
        for index, entry in zip(asked, kept, strict=True):
            results[index] = Taught.from_json(entry) if entry else None
    return results


def _entries(base: Base, asked: Sequence[Lesson]) -> list[dict[str, Any] | None]:
    """What the teacher says, as it is kept."""
    return [found.to_json() if found else None for found in teach(base, asked)]
