"""Questions that ask a text for the one value of a kind: "Which phone number is in the text?"

They need no writing: a filled text knows the kinds of its values. They teach the first half of
every extraction, to see which words are a time, a sum, a town, before the second half, which of
two. A kind is asked for only when the text holds one value of it, however worded, or none.
"""

import re
from collections.abc import Mapping

from training.pocket.language.draw import Draw
from training.pocket.language.sample import UNKNOWN
from training.pocket.language.scenes import Told
from training.pocket.language.shapes import MONTHS

#: What expressions of a kind look like, so that none is overlooked that the text writes in full.
LOOKS: dict[str, str] = {
    "date": rf"\b\d\d?[./]\d\d?\b|\d{{4}}-\d\d|\b(?:{'|'.join(MONTHS)}|{'|'.join(m[:3] for m in MONTHS)})\b",
    "time": r"\b\d\d?[:.]\d\d\b|\b\d\d? ?[ap]m\b|o'clock|half past|quarter to",
    "amount": r"[£€$]|euro|pound|franc|\bkr\b|CHF",
    "phone": r"\d[\d ()-]{5,}\d",
    "email": r"\S@\S",
    "url": r"www\.|https?:|\w\.(?:com|org|net|eu)\b",
    "filename": r"\w\.(?:pdf|docx|xlsx|jpg|png|txt|md|zip|csv)\b",
    "percent": r"%|per cent",
    "temperature": r"°|degrees",
    "weight": r"\d ?(?:kg|g|pounds|tonnes)\b",
    "duration": r"\b(?:minute|hour|day|week|month|year)s?\b",
    "weekday": r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day",
}
QUESTIONS: dict[str, tuple[str, ...]] = {
    "date": ("Which date is mentioned?", "What is the date?", "Which day is named, with its month?"),
    "time": ("Which time is mentioned?", "At what time?", "What time of day stands in the text?"),
    "amount": ("How much money is it?", "Which sum is mentioned?", "How much is it?"),
    "phone": ("Which phone number is given?", "What is the phone number?", "Which number can one ring?"),
    "email": ("Which mail address is given?", "What is the email address?", "Where can one write to?"),
    "url": ("Which web address is given?", "What is the web page?", "Where is it on the internet?"),
    "filename": ("Which file is named?", "What is the file called?", "What is the file's name?"),
    "percent": ("Which percentage is given?", "What per cent is it?", "How many per cent?"),
    "temperature": ("Which temperature is given?", "How warm or hot is it?", "How many degrees?"),
    "weight": ("Which weight is given?", "How heavy is it?", "What does it weigh?"),
    "duration": ("How long?", "Which length of time is given?", "How long does it take or last?"),
    "weekday": ("Which weekday is mentioned?", "On which day of the week?", "What day of the week is it?"),
}  # fmt: skip


def holds_more(kind: str, text: str) -> bool:
    """Whether ``text`` holds an expression of the kind."""
    return re.search(LOOKS[kind], text, re.IGNORECASE) is not None


def values_of(told: Told) -> Mapping[str, list[str]]:
    """The values that stand in the text, by kind, each once."""
    found: dict[str, list[str]] = {}
    for point in told.points:
        for value in point.binding.values.values():
            same = found.setdefault(value.kind, [])
            if value.text in told.text and value.text not in same:
                same.append(value.text)
    return found


def mentions(told: Told, draw: Draw, count: int) -> list[tuple[str, str]]:
    """Up to ``count`` questions for the one value of a kind, few of them without an answer."""
    by_kind = values_of(told)
    pairs: list[tuple[str, str]] = []
    for kind in draw.shuffled(QUESTIONS):
        if len(pairs) == count:
            break
        there = by_kind.get(kind, [])
        rest = told.text.replace(there[0], " ") if there else told.text
        if len(there) > 1 or holds_more(kind, rest):
            continue
        if there or draw.chance(0.04):
            pairs.append((draw.choose(QUESTIONS[kind]), there[0] if there else UNKNOWN))
    return pairs
