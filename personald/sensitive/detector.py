"""Find what is sensitive in a text.

Speed comes from looking little: `clues` says in one pass which rules can find anything at all, an expression is tried
only around its keywords, and sentences are looked for only where words of a topic are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from personald.sensitive.checks import entropy
from personald.sensitive.clues import LETTERS, Clues, find_clues
from personald.sensitive.rules import Pattern, patterns
from personald.sensitive.seeds import find_seeds
from personald.sensitive.sentences import find_sentences, places
from personald.store.records import SensitiveSpan

MASKED = frozenset({"secret", "account", "identity"})
"""Categories whose very characters must not be studied: training sees a placeholder."""
HELD_BACK = frozenset({"health", "legal", "money"})
"""Categories whose sentences are studied only after the person has agreed."""

_BEFORE_KEYWORD = 100
# So many different shaped words, and looking for each costs more than trying the expression everywhere.
_MANY_SHAPED_WORDS = 8


def detect(text: str, title: str = "") -> tuple[SensitiveSpan, ...]:
    """Return what is sensitive in a text, sorted by start.

    Spans of values never overlap one another: the rule that stands first wins. A topic's span is a whole sentence and
    may hold values.

    Args:
        text: what is searched.
        title: of the text; it says what figures in the text are, and is not searched.
    """
    lowered = _lower(text)
    clues = find_clues(lowered)
    if clues is None:
        return ()
    spans = [*_values(text, lowered, clues), *find_sentences(lowered, title, clues)]
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


def _values(text: str, lowered: str, clues: Clues) -> list[SensitiveSpan]:
    found: list[SensitiveSpan] = []
    around: dict[int, list[str]] = {}
    for number, keyword in clues.values:
        around.setdefault(number, []).append(keyword)
    for number in sorted(around):
        rule = patterns()[number]
        for start, end in _matches(rule, text, lowered, around[number]):
            _add(found, SensitiveSpan(start, end, rule.category, rule.name))
    if clues.seeds:
        for start, end in find_seeds(lowered, LETTERS.findall(lowered)):
            _add(found, SensitiveSpan(start, end, "secret", "wallet-seed"))
    return found


def _add(found: list[SensitiveSpan], span: SensitiveSpan) -> None:
    if not any(span.start < other.end and other.start < span.end for other in found):
        found.append(span)


def _matches(
    rule: Pattern, text: str, lowered: str, keywords: Collection[str]
) -> Iterator[tuple[int, int]]:
    for first, last in _windows(rule, lowered, keywords):
        for match in rule.regex.finditer(text, first, last):
            start, end = rule.span(match)
            value = text[start:end].rstrip(" \n,")
            if rule.check is not None and not rule.check(value):
                continue
            if rule.entropy and entropy(value) <= rule.entropy:
                continue
            if rule.is_excepted is not None and rule.is_excepted(text, match, value):
                continue
            yield start, start + len(value)


def _windows(rule: Pattern, lowered: str, found: Collection[str]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of a text in which a rule is worth trying, without overlap.

    Args:
        rule: the rule.
        lowered: the text in lower case.
        found: its keywords that may be there, or the words of its shape.
    """
    words = rule.keywords or found
    if not rule.keywords and len(words) > _MANY_SHAPED_WORDS:
        yield 0, len(lowered)
        return
    stretches = sorted(
        (place, place + rule.reach + (0 if rule.keywords else len(word)))
        for word in words
        for place in places(word, lowered)
    )
    start = end = -1
    for place, reached in stretches:
        if place - _BEFORE_KEYWORD > end:
            if end >= 0:
                yield start, end
            start = max(0, place - _BEFORE_KEYWORD)
        end = max(end, min(len(lowered), reached))
    if end >= 0:
        yield start, end
