"""Answer questions from a text: a text made of facts, or an ordinary scene, several turns."""

from training.pocket.language import (
    categories,
    collage,
    documents,
    layout,
    mentions,
    questions,
    rewording,
    variations,
)
from training.pocket.language.draw import Draw
from training.pocket.language.facts import Point
from training.pocket.language.sample import UNKNOWN, Check, Sample, SkillItem, Turn

NAME = "read"
ORDINARY_SHARE = 0.72
UNKNOWN_SHARE = 0.11
THINNED_UNKNOWN_SHARE = 0.22
MENTION_SHARE = 0.3
REWORDED_TEXTS, REWORDED_QUESTIONS = 0.4, 0.4
TYPED_SHARE = 0.3
FACTS = (1, 1, 2, 2, 3, 3, 4, 4, 5, 6, 7)


def sample(draw: Draw, level: float) -> Sample:
    """A text and several questions."""
    if draw.chance(ORDINARY_SHARE * (0.5 + 0.5 * level)):
        return Sample(NAME, ordinary_turns(draw, level))
    count = draw.choose(FACTS[: max(4, round(len(FACTS) * level))])
    document = documents.document(draw, count)
    asked = questions.asked(document, draw, min(6, max(2, count + 1)))
    return Sample(NAME, layout.conversation(draw, document.text, asked))


def ordinary_turns(draw: Draw, level: float) -> tuple[Turn, ...]:
    """An ordinary text, often varied, with most of its questions."""
    told = collage.ordinary(draw, level)
    if draw.chance(REWORDED_TEXTS):
        told = rewording.told_otherwise(told, draw)
    pairs = [(asked(p, draw), p.answer) for p in draw.some(told.points, draw.integer(4, 9))]
    share = THINNED_UNKNOWN_SHARE if len(told.missing) == 1 else UNKNOWN_SHARE
    for number in range(len(pairs)):
        if told.missing and draw.chance(share):
            pairs[number] = (asked(draw.choose(told.missing), draw), UNKNOWN)
    if draw.chance(MENTION_SHARE):
        pairs += mentions.mentions(told, draw, draw.integer(1, 2))
        pairs = draw.shuffled([*pairs, *categories.questions(told.text, draw, draw.integer(0, 2))])
    return layout.conversation(draw, told.text, pairs)


def asked(point: Point, draw: Draw) -> str:
    """A question for a point of an ordinary text: as it was written, or with other words."""
    changed = draw.chance(REWORDED_QUESTIONS)
    question = rewording.asked_otherwise(point, draw) if changed else point.ask()
    if draw.chance(TYPED_SHARE):
        question = categories.typed(question, point.answer, draw)
    return variations.asked_in_haste(question, draw)


def item(draw: Draw) -> SkillItem:
    """A held-out question: of a text of one to six facts, or one time in three of an ordinary text."""
    if draw.chance(0.33):
        told = collage.plain(draw)
        point = draw.choose(told.points)
        text = told.text
    else:
        document = documents.document(draw, draw.integer(1, 6))
        point = draw.choose(questions.answerable(document))
        text = document.text
    turns = layout.conversation(draw, text, [(point.ask(), point.answer)])[:-1]
    return SkillItem(NAME, turns, Check.EXACT, (point.answer,), text)
