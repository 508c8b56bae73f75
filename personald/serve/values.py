"""Values of everyday life in a text: dates, sums, telephone numbers, codes, addresses, names. Where each stands, nothing more."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from personald.serve.words import STOP_WORDS, plain


class Kind(enum.StrEnum):
    """What a question asks for, as far as a value's form can show it."""

    PHONE = "phone"
    EMAIL = "email"
    DATE = "date"
    AMOUNT = "amount"
    COUNT = "count"
    CODE = "code"
    PERSON = "person"
    PLACE = "place"
    REASON = "reason"
    THING = "thing"


Span = tuple[int, int]

_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY = (
    r"(?:mon(?:day)?s?|tue(?:s|sday)?s?|wed(?:s|nesday)?s?|thu(?:r|rs|rsday)?s?|fri(?:day)?s?|"
    r"sat(?:urday)?s?|sun(?:day)?s?)\b\.?"
)
_YEAR = r"(?:19|20)\d\d\b"
_DAY = r"(?:[12]?\d|3[01])(?:st|nd|rd|th)?\b"
_DATE = (
    rf"(?:(?:{_WEEKDAY},?\s+)?(?:the\s+)?(?:{_DAY}\s+(?:of\s+)?{_MONTH}|{_MONTH}\s+(?:the\s+)?{_DAY})(?:,?\s+{_YEAR})?"
    rf"|\b{_YEAR}-\d\d-\d\d\b|\b{_MONTH}\s+{_YEAR}|\b(?:0?[1-9]|[12]\d|3[01])[/.](?:0?[1-9]|1[0-2])[/.](?:19|20)?\d\d\b"
    rf"|\b(?:0?[1-9]|1[0-2])/{_YEAR}|\b(?:{_WEEKDAY}\s+)?(?:the\s+)?(?:[12]?\d|3[01])(?:st|nd|rd|th)\b"
    rf"|\b{_WEEKDAY}(?:\s+(?:morning|afternoon|evening|night))?|\b{_MONTH}(?=[\s.,;:!?)]|$)|\b{_YEAR})"
)
_CLOCK = (
    r"(?:\b(?:half\s+past|half|quarter\s+(?:past|to)|(?:five|ten|twenty)\s+(?:past|to))\s+"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\d{1,2})\b"
    r"|\b(?:[01]?\d|2[0-3])[:.][0-5]\d(?::[0-5]\d)?(?:\s*[ap]\.?m\b\.?)?|\b1?\d\s*[ap]\.?m\b\.?|\b(?:noon|midnight)\b)"
)
_NUMBER = r"(?:\d{1,3}(?:[,.]\d{3})+(?:\.\d{1,2})?|\d+(?:[.,]\d+)?)"
_NUMERAL = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    r"eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred)"
)
_CURRENCY = r"(?:[€£$¥]|eur|gbp|usd|chf|nok|sek|dkk|pln|kr|zł|euros?|pounds?|dollars?|quid|pence|francs?|kroner|kronor|złoty)"
_UNIT = (
    r"(?:mg|kg|kgs|g|km|cm|mm|m|ml|dl|l|miles?|metres?|meters?|kilos?|kilometres?|kilometers?|centimetres?|litres?|liters?|"
    r"hours?|minutes?|mins?|seconds?|days?|nights?|weeks?|months?|years?|degrees?|°c?|%|percent|points?|people|persons?|"
    r"inches|inch|feet|foot|stone|lbs?|square\s+metres?|kwh)\b"
)
_PREFIXES = r"(?:mr|mrs|ms|miss|dr|prof|professor|uncle|aunt|auntie|coach|sir|father|sister|brother|st)\b\.?"
_NAME_WORD = r"(?:[^\W\d_a-zà-öø-ÿ][\w'’\-]*\w|[^\W\d_a-zà-öø-ÿ]\b\.?)"
_STREET = (
    r"(?:street|st|road|rd|lane|avenue|ave|crescent|terrace|square|place|drive|court|way|gardens?|close|hill|row|walk|"
    r"boulevard|blvd|mews|quay|park|grove|alley)\b"
)

_PATTERNS: dict[Kind, tuple[re.Pattern[str], ...]] = {
    Kind.PHONE: (re.compile(r"(?<![\w.])\+?\(?\d[\d() \-./]{5,}\d(?!\w)"),),
    Kind.EMAIL: (re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+"),),
    Kind.DATE: (
        re.compile(
            rf"(?:{_DATE})(?:(?:,|\s+at|\s+from|,?\s+by)?\s+{_CLOCK})?|{_CLOCK}", re.IGNORECASE
        ),
    ),
    Kind.AMOUNT: (
        re.compile(
            rf"(?<![\w.,]){_CURRENCY}\s*{_NUMBER}|(?<![\w.,\-]){_NUMBER}(?:\s*{_CURRENCY}(?!\w))?(?![\w\-]|[:/.]\d)",
            re.IGNORECASE,
        ),
    ),
    Kind.COUNT: (
        re.compile(
            rf"(?<![\w.,\-]){_NUMBER}(?:[:.]\d\d)*(?:\s*{_UNIT})?(?!\w)|\b{_NUMERAL}\b(?:\s+{_UNIT})?",
            re.IGNORECASE,
        ),
    ),
    Kind.CODE: (
        re.compile(r"(?<!\w)[A-Z]{1,3}\d{1,3}[A-Z]?\s[A-Z]{3}\b"),
        re.compile(r"(?<![\w.,])\d{2,}(?:[ \-]\d{2,})+(?!\w)"),
        re.compile(r"(?<![\w@])(?=[\w\-#]*\d)[\w#]+(?:-[\w#]+)*#?(?![\w@:])"),
    ),
    Kind.PERSON: (
        re.compile(
            rf"(?:\b(?i:{_PREFIXES})\s+)?{_NAME_WORD}(?:\s+(?:(?:van|von|de|del|di|of)\s+)?{_NAME_WORD})*"
        ),
    ),
    Kind.PLACE: (
        re.compile(rf"\b\d+\w?\s+(?:{_NAME_WORD}\s+){{1,3}}(?i:{_STREET})(?:,\s+{_NAME_WORD})*"),
        re.compile(rf"\b(?:{_NAME_WORD}\s+){{1,3}}(?i:{_STREET})"),
        re.compile(rf"(?<=\b[iIaAoO][nNtT]\s)(?:the\s+)?{_NAME_WORD}(?:\s+{_NAME_WORD})*"),
        re.compile(
            r"\b(?:in|at|on|under|behind|above|inside|beside|below|near|next to|opposite)\s+(?:the|a|an|my|our|his|her|their)\s+"
            r"[\w'’\-]+(?:\s+(?!(?:and|but|because|so|who|which|with)\b)[\w'’\-]+){0,4}"
        ),
    ),
    Kind.REASON: (
        re.compile(r"(?<=\bbecause\s)[^.;!?\n]+", re.IGNORECASE),
        re.compile(r"(?<=\bdue to\s)[^.;!?\n]+|(?<=\bbecause of\s)[^.;!?\n]+", re.IGNORECASE),
    ),
    Kind.THING: (),
}

# "Label: value" and "label value" at the start of a line, as forms, receipts and quick notes have them.
_LABELLED = re.compile(
    r"^[ \t]*(?:[-*•]\s+|\d+\.\s+|>\s*)*(?:\*\*)?(?P<label>[^\n:|*]{1,48}?)(?:\*\*)?\s*(?::|\s[–—=]|\s{3,}|\t)(?:\*\*)?\s*(?P<value>\S[^\n]*?)\s*$",
    re.MULTILINE,
)
# "Flight: EI 3304. Seats: 14A and 14B." in running text.
_LABELLED_INSIDE = re.compile(
    r"(?<=[.;!?,] )(?P<label>[A-Z][^\n:|*.;,]{1,30}):\s+(?P<value>[^\s.;](?:[^\n.;]|\.(?=\d))*)"
)
_ORDINARY_CAPITALS = re.compile(
    rf"^(?:{_WEEKDAY}|{_MONTH}|i|ok|tel|no|ps|am|pm|phone|email|note|address|birthday|start|end|location|name|"
    r"organisation|job title|user|assistant|subject|from|to|date)$",
    re.IGNORECASE,
)


@lru_cache(maxsize=8192)
def find(kind: Kind, text: str) -> tuple[Span, ...]:
    """Where values of a kind stand in a text, in order; the longest of those that begin together, none inside another."""
    spans: set[Span] = set()
    for pattern in _PATTERNS[kind]:
        for match in pattern.finditer(text):
            span = _trimmed(kind, text, match.start(), match.end())
            if span is not None:
                spans.add(span)
    if kind is Kind.PHONE:
        spans = {span for span in spans if _digits(text, span) in range(7, 16)}
    outermost = [
        span
        for span in spans
        if not any(o != span and o[0] <= span[0] and span[1] <= o[1] for o in spans)
    ]
    return tuple(sorted(outermost))


def _digits(text: str, span: Span) -> int:
    return sum(character.isdigit() for character in text[span[0] : span[1]])


def _trimmed(kind: Kind, text: str, start: int, end: int) -> Span | None:
    """The match without what only its surroundings brought in; None when nothing is left."""
    if kind is Kind.PERSON:
        return _person(text, start, end)
    while end > start and text[end - 1] in " ,;:.-\t\n":
        end -= 1
    return (start, end) if end > start else None


def _person(text: str, start: int, end: int) -> Span | None:
    """A name without ordinary words that are large only because they begin a sentence."""
    words = [
        (m.start() + start, m.end() + start, m.group())
        for m in re.finditer(r"\S+", text[start:end])
    ]
    while words and _ordinary(words[0][2], _begins_sentence(text, words[0][0])):
        words.pop(0)
    while words and _ordinary(words[-1][2], False):
        words.pop()
    if not words:
        return None
    last = words[-1]
    length = len(re.sub(r"['’]s?$", "", last[2].rstrip(".,")))
    return (words[0][0], last[0] + length) if length else None


def _ordinary(word: str, begins: bool) -> bool:
    bare = plain(word).strip(".,").removesuffix("'s")
    if _ORDINARY_CAPITALS.match(bare) or bare in STOP_WORDS:
        return True
    return begins and bare in _SENTENCE_OPENERS


def _begins_sentence(text: str, place: int) -> bool:
    before = text[:place].rstrip(" \t\"'“‘(*-•")
    return not before or before[-1] in ".!?:\n" or "\n" in text[len(before) : place]


# Words that often open a sentence and name nobody.
_SENTENCE_OPENERS = frozenset(
    "after again address always any ask back because before best bring call call client contact dear dinner every first "
    "for fridge garage hello hi insurance keys last late lent lessons meeting most my never new next no not now once only "
    "our paid parcel pay please practice reading really rent reminder said same second see send since someone sorry spare "
    "still term thank thanks that then there things third this three today tomorrow two until want we went wind yes "
    "yesterday one two both several many few each none nothing something anything everything your good morning evening afternoon bye regards best kind love friends everybody everyone nobody however "
    "maybe perhaps also sold bought booked total out return order deposit wifi code password bins removal".split()
)


def known_names(texts: Iterable[str]) -> frozenset[str]:
    """Folded words that are names: somewhere they have a large first letter that no sentence's beginning explains."""
    found: set[str] = set()
    for text in texts:
        for start, end in find(Kind.PERSON, text):
            words = text[start:end].split()
            if _begins_sentence(text, start):
                words = words[1:] if len(words) > 1 else []
            found.update(plain(word).strip(".,") for word in words)
    return frozenset(found)


def labelled(text: str) -> Iterator[tuple[str, Span]]:
    """(label, where the value stands) for every line, and every sentence, of the form "label: value"."""
    for pattern in (_LABELLED, _LABELLED_INSIDE):
        for match in pattern.finditer(text):
            yield match.group("label").strip(), match.span("value")


_ISO = re.compile(
    r"\b((?:19|20)\d\d)-(\d\d)-(\d\d)(?:[ T](\d\d:\d\d)(?::\d\d)?)?(?: [A-Z]\w+/[\w/]+| [+-]\d{4}| UTC| GMT)?"
)
_MONTHS = (
    "January February March April May June July August September October November December".split()
)


def readable_dates(text: str) -> str:
    """ISO dates as people write them: "2026-10-08 08:30 Europe/London" → "8 October 2026 at 08:30"."""

    def written(match: re.Match[str]) -> str:
        year, month, day, clock = match.groups()
        if not 1 <= int(month) <= 12:
            return match.group()
        date = f"{int(day)} {_MONTHS[int(month) - 1]} {year}"
        return f"{date} at {clock}" if clock else date

    return _ISO.sub(written, text)
