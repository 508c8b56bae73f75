"""What the base wrote counts only where the document holds it up, and where it teaches something.

Short answers: the words of the answer stand in the text, the base gives that answer again with the text before it, and
does not give it without. What it would say anyway teaches nothing; what it says without support is invention.

Longer passages: every name and number of a sentence stands in the text, and so do most of its other words; and the
text makes the passage more likely than it is by itself. Everything that is dropped is counted by its reason.
"""

from __future__ import annotations

import enum
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from training.matching import abstains, matches, normalise
from training.prompts import over
from training.selfstudy.reader import Reader
from training.synthesis.facts import DAYS, MONTHS

SHARED_WORDS = 0.75
"""Share of a sentence's longer words that must stand in the text; a paraphrase keeps its nouns. At .6 the pocket base got
"The writer had to be put out on Wednesday night" through, of a note on bins."""
ASKED_WORDS = 0.5
"""The same for questions, which name what they ask for ("the date of the concert")."""
ASKING = frozenset("what when where which whose whom does have there know tell about".split())
"""Longer words that only ask."""
STEM = 5
"""Characters in which two words must agree to be the same in this sense ("insured", "insurance")."""


class Reason(enum.StrEnum):
    """Why something that the base wrote was dropped."""

    UNSUPPORTED = "self-study: the text does not hold it up"
    NOT_REPEATED = "self-study: not answered so with the text"
    KNOWN = "self-study: known without the text"
    MISFIT = "self-study: the answer is of another sort than the question asks for"
    DUPLICATE = "self-study: duplicate"
    CONTRADICTING = "self-study: two answers to one question"
    ANSWERED = "self-study: meant to be open, but a text answers it"
    ONE_TEXT = "self-study: one text alone answers it"


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer."""

    question: str
    answer: str


def distinct(pairs: Sequence[Pair], dropped: Counter[str]) -> list[Pair]:
    """The pairs without repetitions, and without questions that got two different answers."""
    answers: dict[str, dict[str, Pair]] = {}
    for pair in pairs:
        given = answers.setdefault(normalise(pair.question), {})
        if normalise(pair.answer) in given:
            dropped[Reason.DUPLICATE] += 1
        given.setdefault(normalise(pair.answer), pair)
    dropped[Reason.CONTRADICTING] += sum(len(given) for given in answers.values() if len(given) > 1)
    return [pair for given in answers.values() if len(given) == 1 for pair in given.values()]


MOMENT = re.compile(
    r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:january|february|march|april|may|june|july|august"
    r"|september|october|november|december|morning|noon|evening|night|week|month|year|today|tomorrow)\b"
    r"|\b\d{1,2}[:.]\d\d\b|\b\d{4}\b|\b\d{1,2} ?[ap]m\b|\bat (?:\d|one|two|three|four|five|six|seven|eight|nine|ten)",
    re.IGNORECASE,
)
DATE = re.compile(rf"\d{{1,2}} (?:{'|'.join(MONTHS)})\b|(?:{'|'.join(DAYS)})s?\b")


def fits(pair: Pair) -> bool:
    """Whether an answer is of the sort that the question's first words ask for."""
    question, answer = pair.question.casefold(), pair.answer
    if question.startswith(("when ", "on which day", "on what day")):
        return MOMENT.search(answer) is not None
    if question.startswith(("how much", "how many", "how long", "how old")):
        return (
            re.search(r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)\b", answer)
            is not None
        )
    if question.startswith(("who ", "whose ", "whom ")):
        return answer[:1].isupper() or answer.casefold().startswith(
            ("my ", "his ", "her ", "our ", "the ")
        )
    if question.startswith("where "):
        return DATE.search(answer) is None
    return True


def answerable(text: str, pair: Pair) -> bool:
    """Whether a pair asks something and its answer stands in the text, word for word."""
    held = f" {normalise(text)} "
    return (
        pair.question.endswith("?")
        and bool(normalise(pair.answer))
        and not abstains(pair.answer)
        and normalise(pair.answer) not in ("yes", "no")
        and f" {normalise(pair.answer)} " in held
    )


def grounded_pairs(
    reader: Reader, text: str, written: Sequence[Pair], dropped: Counter[str]
) -> list[Pair]:
    """The pairs that hold.

    Args:
        reader: the base.
        text: what they were written about.
        written: what the base wrote.
        dropped: counts the others, by reason.
    """
    standing = [
        pair
        for pair in written
        if answerable(text, pair) and supported(text, pair.question, ASKED_WORDS)
    ]
    dropped[Reason.UNSUPPORTED] += len(written) - len(standing)
    fitting = [pair for pair in standing if fits(pair)]
    dropped[Reason.MISFIT] += len(standing) - len(fitting)
    asked = distinct(fitting, dropped)
    questions = [pair.question for pair in asked]
    kept: list[Pair] = []
    for pair, told, guessed in zip(
        asked, reader.answers_over(text, questions), reader.answers(questions), strict=True
    ):
        if not matches(told, [pair.answer]):
            dropped[Reason.NOT_REPEATED] += 1
        elif not abstains(guessed) and matches(guessed, [pair.answer]):
            dropped[Reason.KNOWN] += 1
        else:
            kept.append(pair)
    return kept


def supported(text: str, sentence: str, share: float = SHARED_WORDS) -> bool:
    """Whether a sentence says nothing that the text does not: its names, its numbers and most of its words stand there."""
    words = re.findall(r"[^\W_][\w'’.:,\-/]*[^\W_]|[^\W_]", sentence)
    held = set(normalise(text).split())
    stems = {word[:STEM] for word in held}
    bound = [
        word
        for place, word in enumerate(words)
        if any(map(str.isdigit, word)) or (place and word[0].isupper())
    ]
    if any(part not in held for word in bound for part in normalise(word).split()):
        return False
    longer = [normalise(word) for word in words if len(word) > 3 and word.casefold() not in ASKING]
    shared = sum(word[:STEM] in stems for word in longer)
    return bool(words) and shared >= share * len(longer)


def grounded_passage(text: str, written: str, dropped: Counter[str]) -> str:
    """The sentences of a passage that the text holds up, none twice; "" where that is none."""
    kept: dict[str, str] = {}
    for line in written.split("\n"):
        for sentence in re.split(r"(?<=[.!?])\s+(?=\S)", line.strip()):
            key = normalise(sentence)
            if not key:
                continue
            if key in kept:
                dropped[Reason.DUPLICATE] += 1
            elif not supported(text, sentence):
                dropped[Reason.UNSUPPORTED] += 1
            else:
                kept[key] = sentence
    return "\n".join(kept.values())


def taught(reader: Reader, text: str, pairs: Sequence[Pair], dropped: Counter[str]) -> list[Pair]:
    """The pairs whose answer the text makes more likely than the question alone does."""
    given = reader.log_probs([(over(text, pair.question), pair.answer) for pair in pairs])
    alone = reader.log_probs([(pair.question, pair.answer) for pair in pairs])
    kept = [pair for pair, told, guessed in zip(pairs, given, alone, strict=True) if told > guessed]
    dropped[Reason.KNOWN] += len(pairs) - len(kept)
    return kept
