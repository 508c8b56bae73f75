"""What the base can do before it learns about anybody, and must still be able to do afterwards.

The pocket base's skills are known exactly: its own language makes any number of items. Of another base we know only
what it says: its own answers to general questions and to questions about a text are what must not change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import count, islice, pairwise
from typing import Any

from training.base import Base
from training.generate import generate
from training.matching import UNKNOWN
from training.material import Kind, Message, Probe

MIXTURE = "training.pocket.language.mixture"

CLOSED_BOOK = ("world", "unknown_person")
"""Skills whose questions come without a text: near neighbours of what a memory is asked."""

RETAINED = ("read", "read_unknown", "two_hop", "reverse", "newest", "retrieval", *CLOSED_BOOK)
"""The skills that retention is measured on: those with one right answer."""

WORLD_SHARE, STRANGER_SHARE = 0.4, 0.1
"""Of the replay items of the pocket base, so many come from its world and from unknown people."""

GENERAL = (
    "What is the capital of France?", "How many days does a week have?", "What colour is the sky on a clear day?",
    "Which planet is closest to the sun?", "What is the opposite of cold?", "Who wrote Hamlet?",
    "How many legs does a spider have?", "What do bees make?", "What is two plus three?", "Name a fruit.",
    "What is the largest ocean?", "In which country is Rome?", "What language is spoken in Brazil?",
    "What is water made of?", "How many months does a year have?", "What comes after Tuesday?",
    "Which animal barks?", "What is the first letter of the alphabet?", "What do you wear on your feet?",
    "What is the capital of Japan?", "What is the boiling point of water?", "What is a hammer used for?",
    "Who painted the Mona Lisa?", "What is the chemical symbol of gold?", "How many minutes does an hour have?",
    "Which season comes after winter?", "What is the tallest mountain on earth?", "What is bread made of?",
    "What do you call a baby dog?", "Which metal is liquid at room temperature?",
)  # fmt: skip
"""General questions for bases whose skills are not known; the even ones are replayed, the odd ones tested."""


@dataclass(frozen=True, slots=True)
class ReplayItem:
    """Something to stay near the base on: a conversation and what is said next."""

    messages: tuple[Message, ...]
    answer: str


def knows_pocket_language(base: Base) -> bool:
    """Whether this base was pretrained on the pocket language, whose skills can be sampled."""
    return base.is_pocket and find_spec(MIXTURE) is not None


def replay_items(base: Base, wanted: int, seed: int, longest: int = 96) -> list[ReplayItem]:
    """Items for replay, at most `longest` tokens each.

    Of the pocket base: samples of its skills, half of them without a text. Of others: its own answers.
    """
    if not knows_pocket_language(base):
        questions = [asked(question) for question in GENERAL[::2]]
        answered = _answered(base, questions)[:wanted]
        return [ReplayItem(messages, answer) for messages, answer in answered]
    language = PocketLanguage()
    closed = round(wanted * WORLD_SHARE), round(wanted * STRANGER_SHARE)
    items = [*islice(language.world(seed), closed[0]), *islice(language.strangers(seed), closed[1])]
    for item in islice(language.mixed(seed), wanted * 30):
        if len(items) >= wanted:
            break
        row = base.chat.row(item.messages, item.answer)
        if len(row.tokens) <= longest:
            items.append(item)
    return items


class PocketLanguage:
    """The pocket language as a source of replay items: its world, its unknown people, and everything else mixed."""

    def __init__(self) -> None:
        self.mixture: Any = import_module(MIXTURE)
        self.draw: Any = import_module("training.pocket.language.draw").Draw

    def world(self, seed: int) -> Iterator[ReplayItem]:
        """Questions about the language's own world, one a conversation."""
        yield from self._single(lambda draw: self.mixture.world.sample(draw, 1.0), f"world/{seed}")

    def strangers(self, seed: int) -> Iterator[ReplayItem]:
        """Questions about people that nobody was told of."""
        yield from self._single(
            lambda draw: self.mixture.abstain.closed_sample(draw, 1.0), f"strangers/{seed}"
        )

    def mixed(self, seed: int) -> Iterator[ReplayItem]:
        """Samples of the pretraining mixture."""
        for index in count():
            turns = _messages(self.mixture.sample(1_000_003 + seed, index))
            if turns and turns[-1].role == "assistant":
                yield ReplayItem(turns[:-1], turns[-1].text)

    def _single(self, make: Callable[[Any], Any], seed: str) -> Iterator[ReplayItem]:
        seen: set[str] = set()
        for index in count():
            turns = _messages(make(self.draw(f"{seed}/{index}")))
            for question, reply in pairwise(turns):
                if (question.role, reply.role) == (
                    "user",
                    "assistant",
                ) and question.text not in seen:
                    seen.add(question.text)
                    yield ReplayItem((question,), reply.text)


def _messages(sample: Any) -> tuple[Message, ...]:
    return tuple(Message(turn.role, turn.text) for turn in sample.turns)


def asked(question: str) -> tuple[Message, ...]:
    """A conversation of one question."""
    return (Message("user", question),)


def _answered(
    base: Base, conversations: Sequence[tuple[Message, ...]]
) -> list[tuple[tuple[Message, ...], str]]:
    found = generate(base, [base.chat.prompt(messages) for messages in conversations], 24)
    texts = [base.chat.text(answer.tokens) for answer in found]
    return [(messages, text) for messages, text in zip(conversations, texts, strict=True) if text]


def skill_probes(base: Base, per_skill: int, seed: int) -> list[Probe]:
    """Held-out items of the base's skills, with their right answers where these are known.

    Skills whose answers are whole texts (rewrites, lists, question–answer pairs) are left to the pocket base's own
    evaluation.
    """
    if not knows_pocket_language(base):
        conversations = [asked(question) for question in GENERAL[1::2]]
        return [
            Probe(Kind.SKILL, messages, (answer,), skill="general")
            for messages, answer in _answered(base, conversations)
        ]
    mixture: Any = import_module(MIXTURE)
    probes: list[Probe] = []
    for skill in [name for name in RETAINED if name in mixture.SKILLS]:
        for item in mixture.held_out(skill, per_skill, seed):
            if str(item.check) not in ("exact", "idk"):
                continue
            messages = tuple(Message(turn.role, turn.text) for turn in item.turns)
            answers = tuple(item.answers) if item.answers else (UNKNOWN,)
            kind = Kind.NEIGHBOUR if item.skill in CLOSED_BOOK else Kind.SKILL
            probes.append(Probe(kind, messages, answers, skill=item.skill))
    return probes
