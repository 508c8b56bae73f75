"""What each word of a text may be part of: the quick look that decides which rules are tried at all.

A word here is what stands between white space, in lower case. Nearly all words of a text are part of nothing
sensitive, and the same ones come again and again; so what is known of a word is remembered, and a text without clues
costs one look into a table for each of its words. Words with digits, but for short numbers, and long ones are looked
at anew every time: they repeat little, and a process should not gather them.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from personald.sensitive.rules import figures, patterns, topics
from personald.sensitive.seeds import LENGTHS, seed_words

LETTERS = re.compile(r"[^\W\d_]+")
"""Runs of letters: the words of topics and of seeds."""

# About 4 MB of memory at most.
_MAX_REMEMBERED = 1 << 15
# Clues are large (half a kilobyte) and few words have any. Of 2,500 manuals a table sixteen times as long finds the same
# word again in 41 % of all cases, not 34 %, which takes no time off the whole.
_MAX_REMEMBERED_CLUES = 1 << 10
# Some ten thousand words.
_STRETCH_CHARACTERS = 1 << 16
_STRETCH = re.compile(rf".{{1,{_STRETCH_CHARACTERS}}}\S*", re.DOTALL)
_WORTH_REMEMBERING = re.compile(r"\D{1,40}|[^a-z]{1,5}")
# Words of phrases that are often met in notes, mails and programs without the phrase.
_EVERYDAY = frozenset(
    "action and collect in last leave life options result return support test under will".split()
)
_MAY_HAVE_SHAPE = re.compile(r"\d|://")
# Marks of a word: for each run of letters 1 when it is in the seed list, else 0; and 2 when the word may be a clue.
_SEED, _CLUE = b"\1", b"\2"


@dataclass(frozen=True, slots=True)
class TopicClue:
    """A word or phrase of a topic that may stand in the text.

    Attributes:
        topic: its number.
        strong: whether it is one of the strong ones.
        text: the word, or the phrase without its `*`.
        phrase: the expression that finds the phrase; none for a word.
    """

    topic: int
    strong: bool
    text: str
    phrase: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Clues:
    """What a text, or a word, may hold.

    Attributes:
        values: (number of a pattern, keyword or shaped word) around which to try the pattern.
        topics: words and phrases to be looked for.
        figures: whether figures of a topic may be there.
        seeds: whether enough words of the seed list stand in a row.
    """

    values: frozenset[tuple[int, str]] = frozenset()
    topics: frozenset[TopicClue] = frozenset()
    figures: bool = False
    seeds: bool = False


def find_clues(lowered: str) -> Clues | None:
    """Return what a text in lower case may hold; None when nothing."""
    remembered = _remembered()
    suspects: set[str] = set()
    marks = b""
    for stretch in _stretches(lowered):
        words = stretch.split()
        here = b"".join(map(remembered.__getitem__, words))
        marks += here
        if _CLUE in here:
            suspects |= set(words) - remembered.harmless
    if not suspects:
        return Clues(seeds=True) if _SEED * LENGTHS[-1] in marks else None
    values: set[tuple[int, str]] = set()
    phrases: set[TopicClue] = set()
    found_figure = False
    for word in suspects:
        clues = _clues_of(word)
        if clues is not None:
            values |= clues.values
            phrases |= clues.topics
            found_figure |= clues.figures
    # A piece is found more often than the whole; what is a word of its own was found whole, which a book has thousands of.
    values_here = frozenset(
        value for value in values if value[1] in suspects or value[1] in lowered
    )
    topics_here = frozenset(clue for clue in phrases if not clue.phrase or clue.text in lowered)
    seeds = _SEED * LENGTHS[-1] in marks.translate(None, _CLUE)
    if values_here or topics_here or found_figure or seeds:
        return Clues(values_here, topics_here, found_figure, seeds)
    return None


def _stretches(text: str) -> Iterator[str]:
    """Yield a text in stretches that end between words: all words of a long one at once take ten times its own memory."""
    if len(text) <= _STRETCH_CHARACTERS:
        yield text
    else:
        for stretch in _STRETCH.finditer(text):
            yield stretch[0]


def forget_words() -> None:
    """Let go of what is remembered of words, for a process that rests; it is found anew word by word."""
    _remembered.cache_clear()
    _known_clues_of.cache_clear()


class _Remembered(dict[str, bytes]):
    """Word → its marks.

    Attributes:
        harmless: the words in it that are no clue.
    """

    def __init__(self) -> None:
        self.harmless: set[str] = set()

    def __missing__(self, word: str) -> bytes:
        seeds = bytes(map(seed_words().__contains__, LETTERS.findall(word)))
        clue = _is_clue(word)
        marks = seeds + _CLUE if clue else seeds
        if _WORTH_REMEMBERING.fullmatch(word):
            if len(self) >= _MAX_REMEMBERED:
                self.clear()
                self.harmless.clear()
            self[word] = marks
            if not clue:
                self.harmless.add(word)
        return marks


@functools.cache
def _remembered() -> _Remembered:
    return _Remembered()


def _is_clue(word: str) -> bool:
    table = _table()
    return (
        table.pieces.search(f" {word} ") is not None
        or table.beginnings.search(word) is not None
        or _has_shape(word, table.shapes)
    )


def _has_shape(word: str, shapes: Iterable[re.Pattern[str]]) -> bool:
    if _MAY_HAVE_SHAPE.search(word):
        for shape in shapes:
            if shape.search(word):
                return True
    return False


def _clues_of(word: str) -> Clues | None:
    if _WORTH_REMEMBERING.fullmatch(word):
        return _known_clues_of(word)
    return _new_clues_of(word)


@functools.lru_cache(maxsize=_MAX_REMEMBERED_CLUES)
def _known_clues_of(word: str) -> Clues | None:
    return _new_clues_of(word)


def _new_clues_of(word: str) -> Clues | None:
    table, padded = _table(), f" {word} "
    values: set[tuple[int, str]] = set()
    phrases: set[TopicClue] = set()
    if table.pieces.search(padded):
        for piece, keywords in table.keywords.items():
            if piece in padded:
                values.update(keywords)
        for piece, clues in table.phrases.items():
            if piece in padded:
                phrases.update(clues)
    if table.beginnings.search(word):
        for run in set(LETTERS.findall(word)):
            phrases.update(_meanings(run))
    found_figure = False
    if _MAY_HAVE_SHAPE.search(word):
        values.update((number, word) for number, shape in table.values if shape.search(word))
        found_figure = any(figure.shape.search(word) for figure in figures())
    if values or phrases or found_figure:
        return Clues(frozenset(values), frozenset(phrases), found_figure)
    return None


def _meanings(run: str) -> Iterable[TopicClue]:
    for number, topic in enumerate(topics()):
        for strong in (True, False):
            if (topic.strong if strong else topic.weak).holds(run):
                yield TopicClue(number, strong, run, None)


# ---- the rules, turned round: from what stands in a word to the rules that ask for it ----


@dataclass(frozen=True, slots=True)
class _Table:
    """What to look for in a word.

    Attributes:
        pieces: finds any piece of a keyword or a phrase in a word with a space on each side.
        beginnings: finds the beginning of any word of a topic.
        shapes: of values and figures.
        keywords: piece → the keywords that hold it, with the numbers of their patterns.
        phrases: piece → the phrases that hold it.
        values: the shapes of values, with the numbers of their patterns.
    """

    pieces: re.Pattern[str]
    beginnings: re.Pattern[str]
    shapes: tuple[re.Pattern[str], ...]
    keywords: dict[str, list[tuple[int, str]]]
    phrases: dict[str, list[TopicClue]]
    values: tuple[tuple[int, re.Pattern[str]], ...]


@functools.cache
def _table() -> _Table:
    keywords: dict[str, list[tuple[int, str]]] = {}
    phrases: dict[str, list[TopicClue]] = {}
    starts: set[str] = set()
    for number, rule in enumerate(patterns()):
        for keyword in rule.keywords if rule.shape is None else ():
            # The first word of a keyword is the telling one: "door code", "api key".
            keywords.setdefault(_pieces(keyword)[0], []).append((number, keyword))
    for number, topic in enumerate(topics()):
        for strong, vocabulary in ((True, topic.strong), (False, topic.weak)):
            starts.update(vocabulary.words, vocabulary.beginnings)
            for phrase, finder in vocabulary.phrases:
                piece = max(_pieces(phrase), key=_tells)
                phrases.setdefault(piece, []).append(TopicClue(number, strong, phrase, finder))
    values = tuple(
        (number, rule.shape) for number, rule in enumerate(patterns()) if rule.shape is not None
    )
    return _Table(
        re.compile(_either({*keywords, *phrases})),
        re.compile(rf"(?<![^\W\d_]){_either(starts)}"),
        (*(shape for _, shape in values), *(figure.shape for figure in figures())),
        keywords,
        phrases,
        values,
    )


def _tells(piece: str) -> tuple[bool, int]:
    """Sort pieces by how rarely they are found where the phrase is not: everyday words first, then by length."""
    return piece.strip() not in _EVERYDAY, len(piece)


def _pieces(phrase: str) -> Sequence[str]:
    """Cut a phrase into its words, each with the spaces beside it: "door code" → "door ", " code"."""
    words = phrase.split(" ")
    last = len(words) - 1
    return [
        f"{' ' if place else ''}{word}{' ' if place < last else ''}"
        for place, word in enumerate(words)
        if word
    ]


def _either(texts: Iterable[str]) -> str:
    """Return an expression that finds any of the texts, one letter after the other: most places fail at the first."""
    tails: dict[str, set[str]] = {}
    for text in texts:
        if not text:
            return ""
        tails.setdefault(text[0], set()).add(text[1:])
    return f"(?:{'|'.join(re.escape(first) + _either(tails[first]) for first in sorted(tails))})"
