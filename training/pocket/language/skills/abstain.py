"""Say "I don't know.": when the text does not hold the answer, and when there is no text."""

from training.pocket.language import (
    attributes,
    collage,
    documents,
    events,
    facts,
    layout,
    questions,
)
from training.pocket.language.draw import Draw
from training.pocket.language.facts import Point
from training.pocket.language.sample import UNKNOWN, Check, Sample, SkillItem, Turn

WITH_TEXT = "read_unknown"
CLOSED = "unknown_person"


def stranger_question(draw: Draw) -> Point:
    """A question about somebody or something that no text tells of."""
    kind = draw.weighted(documents.SUBJECTS)
    who = facts.ME if kind == "me" else facts.subject(kind, draw, own=False)
    chance = draw.random.random()
    if kind in ("person", "me") and chance < 0.25:
        return draw.choose(events.event(draw, who).points)
    if chance < 0.8 and attributes.of_subject(kind):
        return attributes.unknown(draw.choose(attributes.of_subject(kind)), who, draw)
    return attributes.open_unknown(who, draw)


def closed_sample(draw: Draw, level: float) -> Sample:
    """Several questions about strangers, no text."""
    del level
    turns: list[Turn] = []
    for _ in range(draw.integer(1, 4)):
        turns += layout.turn_pair(stranger_question(draw).ask(), UNKNOWN)
    return Sample(CLOSED, tuple(turns))


def closed_item(draw: Draw) -> SkillItem:
    """A held-out question about a stranger, no text."""
    question = stranger_question(draw).ask()
    return SkillItem(CLOSED, (Turn("user", question),), Check.UNKNOWN, (UNKNOWN,))


def text_sample(draw: Draw, level: float) -> Sample:
    """A text with as many unanswerable as answerable questions."""
    document = documents.document(draw, draw.integer(1, 2 + round(3 * level)))
    pairs = [(p.ask(), p.answer) for p in draw.some(questions.answerable(document), 2)]
    pairs += [(questions.trap(document, draw).ask(), UNKNOWN) for _ in range(draw.integer(1, 2))]
    return Sample(WITH_TEXT, layout.conversation(draw, document.text, draw.shuffled(pairs)))


def text_item(draw: Draw) -> SkillItem:
    """A held-out question that its text does not answer."""
    if draw.chance(0.33):
        told = collage.plain(draw)
        text, question = told.text, draw.choose(told.missing).ask()
    else:
        document = documents.document(draw, draw.integer(1, 6))
        text, question = document.text, questions.trap(document, draw).ask()
    turns = layout.conversation(draw, text, [(question, UNKNOWN)])[:-1]
    return SkillItem(WITH_TEXT, turns, Check.UNKNOWN, (UNKNOWN,), text)
