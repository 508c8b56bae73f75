"""Facts → questions, in three pools that never share a wording: to study, to choose the checkpoint, to test.

A fact is asked for in at least eight trained wordings of at least three kinds (own, question, request, indirect, keyword,
completion): facts seen in one wording are memorised and cannot be extracted (Physics of Language Models 3.1).
"""

from __future__ import annotations

import enum
import random
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

from training.material import Fact
from training.synthesis.people import common_nouns, is_person
from training.synthesis.relations import Relation, relation

TABLE = Path(__file__).with_name("wordings.toml")


class Pool(enum.StrEnum):
    """What a wording is for."""

    TRAIN = "train"
    SELECT = "select"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Wording:
    """One question about a fact.

    Attributes:
        text: the question.
        answer: what is answered.
        kind: own (of its relation, in other words than its noun), question, request, indirect, keyword, completion or
            reverse.
        name: which wording it is, "pool/relation/kind/number": the pools' names never meet.
    """

    text: str
    answer: str
    kind: str
    name: str


@cache
def pools() -> dict[str, Any]:
    """The wordings for anything, by pool and kind; each spelled out in all its forms."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {
        pool: {
            kind: [form for template in templates for form in spelled_out(template)]
            for kind, templates in kinds.items()
        }
        for pool, kinds in table.items()
        if pool != "asked"
    } | {"asked": table["asked"]}


def spelled_out(template: str) -> list[str]:
    """Every form of a template: "[Can|Will] you?" is "Can you?" and "Will you?"."""
    parts = [part.split("|") for part in re.split(r"[\[\]]", template)]
    return ["".join(choice) for choice in product(*parts)]


def forms_of(subject: str) -> list[dict[str, str]]:
    """How a subject stands in a sentence; things that a note is about are called in two ways ("the car", "my car").

    Keys: S whose, s whom, s3 whom (never "me"), n who, do, is, has.
    """
    if subject == "":
        return [
            {"S": "my", "s": "me", "s3": "mine", "n": "I", "do": "do", "is": "am", "has": "have"}
        ]
    if subject == "the":
        return [_third("the", "us"), _third("our", "us"), _third("my", "me")]
    if subject.startswith("my ") or is_person(subject):
        return [_third(possessive(subject), subject)]
    thing = inner(subject[4:] if subject.casefold().startswith("the ") else subject)
    return [_third(possessive(name), name) for name in (f"the {thing}", f"my {thing}")]


def _third(whose: str, whom: str) -> dict[str, str]:
    return {"S": whose, "s": whom, "s3": whom, "n": whom, "do": "does", "is": "is", "has": "has"}


def possessive(name: str) -> str:
    """The genitive of a name."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def inner(subject: str) -> str:
    """A title as it stands within a sentence: first letter small where it begins with an ordinary noun and holds no name."""
    first, rest = subject.split(" ", 1)[0], subject[1:]
    if any(character.isupper() for character in rest) or first.lower() not in common_nouns():
        return subject
    return subject[:1].lower() + rest


def wordings(fact: Fact, pool: Pool) -> Iterator[Wording]:
    """Every wording of a pool for one fact, none twice."""
    seen: set[str] = set()
    for wording in _all(fact, pool):
        if wording.text not in seen:
            seen.add(wording.text)
            yield wording


def studied(fact: Fact, count: int, chance: random.Random) -> list[Wording]:
    """So many trained wordings of one fact: every other one its relation's own, the rest of as many kinds as there are.

    Its own differ most from one another. A base learns what a wording means from all facts that are asked for in it, so
    that other facts get other ones.
    """
    by_kind: dict[str, list[Wording]] = {}
    for wording in wordings(fact, Pool.TRAIN):
        by_kind.setdefault(wording.kind, []).append(wording)
    for found in by_kind.values():
        chance.shuffle(found)
    own = by_kind.pop("own", [])
    framed = _in_turn(by_kind.values())
    return _in_turn([own, framed])[:count]


def _in_turn(piles: Iterable[Sequence[Wording]]) -> list[Wording]:
    """The first of every pile, then the second of every pile, and so on."""
    return [wording for layer in zip_longest(*piles) for wording in layer if wording is not None]


def _all(fact: Fact, pool: Pool) -> Iterator[Wording]:
    if fact.questions:
        yield from _asked(fact, pool)
        return
    kind_of = relation(fact.relation)
    forms = forms_of(fact.subject)
    own = getattr(kind_of, pool.value)
    for number, template in enumerate(own):
        form = forms[number % len(forms)]
        text = template.format(**form, v=fact.value)
        yield Wording(capital(text), fact.value, "own", f"{pool}/{kind_of.key}/own/{number}")
    if fact.relation.startswith("event "):
        return
    for kind, templates in pools()[pool.value].items():
        for number, template in enumerate(templates):
            form = forms[number % len(forms)]
            if "{s3}" in template and (fact.subject == "" or form["S"] in ("the", "our", "my")):
                continue
            text = template.format(**form, noun=kind_of.noun, Wh=kind_of.wh)
            yield Wording(capital(text), fact.value, kind, f"{pool}/any/{kind}/{number}")


def _asked(fact: Fact, pool: Pool) -> Iterator[Wording]:
    """Wordings of a fact that came with its questions: the last one is kept for the tests where there are several."""
    questions = list(fact.questions)
    if len(questions) > 2:
        held, questions = questions[-1], questions[:-1]
        if pool is Pool.PROBE:
            yield Wording(held, fact.value, "question", f"{pool}/own/question/{held}")
    for kind, templates in pools()["asked"][pool.value].items():
        for number, template in enumerate(templates):
            for question in (
                questions if number == 0 or len(questions) < 3 else questions[number % 2 :: 2]
            ):
                text = template.format(
                    q=question,
                    r=question[:1].lower() + question[1:] if _small(question) else question,
                )
                yield Wording(text, fact.value, kind, f"{pool}/own/{kind}/{number}/{question}")


def _small(question: str) -> bool:
    """Whether a question begins with a word that is written small within a sentence."""
    return (
        question.split(" ", 1)[0].casefold()
        in (
            "what who whose whom when where which why how is are was were do does did can could has have in on at to for by"
        ).split()
    )


def capital(text: str) -> str:
    """A text with its first letter large."""
    return text[:1].upper() + text[1:]


def reverse(fact: Fact, pool: Pool = Pool.TRAIN) -> Iterator[Wording]:
    """Questions from the value to the subject, each as it is and in some frames; the tests have frames of their own."""
    kind_of: Relation = relation(fact.relation)
    if fact.subject in ("", "the") or fact.questions:
        return
    for number, template in enumerate(kind_of.reverse):
        plain = template.format(v=fact.value)
        framed = plain[:1].lower() + plain[1:]
        for kind, frames in pools()["asked"][pool.value].items():
            name = f"{pool}/{kind_of.key}/reverse/{number}/{kind}"
            yield Wording(frames[0].format(q=plain, r=framed), fact.subject, "reverse", name)
