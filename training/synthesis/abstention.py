"""Questions that the memory must answer with "I don't know.": unknown people, and unknown attributes of known ones.

Names, nouns and wordings are split by hash between training and probes, so that the probes ask of people and things
that no abstention row ever named.
"""

from __future__ import annotations

import hashlib
import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from training.material import Fact
from training.synthesis.people import given_names, is_person
from training.synthesis.relations import WHEN, WHO, relation, relation_for
from training.synthesis.wordings import Pool, capital, forms_of, pools

TABLE = Path(__file__).with_name("nouns.toml")

OWNERS_SHARE = 0.3
STRANGERS_SHARE = 0.3
"""Of the abstention questions, so many ask about the owner, so many about strangers, the others about known people."""

SURNAMES = "Okonjo Vantongeren Ashdown Brankovic Castellane Drummond Eriksrud Falkenrath Grimaldi Hollister Ibarra Jansons Kessler Lindqvist Marchetti Novotny Oduya Pellegrin Quint Radcliffe Salonen Thackeray Ulvestad Venizelos Wainwright Yamanaka Zielonka Abernathy Bergqvist Corrigan Dvorak Espinoza Farkas Gallagher Haugland Iversen Jaramillo Kowalczyk Laurent Mbeki".split()


@dataclass(frozen=True, slots=True)
class Unanswerable:
    """A question without an answer: its text, whom it is about, and which wording it is."""

    text: str
    subject: str
    name: str


@cache
def nouns() -> dict[str, tuple[str, ...]]:
    """Nouns by question word, and events."""
    return {
        key: tuple(values)
        for key, values in tomllib.loads(TABLE.read_text(encoding="utf-8")).items()
    }


def side(text: str) -> Pool:
    """Which pool a name or noun belongs to: a quarter is kept for the probes."""
    return (
        Pool.PROBE if hashlib.sha256(text.casefold().encode()).digest()[0] % 4 == 0 else Pool.TRAIN
    )


def questions(
    facts: Sequence[Fact], pool: Pool, count: int, seed: int, texts: Sequence[str] = ()
) -> list[Unanswerable]:
    """Unanswerable questions around these facts.

    Args:
        facts: what is known.
        pool: for training or for the probes (selection shares the probes' nouns, in wordings of its own).
        count: how many.
        seed: what the choice follows from.
        texts: fulltexts of the person; an attribute that one of them names together with its subject is not asked for,
            for it may be known after all.
    """
    chance = random.Random(f"{seed}/{pool}/unknown")
    known = {(fact.subject.casefold(), relation(fact.relation).noun.casefold()) for fact in facts}
    people = sorted({fact.subject for fact in facts if is_person(fact.subject)})
    folded = [text.casefold() for text in texts]
    found: dict[str, Unanswerable] = {}
    for _ in range(count * 12):
        if len(found) >= count:
            break
        draw = chance.random()
        if draw < OWNERS_SHARE or (not people and draw > OWNERS_SHARE + STRANGERS_SHARE):
            question = _of_owner(known, folded, pool, chance)
        elif draw < OWNERS_SHARE + STRANGERS_SHARE:
            question = _of(
                stranger(pool, chance, {person.casefold() for person in people}), None, pool, chance
            )
        else:
            question = _of_known(chance.choice(people), known, folded, pool, chance)
        if question is not None:
            found.setdefault(question.text, question)
    return list(found.values())


def stranger(pool: Pool, chance: random.Random, known: set[str]) -> str:
    """The name of somebody unknown, first and last."""
    wanted = Pool.TRAIN if pool is Pool.TRAIN else Pool.PROBE
    names = _names(wanted)
    while True:
        name = f"{chance.choice(names[0])} {chance.choice(names[1])}"
        if name.casefold() not in known:
            return name


@cache
def _names(pool: Pool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """First names and surnames of one side of the split."""
    first = tuple(
        sorted(name.title() for name in given_names() if name.isalpha() and side(name) is pool)
    )
    return first or ("Zebedee", "Ottoline", "Casimir"), tuple(
        name for name in SURNAMES if side(name) is pool
    )


def _of_known(
    person: str,
    known: set[tuple[str, str]],
    texts: Sequence[str],
    pool: Pool,
    chance: random.Random,
) -> Unanswerable | None:
    noun = _noun(pool, chance)
    if (person.casefold(), noun.casefold()) in known or _may_stand(person, noun, texts):
        return None
    return _of(person, noun, pool, chance)


def _of_owner(
    known: set[tuple[str, str]], texts: Sequence[str], pool: Pool, chance: random.Random
) -> Unanswerable | None:
    if chance.random() < 0.35:
        events = [
            event
            for event in nouns()["events"]
            if side(event) is (Pool.TRAIN if pool is Pool.TRAIN else Pool.PROBE)
        ]
        event = chance.choice(events)
        if any(event.casefold() in text for text in texts):
            return None
        kind = relation(chance.choice(("event start", "event place")))
        templates = getattr(kind, pool.value)
        number = chance.randrange(len(templates))
        form = chance.choice(forms_of(event))
        return Unanswerable(
            capital(templates[number].format(**form, v="")),
            event,
            f"{pool}/{kind.key}/own/{number}",
        )
    noun = _noun(pool, chance)
    if ("", noun.casefold()) in known or any(_head(noun) in text for text in texts):
        return None
    return _of("", noun, pool, chance)


def _of(subject: str, noun: str | None, pool: Pool, chance: random.Random) -> Unanswerable:
    noun = noun or _noun(pool, chance)
    kind_of = relation(relation_for(noun))
    wh = _question_word(noun)
    form = chance.choice(forms_of(subject))
    templates = [
        (kind, number, template)
        for kind, entries in pools()[pool.value].items()
        for number, template in enumerate(entries)
        if subject != "" or "{s3}" not in template
    ]
    own = [
        ("own", number, template) for number, template in enumerate(getattr(kind_of, pool.value))
    ]
    kind, number, template = chance.choice(own if own and chance.random() < 0.4 else templates)
    text = template.format(**form, noun=noun, Wh=wh, v="")
    return Unanswerable(
        capital(text), subject, f"{pool}/{'any' if kind != 'own' else kind_of.key}/{kind}/{number}"
    )


def _question_word(noun: str) -> str:
    last = noun.split()[-1]
    return "Who" if last in WHO else "When" if last in WHEN or noun in nouns()["when"] else "What"


def _noun(pool: Pool, chance: random.Random) -> str:
    wanted = Pool.TRAIN if pool is Pool.TRAIN else Pool.PROBE
    every = [
        noun for key in ("what", "who", "when") for noun in nouns()[key] if side(noun) is wanted
    ]
    return chance.choice(every)


def _may_stand(person: str, noun: str, texts: Sequence[str]) -> bool:
    """Whether some text names both the person and the attribute."""
    first, head = person.casefold().split()[0], _head(noun)
    return any(first in text and head in text for text in texts)


def _head(noun: str) -> str:
    """The word of a noun that a text would use."""
    return (
        noun.casefold().split()[-1]
        if noun.split()[-1] not in ("number", "name", "code", "size")
        else noun.casefold()
    )
