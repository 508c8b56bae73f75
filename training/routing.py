"""Which domain's memory may answer a question: whom and what each of them has ever heard of.

A question that names somebody whom a memory was never told of gets no answer from it, whatever its weights would say.
What a memory has heard of is kept as keyed hashes of names and of neighbouring pairs of names; names in a question
are its words with a large first letter, but for the first word of a sentence when it is an ordinary one, and its
words with digits.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from training.material import Message

WORD = re.compile(r"[^\W_]+(?:['’.\-][^\W_]+)*", re.UNICODE)

ORDINARY = frozenset(
    """a about all am an and any are as at be been before but by call can could did do does each for from get give had has
    have he her hers him his how i if in is it its just know let list may me might mine monday tuesday wednesday thursday
    friday saturday sunday january february march april june july august september october november december my name need
    no not of off on or our out please quick question quickly recall remember remind say she should show so some state
    tell than that the their them then there these they this those to was we were what what's when when's where where's
    which who who's whom whose why will with would yes you your yours complete fill finish answer fact note find look
    english mr mrs ms dr""".split()
)
"""Words that name nobody, even with a large first letter."""


def is_bare_question(messages: Sequence[Message]) -> bool:
    """Whether a conversation is one question without a text: only such a one goes to a memory.

    Whatever comes with a passage, a system prompt or earlier turns is answered by the base alone, whose skills an
    adapter can then not harm.
    """
    return len(messages) == 1 and "\n" not in messages[0].text.strip()


@dataclass(frozen=True, slots=True)
class Names:
    """The names in a text: single words, and pairs of neighbours, all folded."""

    words: frozenset[str]
    pairs: frozenset[str]


def names_in(text: str) -> Names:
    """The names in a text, possessive endings taken off."""
    words: set[str] = set()
    pairs: set[str] = set()
    before: tuple[str, int] | None = None
    for match in WORD.finditer(unicodedata.normalize("NFKC", text)):
        word = re.sub(r"['’]s?$", "", match.group())
        if not _is_name(word):
            before = None
            continue
        folded = word.casefold()
        words.add(folded)
        if before is not None and text[before[1] : match.start()].isspace():
            pairs.add(f"{before[0]} {folded}")
        before = (folded, match.start() + len(word)) if match.group() == word else None
    return Names(frozenset(words), frozenset(pairs))


def _is_name(word: str) -> bool:
    if word.casefold() in ORDINARY:
        return False
    return word[0].isupper()


def heard_of(texts: Iterable[str], key: str) -> tuple[str, ...]:
    """Keyed hashes of all names in these texts, sorted.

    Args:
        texts: the questions and statements that a memory was trained on.
        key: what the hashes are keyed with (the dataset's root).
    """
    words: set[str] = set()
    pairs: set[str] = set()
    for text in texts:
        names = names_in(text)
        words |= names.words
        pairs |= names.pairs
    return tuple(sorted(keyed_hash(name, key) for name in words | pairs))


def has_heard(question: str, subjects: frozenset[str], key: str) -> bool:
    """Whether every name in the question, and every pair of neighbouring names, was heard of before."""
    names = names_in(question)
    return all(keyed_hash(name, key) in subjects for name in names.words | names.pairs)


def familiarity(question: str, subjects: frozenset[str], key: str) -> int:
    """How many of the question's names were heard of before."""
    names = names_in(question)
    return sum(keyed_hash(name, key) in subjects for name in names.words | names.pairs)


def keyed_hash(text: str, key: str) -> str:
    """What stands for a text on a memory's card: 8 bytes of BLAKE2b (RFC 7693) under a key, in hex.

    Args:
        text: a folded name, or what `training.ownership` makes of a value.
        key: the dataset's root; its first 64 bytes count.
    """
    return hashlib.blake2b(text.encode(), digest_size=8, key=key.encode()[:64]).hexdigest()
