"""Other words for a text that nobody has paraphrased: common words change, the rest stays.

A model of this size that must put an unknown text into sentences of its own invents some. What
it cannot say freely it is taught to say after the text: line by line, in other common words. That
keeps the facts and is mostly too near the text to count as a rewriting (`checks.MOST_REPEATED`).
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from training.pocket.language.variations import segments

TABLE = Path(__file__).parent / "words" / "rewordings.txt"
FEW_LINES = 3
LEADING_MARK = re.compile(r"^(?:(?:[-*•>+]|\d{1,2}[.)]|\[[ x]?\]|☐|#+)\s+)+")


@cache
def table() -> dict[str, str]:
    """Each word, or words, in small letters, and what to say in its place."""
    lines = TABLE.read_text("utf-8").splitlines()
    return dict(line.split(" = ") for line in lines if not line.startswith("#"))


@cache
def known_words() -> re.Pattern[str]:
    """Finds what the table knows, longest first, as whole words."""
    longest_first = sorted(table(), key=len, reverse=True)
    return re.compile(rf"(?<![\w'’-])(?:{'|'.join(longest_first)})(?![\w'’-])", re.IGNORECASE)


def spans(text: str, values: Iterable[str]) -> list[tuple[int, int]]:
    """Where ``values`` stand in ``text``, letters' case aside: first character and the one after the last."""
    return [
        match.span()
        for value in values
        if value
        for match in re.finditer(re.escape(value), text, re.IGNORECASE)
    ]


def reworded(text: str, kept: Iterable[str] = ()) -> str:
    """``text`` in other common words; those inside one of the values ``kept`` stay."""
    fixed = spans(text, kept)

    def other(match: re.Match[str]) -> str:
        word = match.group()
        if word.isupper() and len(word) > 1:
            return word
        if any(start < match.end() and match.start() < end for start, end in fixed):
            return word
        instead = table()[word.lower()]
        return instead[0].upper() + instead[1:] if word[0].isupper() else instead

    return known_words().sub(other, text.replace("’", "'"))


def retold(text: str, kept: Iterable[str]) -> tuple[str, ...]:
    """A text in other words, in its lines or, if these are few, its sentences.

    Args:
        text: the text.
        kept: values whose words stay.

    Returns:
        The lines, without the marks of a list before them.
    """
    kept = tuple(kept)
    parts = text.split("\n") if text.count("\n") >= FEW_LINES else segments(text)
    lines = (LEADING_MARK.sub("", part.strip()) for part in parts)
    return tuple(reworded(line, kept) for line in lines if re.search(r"\w", line))
