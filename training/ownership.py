"""Whose a value is: a memory may give a value only to a question about the one whom it was taught it of.

Weights confuse what was stated alike: asked for Sam's shoe size, which no document holds, a memory may give Ivo's. So
with every memory travels what it was taught of whom, as keyed hashes of (holder, value), which tell nothing without
the key.

A question names holders by name (`training.routing`), with a possessive "'s" ("my dentist's number") or after "of my"
("the number of my dentist"): to each of them the value must belong. A question that names none is about its owner or
about a thing ("What does the chimney sweep cost?"): of its words that facts are known about, or of all where there are
none, at least half must belong to the value.

An answer of a few words is a value. A longer one is a statement; whatever taught value stands in it must be theirs.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile

from training.matching import LONGEST, normalise
from training.material import Example, Fact
from training.routing import ORDINARY, WORD, keyed_hash, names_in
from training.synthesis.relations import relation

LONGEST_VALUE = 12
"""Words; a longer answer is a statement."""

STEM = 6
"""Letters by which two words are the same: "rehearse" and "rehearsal"."""

CONTRACTED = frozenset("what who where when how that it there here let he she".split())
"""Words whose "'s" stands for "is", "has" or "us"."""

_POSSESSIVE = re.compile(r"([^\W\d_]+)['’](?:s\b|(?=\s))")
_OF_OWN = re.compile(r"\bof (?:my|our) ((?:[^\W\d_][\w\-]*['’]?s? ?)+)", re.IGNORECASE)
_PHRASE_ENDS = frozenset("and or in on for to from with by that which".split()) | ORDINARY


@dataclass(frozen=True, slots=True)
class About:
    """Whom and what a question is about, folded.

    Attributes:
        holders: to each of them a value must belong.
        words: its other words that say something.
    """

    holders: frozenset[str]
    words: frozenset[str]


def about(question: str) -> About:
    """Read a question's holders and words; roles and words are cut to `STEM` letters, names are whole."""
    names = set(names_in(question).words)
    roles = {match[1].casefold() for match in _POSSESSIVE.finditer(question)} - CONTRACTED
    for match in _OF_OWN.finditer(question):
        phrase = list(takewhile(lambda word: word not in _PHRASE_ENDS, _folded(match[1])))
        roles.update(phrase[-1:])
    said = (word for word in _folded(question) if word not in ORDINARY and len(word) > 2)
    return About(frozenset(names | {role[:STEM] for role in roles - names}), _stems(said))


def _folded(text: str) -> list[str]:
    return [re.sub(r"['’]s?$", "", match.group()).casefold() for match in WORD.finditer(text)]


def _stems(words: Iterable[str]) -> frozenset[str]:
    return frozenset(word[:STEM] for word in words)


def holdings(examples: Iterable[Example], facts: Iterable[Fact], key: str) -> tuple[str, ...]:
    """Keyed hashes of what is taught of whom, sorted.

    Args:
        examples: what a memory is trained on; those that teach nothing do not count.
        facts: what is behind them; each belongs to its subject, by every word of its name, and to its relation.
        key: what the hashes are keyed with (the dataset's root).
    """
    links: set[tuple[str, str]] = set()
    known: set[str] = set()
    for example in examples:
        if example.facts and len(example.messages) == 1:
            asked = about(example.messages[0].text)
            links |= {(word, normalise(example.answer)) for word in asked.holders or asked.words}
    for fact in facts:
        # "My dentist is Dr Weiss" is asked for as "the name of my dentist" too.
        is_named = fact.subject not in ("", "the")
        words = _folded(fact.subject if is_named else relation(fact.relation).noun)
        known |= _stems(words)
        links |= {(word, normalise(fact.value)) for word in (*words, *_stems(words))}
    taught = {_value(value, key) for _, value in links}
    subjects = {_subject(word, key) for word in known}
    return tuple(sorted(taught | subjects | {_link(*link, key) for link in links}))


def owns(question: str, answer: str, held: Container[str], key: str) -> bool:
    """Whether an answer to a question gives nobody another one's value.

    Args:
        question: as it was asked.
        answer: what a memory says.
        held: what `holdings` gave when the memory was made.
        key: what it was keyed with.
    """
    asked = about(question)
    known = {word for word in asked.words if _subject(word, key) in held}

    def theirs(value: str) -> bool:
        def belongs(word: str) -> bool:
            return _link(word, value, key) in held

        if asked.holders:
            return all(map(belongs, asked.holders))
        counted = known or asked.words
        return bool(counted) and 2 * sum(map(belongs, counted)) >= len(counted)

    words = normalise(answer).split()
    if len(words) <= LONGEST_VALUE:
        length = len(" ".join(words))
        return any(theirs(value) for value in _parts(words) if LONGEST * len(value) >= length)
    return all(theirs(value) for value in _parts(words) if _value(value, key) in held)


def _parts(words: list[str]) -> Iterator[str]:
    """Every run of words that may be a value, the longest first."""
    for length in range(min(len(words), LONGEST_VALUE), 0, -1):
        for start in range(len(words) - length + 1):
            yield " ".join(words[start : start + length])


def _value(value: str, key: str) -> str:
    return keyed_hash(f"value\0{value}", key)


def _subject(word: str, key: str) -> str:
    return keyed_hash(f"subject\0{word}", key)


def _link(word: str, value: str, key: str) -> str:
    return keyed_hash(f"link\0{word}\0{value}", key)
