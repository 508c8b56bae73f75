"""The same in other words, by a bank of everyday words and phrases that may stand for one another.

Two uses. A text and the questions about it, reworded apart from each other, share fewer words than
they were written with, so that reading them takes the sense of words and not their letters alone.
And a text that nobody has paraphrased can be said again, line by line: a model of this size that
must put an unknown text into sentences of its own invents some.
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from training.pocket.language.draw import Draw
from training.pocket.language.facts import Point
from training.pocket.language.phrases import Phrases
from training.pocket.language.scenes import Told
from training.pocket.language.template import with_article_an
from training.pocket.language.variations import segments

FOLDER = Path(__file__).parent / "words" / "rewordings"
FEW_LINES = 3
#: How many of the known phrases of a text change: some texts keep most of their words.
SHARES = (0.3, 0.6, 1.0)
WITH_I = re.compile(r"I(?:\W|$)")  # a capital that begins no sentence
STARTS = re.compile(r"(?:^|[.!?\n])\W*$")
AN = re.compile(r"\b[Aa]n $")
#: Articles and the letter after them, where they can be left out without changing the sense.
ARTICLES = re.compile(
    r"(?<![\w'-])(?:the|an?) (?!few|little|lot|bit|while|couple|one|same|other)(\w)", re.IGNORECASE
)
LEADING_MARK = re.compile(r"^(?:(?:[-*•>+]|\d{1,2}[.)]|\[[ x]?\]|☐|#+)\s+)+")


@cache
def table() -> dict[str, tuple[str, ...]]:
    """Each phrase, in small letters, and what may be said in its place, best first."""
    lines = (
        line
        for path in sorted(FOLDER.glob("*.txt"))
        for line in path.read_text("utf-8").splitlines()
    )
    halves = (line.split(" = ") for line in lines)
    return {left: tuple(right.split(" | ")) for left, right in halves}


@cache
def _known() -> Phrases[tuple[str, ...]]:
    return Phrases(table())


def spans(text: str, values: Iterable[str]) -> list[tuple[int, int]]:
    """Where ``values`` stand in ``text``, letters' case aside: first character and the one after the last."""
    low = text.lower()
    found: list[tuple[int, int]] = []
    for value in filter(None, values):
        start = low.find(value.lower())
        while start >= 0:
            found.append((start, start + len(value)))
            start = low.find(value.lower(), start + len(value))
    return found


def reworded(
    text: str, kept: Iterable[str] = (), draw: Draw | None = None, share: float = 1.0
) -> str:
    """``text`` in other common words.

    Args:
        text: the text.
        kept: values whose words stay.
        draw: chooses among what may stand in a phrase's place; the best one always, if not given.
        share: 0 to 1, how many of the known phrases change, where there is a draw.
    """
    text = text.replace("’", "'")
    fixed = spans(text, kept)
    parts: list[str] = []
    done = 0
    for start, end, others in _known().find(text):
        phrase = text[start:end]
        shouted = phrase.isupper() and len(phrase) > 1
        if shouted or any(low < end and start < high for low, high in fixed):
            continue
        if draw is not None and not draw.chance(share):
            continue
        instead = others[0] if draw is None else draw.choose(others)
        before = text[done:start]
        if phrase[0].isupper() and (STARTS.search(text[:start]) or not WITH_I.match(phrase)):
            instead = instead[0].upper() + instead[1:]
        if instead[0].lower() not in "aeiou" and AN.search(before):
            before = f"{before[:-2]} "
        parts += [before, instead]
        done = end
    return with_article_an("".join([*parts, text[done:]]))


def shortened(text: str, kept: Iterable[str] = ()) -> str:
    """``text`` as notes and lists are written, without articles; those of the values ``kept`` stay."""
    fixed = spans(text, kept)

    def gone(match: re.Match[str]) -> str:
        if any(low < match.end() and match.start() < high for low, high in fixed):
            return match[0]
        return match[1].upper() if match[0][0].isupper() else match[1]

    return ARTICLES.sub(gone, text)


def retold(text: str, kept: Iterable[str], short: bool = False) -> tuple[str, ...]:
    """A text in other words, in its lines or, if these are few, its sentences.

    Args:
        text: the text.
        kept: values whose words stay.
        short: leave the articles out.

    Returns:
        The lines, without the marks of a list before them.
    """
    kept = tuple(kept)
    parts = text.split("\n") if text.count("\n") >= FEW_LINES else segments(text)
    lines = (LEADING_MARK.sub("", part.strip()) for part in parts)
    retold_lines = (reworded(line, kept) for line in lines if re.search(r"\w", line))
    return tuple(shortened(line, kept) if short else line for line in retold_lines)


def values_of(point: Point) -> list[str]:
    """The answer to a point and the values of its text, whose words must not change."""
    return [point.answer, *(value.text for value in point.binding.values.values())]


def told_otherwise(told: Told, draw: Draw) -> Told:
    """A text that some common words of changed; its values and answers are the same."""
    kept = {value for point in told.points for value in values_of(point)}
    text = reworded(told.text, kept, draw, draw.choose(SHARES))
    return Told(text, told.points, told.missing)


def asked_otherwise(point: Point, draw: Draw) -> str:
    """A question for a point, with some common words changed."""
    return reworded(point.ask(), values_of(point), draw, draw.choose(SHARES))
