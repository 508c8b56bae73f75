"""An ordinary text made less familiar, so that it must be read and cannot be recognised.

A scene seen hundreds of times is soon known by heart: which slot answers which question, and
which questions have no answer. Three changes undo that: a sentence that answered a question is
left out, another text stands beside it, or all of it is typed in a hurry.
"""

import re

from training.pocket.language import scenes
from training.pocket.language.draw import Draw
from training.pocket.language.scenes import Told

SEGMENT = re.compile(r"[^\n.!?]*(?:[.!?](?!\s|$)[^\n.!?]*)*[.!?]*\s*")
FEWEST_SEGMENTS = 4
YES_NO = ("Yes", "No")


def segments(text: str) -> list[str]:
    """The sentences and lines of a text, each with the white space after it."""
    return [part for part in SEGMENT.findall(text) if part]


def thinned(told: Told, draw: Draw) -> Told:
    """The text without the sentence that answers one of its points, which nothing then answers.

    Only a point whose answer stands in one place is left out; points whose answers stood in what
    was left out go with it. The text stays as it is when no point can be left out cleanly.
    """
    parts = segments(told.text)
    if len(parts) < FEWEST_SEGMENTS:
        return told
    low = told.text.casefold()
    options = [
        p
        for p in told.points
        if p.answer not in YES_NO and len(p.answer) > 2 and low.count(p.answer.casefold()) == 1
    ]
    if not options:
        return told
    gone = draw.choose(options)
    kept = [part for part in parts if gone.answer.casefold() not in part.casefold()]
    if len(kept) != len(parts) - 1:
        return told
    text = "".join(kept).strip()
    lost = (set(parts) - set(kept)).pop().casefold()
    points = tuple(
        p for p in told.points if p.answer not in YES_NO and p.answer.casefold() not in lost
    )
    return Told(text, points, (gone,)) if points else told


def hurried(told: Told) -> Told:
    """All in small letters."""
    for point in told.points:
        point.answer = point.answer.lower() if point.answer not in YES_NO else point.answer
    return Told(told.text.lower(), told.points, told.missing)


def beside(told: Told, draw: Draw) -> Told:
    """The text and another one, either first; the questions of both that cannot be confused.

    The other text's missing questions are dropped, because this one might answer them, and the
    other way round.
    """
    other = scenes.tell(draw.choose(scenes.scenes(draw.split)), draw)
    pair = draw.shuffled((told.text, other.text))
    return Told(draw.choose(("\n\n", "\n\n---\n\n", "\n\n***\n\n")).join(pair), told.points, ())


def varied(told: Told, draw: Draw, level: float) -> Told:
    """The text as it is, or changed in one of the ways."""
    chance = draw.random.random()
    if chance < 0.33:
        return thinned(told, draw)
    if chance < 0.38:
        return hurried(told)
    if chance < 0.38 + 0.08 * level:
        return beside(told, draw)
    return told


def asked_in_haste(question: str, draw: Draw) -> str:
    """A question as it is typed: mostly with care, now and then without."""
    chance = draw.random.random()
    if chance < 0.05:
        return question[:1].lower() + question[1:].removesuffix("?").removesuffix(".")
    if chance < 0.07:
        return question.lower()
    return question
