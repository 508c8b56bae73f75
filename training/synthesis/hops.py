"""Facts that lead on to one another: my dentist is Dr Weiss, Dr Weiss has the number 555 118.

Asked in one question they are two hops, which no memory of the two single facts answers by itself: the linked pair is
studied as such. A value leads to a subject when it is the same name, or all its words but titles are words of one
subject's name and of no other's ("Dr Weiss" of "Anna Weiss").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from training.matching import normalise
from training.material import Fact
from training.synthesis.people import is_name, is_person
from training.synthesis.relations import relation
from training.synthesis.wordings import Pool, capital, forms_of

TEMPLATES = {
    Pool.TRAIN: (
        "What is the {noun} of {S} {link}?",
        "What is {S} {link}'s {noun}?",
        "Tell me the {noun} of {S} {link}.",
        "Please give me {S} {link}'s {noun}.",
        "Do you know the {noun} of {S} {link}?",
        "I forgot {S} {link}'s {noun}. What is it?",
        "{S} {link}'s {noun}?",
        "Complete the sentence: the {noun} of {S} {link} is",
    ),
    Pool.PROBE: ("I need the {noun} of {S} {link}.", "Which {noun} does {S} {link} have?"),
}
"""As many trained wordings as a fact has at least: a pair is a fact of its own to a memory."""
TITLES = frozenset("dr mr mrs ms miss prof aunt auntie uncle coach".split())


@dataclass(frozen=True, slots=True)
class Hop:
    """A question that needs two facts.

    Attributes:
        text: the question.
        first, second: the fact that leads on, and the one that holds the answer.
        name: which wording it is.
    """

    text: str
    first: Fact
    second: Fact
    name: str


def pairs(facts: Sequence[Fact], further: Sequence[Fact] = ()) -> Iterator[tuple[Fact, Fact]]:
    """Pairs of facts where the value of the first names the subject of the second.

    Args:
        facts: what is studied; every first fact is one of these.
        further: facts of elsewhere that they may lead on to (contact cards).
    """
    about: dict[str, list[Fact]] = defaultdict(list)
    for fact in dict.fromkeys([*facts, *further]):
        if not fact.questions and fact.subject not in ("", "the"):
            about[normalise(fact.subject)].append(fact)
    named = _by_word(subject for subject, found in about.items() if is_person(found[0].subject))
    for fact in facts:
        if fact.questions or fact.subject == "the":
            continue
        for second in about.get(_led_to(fact.value, about, named), ()):
            back = normalise(second.value) == normalise(fact.subject)
            if second.identity != fact.identity and not back:
                yield fact, second


def _words(name: str) -> frozenset[str]:
    return frozenset(name.split()) - TITLES


def _by_word(subjects: Iterable[str]) -> Mapping[str, set[str]]:
    """Word of a name → the names that hold it."""
    holders: dict[str, set[str]] = defaultdict(set)
    for subject in subjects:
        for word in _words(subject):
            holders[word].add(subject)
    return holders


def _led_to(value: str, about: Collection[str], named: Mapping[str, set[str]]) -> str:
    """The subject that a value names, folded; "" for none, or for more than one."""
    folded = normalise(value)
    if folded in about:
        return folded
    words = _words(folded)
    if not is_name(value):
        return ""
    near = {subject for word in words for subject in named.get(word, ())}
    found = [subject for subject in near if words <= _words(subject) or _words(subject) <= words]
    return found[0] if len(found) == 1 else ""


def hops(facts: Sequence[Fact], pool: Pool, further: Sequence[Fact] = ()) -> Iterator[Hop]:
    """Every question of a pool that two linked facts answer; arguments as in `pairs`."""
    for first, second in pairs(facts, further):
        form = forms_of(first.subject)[0]
        for number, template in enumerate(TEMPLATES[pool]):
            text = template.format(
                **form, link=relation(first.relation).noun, noun=relation(second.relation).noun
            )
            yield Hop(capital(text), first, second, f"{pool}/hop/question/{number}")
