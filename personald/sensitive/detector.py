"""Find what is sensitive in a text.

Speed comes from looking little: keywords are found first, at the speed of `str.find`, and an expression is tried
only around them; topic words are looked up once for each different word of a text.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence

from personald.sensitive.checks import entropy
from personald.sensitive.rules import Pattern, Topic, patterns, topics
from personald.sensitive.seeds import find_seeds
from personald.store.records import SensitiveSpan

MASKED = frozenset({"secret", "account", "identity"})
"""Categories whose very characters must not be studied: training sees a placeholder."""
HELD_BACK = frozenset({"health", "legal", "money"})
"""Categories whose sentences are studied only after the person has agreed."""

# A sentence ends at a stop followed by space, or at the end of a line.
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s)|\n")
_WORD = re.compile(r"[^\W\d_]+")
_BEFORE_KEYWORD = 100


def detect(text: str) -> tuple[SensitiveSpan, ...]:
    """Return what is sensitive, sorted by start.

    Spans of values never overlap one another: the rule that stands first wins. A topic's span is a whole sentence and
    may hold values.
    """
    lowered = _lower(text)
    words = _WORD.findall(lowered)
    spans = [*_values(text, lowered, words), *_sentences(lowered, words)]
    return tuple(sorted(spans, key=lambda span: (span.start, span.end, span.category)))


def masked(text: str, spans: Sequence[SensitiveSpan]) -> str:
    """Return the text with every value of the masked categories replaced by its category in brackets."""
    pieces, place = [], 0
    for span in spans:
        if span.category in MASKED and span.start >= place:
            pieces += [text[place : span.start], f"[{span.category}]"]
            place = span.end
    return "".join([*pieces, text[place:]])


def _lower(text: str) -> str:
    """Lower case, character for character, so that places stay places."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c if len(c.lower()) != 1 else c.lower() for c in text)


# ---- values ----


def _values(text: str, lowered: str, words: Sequence[str]) -> list[SensitiveSpan]:
    found: list[SensitiveSpan] = []
    for rule in patterns():
        for start, end in _matches(rule, text, lowered):
            _add(found, SensitiveSpan(start, end, rule.category, rule.name))
    for start, end in find_seeds(lowered, words):
        _add(found, SensitiveSpan(start, end, "secret", "wallet-seed"))
    return found


def _add(found: list[SensitiveSpan], span: SensitiveSpan) -> None:
    if not any(span.start < other.end and other.start < span.end for other in found):
        found.append(span)


def _matches(rule: Pattern, text: str, lowered: str) -> Iterator[tuple[int, int]]:
    group = "value" if "value" in rule.regex.groupindex else 0
    for first, last in _windows(rule, lowered):
        for match in rule.regex.finditer(text, first, last):
            value = match[group].rstrip(" \n,")
            if rule.check is not None and not rule.check(value):
                continue
            if rule.entropy and entropy(value) < rule.entropy:
                continue
            yield match.start(group), match.start(group) + len(value)


def _windows(rule: Pattern, lowered: str) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a text in which a rule is worth trying, without overlap."""
    if not rule.keywords:
        yield 0, len(lowered)
        return
    places = sorted(place for keyword in rule.keywords for place in _places(keyword, lowered))
    start = end = -1
    for place in places:
        if place - _BEFORE_KEYWORD > end:
            if end >= 0:
                yield start, end
            start = max(0, place - _BEFORE_KEYWORD)
        end = min(len(lowered), place + rule.reach)
    if end >= 0:
        yield start, end


def _places(keyword: str, lowered: str) -> Iterator[int]:
    place = lowered.find(keyword)
    while place != -1:
        yield place
        place = lowered.find(keyword, place + 1)


# ---- topics ----


@functools.lru_cache(maxsize=1 << 16)
def _meaning(word: str) -> tuple[tuple[int, bool], ...]:
    """Return (topic's number, strong) for every topic that a word belongs to."""
    return tuple(
        (number, strong)
        for number, topic in enumerate(topics())
        for strong in (True, False)
        if (topic.strong if strong else topic.weak).holds(word)
    )


def _sentences(lowered: str, words: Sequence[str]) -> list[SensitiveSpan]:
    strong: dict[int, set[str]] = {}
    weak: dict[int, set[str]] = {}
    for word in set(words):
        for number, is_strong in _meaning(word):
            (strong if is_strong else weak).setdefault(number, set()).add(word)
    found = []
    for number, topic in enumerate(topics()):
        marks = _marks(topic, lowered, strong.get(number, set()), weak.get(number, set()))
        for start, end in sorted(marks):
            strong_here, weak_here = marks[start, end]
            if strong_here or len(weak_here) >= 2:
                found.append(SensitiveSpan(start, end, topic.category, topic.category))
    return found


def _marks(
    topic: Topic, lowered: str, strong: set[str], weak: set[str]
) -> dict[tuple[int, int], tuple[set[str], set[str]]]:
    """Sentence → the strong and the weak words in it."""
    marks: dict[tuple[int, int], tuple[set[str], set[str]]] = {}
    for kind, single, phrases in (
        (0, strong, topic.strong.phrases),
        (1, weak, topic.weak.phrases),
    ):
        finders = [re.compile(rf"\b{word}\b") for word in single]
        finders += [finder for phrase, finder in phrases if phrase in lowered]
        for finder in finders:
            for match in finder.finditer(lowered):
                sentence = _sentence(lowered, match.start())
                marks.setdefault(sentence, (set(), set()))[kind].add(match[0])
    return marks


def _sentence(lowered: str, place: int) -> tuple[int, int]:
    """Return the sentence around a place, without the space before it; at most a thousand characters each way."""
    first = max(0, place - 1000)
    start = first
    for match in _SENTENCE_END.finditer(lowered, first, place):
        start = match.end()
    end_match = _SENTENCE_END.search(lowered, place, place + 1000)
    end = min(len(lowered), place + 1000)
    if end_match:
        end = end_match.start() if end_match[0] == "\n" else end_match.end()
    while start < place and lowered[start].isspace():
        start += 1
    return start, end
