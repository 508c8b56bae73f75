"""Does a value's own form fit the question? Sums are not dates, "how heavy" wants a weight, a birthday is no clock time."""

from __future__ import annotations

import re

from personald.serve.question import Question
from personald.serve.values import Kind, Span, find
from personald.serve.words import plain, stem, stems

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
_ASKS_ADDRESS = re.compile(r"\baddress\b|\blive[sd]?\b|\bstreet\b", re.IGNORECASE)
_ASKS_WEEKDAY = re.compile(
    r"\b(?:what|which) (?:day|evening|night|morning|weekday)s?\b", re.IGNORECASE
)
_ASKS_NAME = re.compile(
    r"\b(?:called|named?|surname)\b|\b(?:what|which) (?:company|hotel|caf[eé]|university|college|restaurant|school|bank|"
    r"airline|brand|model)\b",
    re.IGNORECASE,
)
_PASSWORDS = frozenset(stems("password passcode passphrase"))
_TITLE = re.compile(r"(?:mr|mrs|ms|miss|dr|prof|uncle|aunt|auntie)\b", re.IGNORECASE)
_FORMER = re.compile(r"\b(?:old|former|previous)\b", re.IGNORECASE)
# What follows a sum, where a number of things would be followed by the things.
_NO_THING_COUNTED = re.compile(
    r"\s*(?:$|[^\w\s%]|\n|(?:a|an|per|all|incl\w*|plus|with|each|in|and|delivered|paid|total|or|if|because|for|this|from|"
    r"to|by|is|was|now|cash|monthly|yearly|weekly|altogether|off|then|so|but|on|at|the|every|including|extra)\b)",
    re.IGNORECASE,
)
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


# How far a value's form fits: what is asked for, perhaps, hardly.
FITTING = 1.0
DOUBTFUL = 0.85
UNFIT = 0.6


def is_outdated(text: str, span: Span, context: str = "") -> bool:
    """Whether the words around a value, in its clause, or what the passage is about say that it held formerly."""
    if _FORMER.search(context):
        return True
    before = re.split(r"[.;!?\n,]|\bbut\b", text[: span[0]])[-1]
    after = re.split(r"[.;,!?\n]", text[span[1] : span[1] + 24])[0]
    clause = f"{before} {after}"
    return _BEFORE.search(clause) is not None and _NOW.search(clause) is None


def form(
    question: Question,
    text: str,
    span: Span,
    known: frozenset[str] = frozenset(),
    people: frozenset[str] = frozenset(),
) -> float:
    """How far the value at `span` of a text has the form that the question asks for: FITTING, DOUBTFUL or UNFIT.

    Args:
        question: understood.
        text: the passage.
        span: the value in it.
        known: folded words that are names.
        people: folded words that are names of people.
    """
    value = text[span[0] : span[1]]
    match question.kind:
        case Kind.PHONE:
            dialled = _DIALLED.match(value) and not _NO_PHONE.search(text[: span[0]])
            return FITTING if dialled else UNFIT
        case Kind.AMOUNT:
            return _as_sum(text, span, value)
        case Kind.COUNT:
            return _as_count(question, text, span, value)
        case Kind.CODE:
            part = _inside(Kind.DATE, text, span) or _YEAR.match(value) or not _telling(value)
            return UNFIT if part else FITTING
        case Kind.DATE:
            return _as_date(question, value)
        case Kind.PLACE:
            address = _ASKS_ADDRESS.search(question.text) and not _STREET.search(value)
            return UNFIT if address else FITTING
        case Kind.PERSON:
            return _as_person(text, span, value, known, people)
        case Kind.THING:
            return _as_thing(question, value)
        case _:
            return FITTING


def _as_thing(question: Question, value: str) -> float:
    """Names have large letters, passwords no spaces; of other things the form says nothing."""
    if question.head in _PASSWORDS:
        secret = not re.search(r"\s", value) and re.search(r"[\d\-_!#$%&]|[a-z][A-Z]", value)
        return FITTING if secret else UNFIT
    if _ASKS_NAME.search(question.text) and not any(sign.isupper() for sign in value):
        return UNFIT
    return FITTING


def _as_date(question: Question, value: str) -> float:
    """A day of a month is a date; less than that only where less is asked for."""
    if _CLOCK_ONLY.match(value):
        return UNFIT if _ASKS_DAY.search(question.text) else DOUBTFUL
    has_clock = re.search(r"\d[:.]\d\d|[ap]\.?m\b|half|quarter|noon|midnight", value, re.IGNORECASE)
    if _ASKS_TIME.search(question.text) and not has_clock:
        return UNFIT
    if any(sign.isdigit() for sign in value) and not _YEAR.fullmatch(value):
        return FITTING
    weekly = _ASKS_WEEKDAY.search(question.text) or value.casefold().endswith("days")
    return FITTING if weekly and not value[0].isdigit() else DOUBTFUL


def _as_person(
    text: str, span: Span, value: str, known: frozenset[str], people: frozenset[str]
) -> float:
    """A name is no place, no label, no title of a book, and not an ordinary word at the beginning of a sentence."""
    before, after = text[: span[0]], text[span[1] : span[1] + 1]
    words = [plain(word).strip(".,") for word in value.split()]
    if _STREET.search(value) or any(sign.isdigit() for sign in value) or after == ":":
        return UNFIT
    if re.search(
        r"\b(?:in|at|on|near|via)\s+(?:the\s+)?$|[\"“'‘]\w*\s*(?:The\s)?$", before, re.IGNORECASE
    ):
        return UNFIT
    if words[0] in people or words[-1] in people or _TITLE.match(value):
        return FITTING
    begins = re.search(r"(?:^|[.!?:\n*•\-]\s*)$", before) is not None
    return UNFIT if begins and len(words) == 1 and words[0] not in known else DOUBTFUL


def _inside(kind: Kind, text: str, span: Span) -> bool:
    """Whether a value is one of another kind, or part of one."""
    return any(start <= span[0] and span[1] <= end for start, end in find(kind, text))


def _as_sum(text: str, span: Span, value: str) -> float:
    if _CURRENCY.search(value):
        return FITTING
    if value.startswith("0") or _YEAR.fullmatch(value) or (value.isdigit() and int(value) < 10):
        return UNFIT
    if any(_inside(kind, text, span) for kind in (Kind.DATE, Kind.PHONE, Kind.PLACE)):
        return UNFIT
    if re.search(r"\d[.,]\d", value):
        return FITTING
    return FITTING if _NO_THING_COUNTED.match(text[span[1] :]) else UNFIT


def _as_count(question: Question, text: str, span: Span, value: str) -> float:
    if any(_inside(kind, text, span) for kind in (Kind.DATE, Kind.PHONE)) or _YEAR.fullmatch(value):
        return UNFIT
    for asked, unit in _MEASURES:
        if asked.search(question.text):
            bare = value.replace(".", "").replace(",", "").isdigit()
            return FITTING if unit.search(value) else DOUBTFUL if bare else UNFIT
    counted = re.search(r"\bhow many (\w+)", question.text, re.IGNORECASE)
    if counted is None:
        return FITTING
    after = re.findall(r"\w+", text[span[1] : span[1] + 30].casefold())[:3]
    near = {stem(word) for word in (*value.casefold().split(), *after)}
    return FITTING if stem(counted.group(1).casefold()) in near else DOUBTFUL


def _telling(value: str) -> bool:
    """A code is no small number."""
    return sum(character.isdigit() for character in value) >= 3 or not value.isdigit()
