"""Does a value's own form fit the question? Sums are not dates, "how heavy" wants a weight, a birthday is no clock time."""

from __future__ import annotations

import re

from personald.serve.question import Question
from personald.serve.values import Kind, Span, find
from personald.serve.words import plain, stem

# What "how …" measures: the question's words, and the units of an answer.
_MEASURES: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(rf"(?:{unit})\W*$", re.IGNORECASE))
    for asked, unit in (
        (r"\bweigh|\bheavy\b|\bweight\b", r"\d\s*(?:kg|kilos?|g|grams?|lbs?|pounds?|stone)"),
        (r"\bhow far\b|\bdistance\b", r"(?:km|kilomet\w+|miles?|m|met\w+)"),
        (r"\bhot\b|\bcold\b|\btemperature\b", r"(?:degrees?|°\s*c?|celsius)"),
        (
            r"\bhow tall\b|\bheight\b|\bhow deep\b|\bhow wide\b|\bspan\b",
            r"(?:cm|mm|m|met\w+|feet|foot|inch\w*)",
        ),
        (r"\bdose\b|\bmilligrams?\b", r"\d\s*(?:mg|milligrams?|ml)?"),
        (
            r"\bhow long (?:do|does|did|should|must|will|has|have)\b",
            r"(?:hours?|minutes?|mins?|seconds?|days?|nights?|weeks?|months?|years?)",
        ),
        (
            r"\bhow long (?:is|are|was|were)\b",
            r"(?:km|m|cm|mm|met\w+|feet|foot|hours?|minutes?|days?|weeks?|months?|years?)",
        ),
    )
)
_YEAR = re.compile(r"(?:19|20)\d\d$")
_CURRENCY = re.compile(r"[€£$¥]|eur|gbp|usd|pound|dollar|quid|kr|zł|franc|pence", re.IGNORECASE)
_CLOCK_ONLY = re.compile(
    r"\d?\d[:.]\d\d(?:\s*[ap]\.?m)?\.?$|(?:half|quarter|noon|midnight|\d+\s*[ap]\.?m)",
    re.IGNORECASE,
)
_ASKS_DAY = re.compile(
    r"\bbirthday\b|\bborn\b|\b(?:what|which) (?:day|date)\b|\bdeadline\b|\bdate\b|\bon which (?:day|evening|night)\b",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(r"\bwhat time\b|\bat what time\b", re.IGNORECASE)


_STREET = re.compile(
    r"\d+\w? \w|\b(?:street|road|lane|avenue|crescent|terrace|square|drive|court|gardens|close)\b",
    re.IGNORECASE,
)
_DIALLED = re.compile(r"\+|0|\(\d|1?[-. ]?\d{3}[-. ]\d{3}[-. ]\d{4}$")
_NO_PHONE = re.compile(
    r"(?:chip|account|card|policy|iban|ref\w*|customer|order|serial|passport|invoice)\b[^\n]{0,14}$",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"\b(?:was|were|before|old|former\w*|first|originally|original|previous\w*|used to|until|up to now|so far|instead of|"
    r"rather than|moved from|was meant|not any more|no longer|changed from|cancelled|crossed out)\b",
    re.IGNORECASE,
)
_NOW = re.compile(
    r"\b(?:now|new|currently|from now|as of|changed to|moved to|today|since|since the)\b|\bis now\b",
    re.IGNORECASE,
)


def is_outdated(text: str, span: Span) -> bool:
    """Whether the words before a value, in its clause, say that it held formerly."""
    clause = re.split(r"[.;!?\n]", text[: span[0]])[-1]
    clause = (
        re.split(r"\bbut\b|,", clause)[-1] + re.split(r"[.;,!?\n]", text[span[1] : span[1] + 24])[0]
    )
    return _BEFORE.search(clause) is not None and _NOW.search(clause) is None


def fits(question: Question, text: str, span: Span, known: frozenset[str] = frozenset()) -> bool:
    """Whether the value at `span` of a text has the form that the question asks for.

    Args:
        question: understood.
        text: the passage.
        span: the value in it.
        known: folded words that are names.
    """
    value = text[span[0] : span[1]]
    if question.kind is Kind.PHONE:
        return _DIALLED.match(value) is not None and not _NO_PHONE.search(text[: span[0]])
    if question.kind is Kind.AMOUNT:
        return _is_sum(text, span, value)
    if question.kind is Kind.COUNT:
        return _is_count(question, text, span, value)
    if question.kind is Kind.CODE:
        return not _inside(Kind.DATE, text, span) and not _YEAR.match(value) and _telling(value)
    if question.kind is Kind.DATE:
        return _is_date(question, value)
    if question.kind is Kind.PLACE:
        return not _ASKS_ADDRESS.search(question.text) or _STREET.search(value) is not None
    if question.kind is Kind.PERSON:
        return _is_person(text, span, value, known)
    return True


_ASKS_ADDRESS = re.compile(r"\baddress\b|\blive[sd]?\b|\bstreet\b", re.IGNORECASE)


def _is_date(question: Question, value: str) -> bool:
    clock = _CLOCK_ONLY.match(value) is not None
    if clock and _ASKS_DAY.search(question.text):
        return False
    has_clock = re.search(r"\d[:.]\d\d|[ap]\.?m|half|quarter|noon|midnight", value, re.IGNORECASE)
    return has_clock is not None or not _ASKS_TIME.search(question.text)


def _is_person(text: str, span: Span, value: str, known: frozenset[str]) -> bool:
    """A name is no place, no label, and not an ordinary word at the beginning of a sentence."""
    if _STREET.search(value) or text[span[1] : span[1] + 1] == ":":
        return False
    if re.search(r"\b(?:in|at|on|to|near|via)\s+(?:the\s+)?$", text[: span[0]], re.IGNORECASE):
        return False
    words = value.split()
    begins = re.search(r"(?:^|[.!?:\n*•\-]\s*)$", text[: span[0]]) is not None
    return len(words) > 1 or not begins or plain(words[0]) in known


def _inside(kind: Kind, text: str, span: Span) -> bool:
    """Whether a value is one of another kind, or part of one."""
    return any(start <= span[0] and span[1] <= end for start, end in find(kind, text))


def _is_sum(text: str, span: Span, value: str) -> bool:
    if _CURRENCY.search(value):
        return True
    if value.startswith("0") or _YEAR.match(value) or (value.isdigit() and int(value) < 10):
        return False
    if any(_inside(kind, text, span) for kind in (Kind.DATE, Kind.PHONE, Kind.PLACE)):
        return False
    return not re.match(
        r"\s*(?:%|x\b|×|(?:ml|g|kg|km|m|cm|minutes?|people|degrees)\b)",
        text[span[1] : span[1] + 10],
    )


def _is_count(question: Question, text: str, span: Span, value: str) -> bool:
    for asked, unit in _MEASURES:
        if asked.search(question.text):
            return unit.search(value) is not None
    if any(_inside(kind, text, span) for kind in (Kind.DATE, Kind.PHONE)) or _YEAR.match(value):
        return False
    counted = re.search(r"\bhow many (\w+)", question.text, re.IGNORECASE)
    if counted is None:
        return True
    after = re.findall(r"\w+", text[span[1] : span[1] + 30].casefold())[:3]
    return stem(counted.group(1).casefold()) in {
        stem(word) for word in (*value.casefold().split(), *after)
    }


def _telling(value: str) -> bool:
    """A code is no small number."""
    return sum(character.isdigit() for character in value) >= 3 or not value.isdigit()
