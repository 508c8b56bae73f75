"""The base studies a document by itself: it asks about it, answers, and is taken at its word only where that holds.

The base writes question–answer pairs about a text, by the study prompts that the pocket base is pretrained on. A pair
becomes a fact only when the words of its answer stand in the text (they are its quote), when the base gives that
answer again with the text before it, and does not give it without: what it would say anyway teaches nothing, and
what it says without support is invention. Everything generated for an unchanged text comes from the cache.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from training.base import Base
from training.cache import GenerationCache
from training.generate import generate
from training.matching import abstains, matches, normalise
from training.material import Fact, Message, asked
from training.prompts import WRITE_QUESTIONS, QuestionKind, over, read_pairs
from training.synthesis.facts import make
from training.synthesis.voices import voices
from training.synthesis.sources import Owner, SourceDocument

LONGEST_TEXT = 900
"""Characters of a stretch that is studied at once; longer texts are cut between paragraphs."""

SHORTEST_TEXT = 40
LONGEST_LIST = 260
"""Tokens of generated questions and answers for one stretch."""

KINDS = (QuestionKind.ANY, QuestionKind.WHO, QuestionKind.WHEN, QuestionKind.NUMBER)

Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a document's text and where it lies."""

    text: str
    start: int


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and the answer that the base wrote to it."""

    question: str
    answer: str


def study(
    base: Base,
    documents: Sequence[SourceDocument],
    owner: Owner,
    cache: GenerationCache,
    step: Step,
) -> list[Fact]:
    """The facts that the base finds in these documents, grounded.

    Args:
        base: the model, without an adapter.
        documents: what to read; cards and calendars are left to the rules.
        owner: whose files they are: only their own words and notes are studied as "I" and "my".
        cache: keeps what was generated.
        step: told (done, total) after every document; may raise to stop.
    """
    wanted = [
        source for source in documents if source.document.kind not in ("contact", "event", "task")
    ]
    found: list[Fact] = []
    for done, source in enumerate(wanted, 1):
        for stretch in stretches(source, owner):
            pairs = cache.get_or_make(
                source.id, _inputs(base, stretch), partial(supported_pairs, base, stretch.text)
            )
            found.extend(_facts(source, stretch, [Pair(*pair) for pair in pairs]))
        step(done, len(wanted))
    return found


def _inputs(base: Base, stretch: Stretch) -> list[str]:
    prompts = hashlib.sha256(
        "\n".join(WRITE_QUESTIONS[kind] for kind in KINDS).encode()
    ).hexdigest()
    return ["pairs", base.fingerprint, prompts, stretch.text]


def stretches(source: SourceDocument, owner: Owner) -> Iterator[Stretch]:
    """What may be studied of a document as its owner's, in parts of at most `LONGEST_TEXT` characters."""
    text = source.document.text
    for voice in voices(source, owner):
        for low, high in source.studied():
            start, end = max(low, voice.start), min(high, voice.end)
            if end - start >= SHORTEST_TEXT:
                yield from _parts(text, start, end)


def _parts(text: str, start: int, end: int) -> Iterator[Stretch]:
    """A stretch cut between paragraphs, or between sentences where a paragraph is too long."""
    breaks = [
        start,
        *(m.end() for m in re.finditer(r"\n\s*\n|(?<=[.!?])\s", text[start:end])),
        end - start,
    ]
    cuts = sorted({start + place if place != start else start for place in breaks})
    low = cuts[0]
    for previous, here in pairwise(cuts):
        if here - low > LONGEST_TEXT and previous > low:
            yield Stretch(text[low:previous].strip(), low)
            low = previous
    rest = text[low:end].strip()
    if len(rest) >= SHORTEST_TEXT:
        yield Stretch(rest, low)


def supported_pairs(base: Base, text: str) -> list[list[str]]:
    """Pairs that the base writes about a text, answers alike with the text, and not without it."""
    written = written_pairs(base, text)
    if not written:
        return []
    with_text = _answers(base, [(Message("user", over(text, pair.question)),) for pair in written])
    without = _answers(base, [asked(pair.question) for pair in written])
    return [
        [pair.question, pair.answer]
        for pair, told, guessed in zip(written, with_text, without, strict=True)
        if matches(told, [pair.answer])
        and (abstains(guessed) or not matches(guessed, [pair.answer]))
    ]


def written_pairs(base: Base, text: str) -> list[Pair]:
    """The pairs that the base writes about a text, each with an answer that stands in the text, none twice."""
    prompts = [
        base.chat.prompt((Message("user", over(text, WRITE_QUESTIONS[kind])),)) for kind in KINDS
    ]
    held = f" {normalise(text)} "
    pairs: dict[str, Pair] = {}
    for written in generate(base, prompts, LONGEST_LIST):
        for question, answer in read_pairs(base.chat.text(written.tokens)):
            good = (
                question.endswith("?") and not abstains(answer) and f" {normalise(answer)} " in held
            )
            if good and answer.casefold() not in ("yes", "no"):
                pairs.setdefault(normalise(question), Pair(question, answer))
    return list(pairs.values())


def _answers(base: Base, conversations: Sequence[Sequence[Message]]) -> list[str]:
    prompts = [base.chat.prompt(messages) for messages in conversations]
    return [base.chat.text(found.tokens) for found in generate(base, prompts, 32)]


def _facts(source: SourceDocument, stretch: Stretch, pairs: Sequence[Pair]) -> Iterator[Fact]:
    """A fact for every answer, with all the questions that it was the answer to."""
    by_answer: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_answer.setdefault(normalise(pair.answer), []).append(pair)
    for same in by_answer.values():
        quote = _line_with(stretch.text, same[0].answer)
        fact = make(
            source,
            source.document.title,
            f"asked: {same[0].question}",
            same[0].answer,
            quote,
            near=stretch.start,
            questions=[pair.question for pair in same],
        )
        if fact is not None:
            yield fact


def _line_with(text: str, answer: str) -> str:
    """The line of a text in which an answer stands; the answer itself if it runs over a line's end."""
    place = text.find(answer)
    if place < 0:
        place = text.casefold().find(answer.casefold())
    if place < 0:
        return answer
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[start : end if end >= 0 else len(text)].strip()
