"""What to ask of a text: questions that it answers, and questions that it does not.

The unanswerable ones are of the hard kind: what was said of one is asked of another; a role of
an event that was left out; an attribute of like shape that nobody mentioned.
"""

from training.pocket.language import attributes, facts
from training.pocket.language.documents import Document
from training.pocket.language.draw import Draw
from training.pocket.language.facts import ME, Fact, Point
from training.pocket.language.sample import UNKNOWN

UNKNOWN_SHARE = 0.15
Asked = tuple[str, str]


def answerable(document: Document) -> list[Point]:
    """Every point of a text."""
    return [p for fact in document.facts() for p in fact.points] + list(document.extra)


def trap(document: Document, draw: Draw) -> Point:
    """A question that the text does not answer."""
    said = document.facts()
    style = draw.random.random()
    if style < 0.3:
        left_out = [p for fact in said for p in fact.missing]
        if left_out:
            return draw.choose(left_out)
    if style < 0.75:
        moved = moved_to_another(document, draw)
        if moved is not None:
            return moved
    fact = draw.choose(said)
    if style < 0.9 and fact.elsewhere and fact.subject is not ME:
        return fact.elsewhere(facts.subject(fact.subject.kind, draw, own=False))
    return attributes.open_unknown(fact.subject, draw)


def moved_to_another(document: Document, draw: Draw) -> Point | None:
    """What was said of one subject asked of another of its kind that the text names."""
    people = ("person", "me")
    options: list[tuple[Fact, facts.Subject]] = []
    for fact in document.facts():
        for group in document.groups:
            same = group.subject.kind == fact.subject.kind or (
                group.subject.kind in people and fact.subject.kind in people
            )
            told = {key for f in group.facts for p in f.points for key in attributes.kin(p.key)}
            another = group.subject is not fact.subject
            if same and another and not told & {p.key for p in fact.points}:
                options.append((fact, group.subject))
    if not options:
        return None
    fact, other = draw.choose(options)
    return fact.elsewhere(other) if fact.elsewhere else None


def asked(document: Document, draw: Draw, count: int) -> list[Asked]:
    """``count`` questions with their answers, each of another point, some unanswerable."""
    points = draw.some(answerable(document), count)
    pairs = [(point.ask(), point.answer) for point in points]
    for number in range(len(pairs)):
        if draw.chance(UNKNOWN_SHARE):
            pairs[number] = (trap(document, draw).ask(), UNKNOWN)
    return pairs
