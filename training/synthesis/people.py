"""Who is meant: what looks like a person's name, and what does not."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

NAME = r"(?:(?:Dr|Mr|Mrs|Ms|Prof|Aunt|Uncle|Auntie|St)\.? )?[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’\-]+(?: (?:(?:van|von|de|der|den|da|di|bin|al|el|la|le|of) )*[A-ZÀ-ÖØ-ÞĀ-Ž][\w'’\-]+){0,3}"
"""A pattern for one to four words with large first letters, particles between them allowed."""

NO_NAMES = frozenset(
    """a an the i my our your his her their its this that these those it he she we you they there here what when where who
    how why which and but or so if then also no yes not next last today tomorrow yesterday now just please thanks thank
    hi hello dear hey re fw fwd subject from to cc date monday tuesday wednesday thursday friday saturday sunday january
    february march april may june july august september october november december notes note list todo title tags
    new old first second all everything nothing something one two three four five six seven eight nine ten in on at by
    for with after before since until because as once never always maybe perhaps only even still total price cost phone
    email address name time place room both each some any""".split()
)

_NAME = re.compile(NAME)


def is_name(text: str) -> bool:
    """Whether a text could be somebody's name: few words, large first letters, none of them an ordinary word."""
    text = text.strip()
    if not _NAME.fullmatch(text) or any(character.isdigit() for character in text):
        return False
    return not any(word.casefold().strip(".") in NO_NAMES for word in text.split())


def is_full_name(text: str) -> bool:
    """Whether a text could be somebody's first and last name."""
    return is_name(text) and len(text.split()) >= 2


WORDS = Path(__file__).parents[1] / "pocket" / "language" / "words"
"""The word lists that the pocket language draws from."""


@cache
def common_nouns() -> frozenset[str]:
    """Ordinary nouns, folded."""
    return _listed("nouns.txt")


def _listed(*files: str) -> frozenset[str]:
    lines = (
        line for file in files for line in (WORDS / file).read_text(encoding="utf-8").split("\n")
    )
    return frozenset(line.strip().casefold() for line in lines if line.strip())


@cache
def given_names() -> frozenset[str]:
    """First names of many cultures, folded: the lists that the pocket language draws from."""
    return _listed("women.txt", "men.txt")


def is_person(text: str) -> bool:
    """Whether a text is most likely a person: a title or a known first name, or two words with large first letters."""
    if not is_name(text):
        return False
    first = text.split()[0].strip(".")
    if first in ("Dr", "Mr", "Mrs", "Ms", "Prof", "Aunt", "Uncle", "Auntie"):
        return True
    return first.casefold() in given_names() or is_full_name(text)
