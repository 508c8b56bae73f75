"""Follow a system prompt that hands over remembered passages, as retrieval does."""

from training import prompts
from training.pocket.language import collage, documents, layout, questions, values, words
from training.pocket.language.draw import Draw
from training.pocket.language.sample import UNKNOWN, Check, Sample, SkillItem, Turn
from training.prompts import Passage

NAME = "retrieval"
Pair = tuple[str, str]


def passage(draw: Draw, text: str) -> Passage:
    """A text as a passage, mostly with a title or a date."""
    title = f"{words.adjective(draw)} {words.noun(draw)}" if draw.chance(0.5) else ""
    if draw.chance(0.2):
        title = values.make("filename", draw).text
    return Passage(text, title, values.make("date", draw).text if draw.chance(0.5) else "")


def told(draw: Draw) -> tuple[str, list[Pair], list[Pair]]:
    """A short text, its answered questions, and one or two that it does not answer."""
    if draw.chance(0.4):
        scene = collage.plain(draw)
        return (
            scene.text,
            [(p.ask(), p.answer) for p in draw.some(scene.points, 3)],
            [(p.ask(), UNKNOWN) for p in draw.some(scene.missing, 1)],
        )
    document = documents.document(draw, draw.integer(1, 3))
    points = draw.some(questions.answerable(document), 3)
    return (
        document.text,
        [(p.ask(), p.answer) for p in points],
        [(questions.trap(document, draw).ask(), UNKNOWN)],
    )


def system_prompt(draw: Draw, most: int) -> tuple[str, list[Pair], list[Pair]]:
    """Passages of which one or two answer, the questions, and unanswerable ones."""
    parts = [told(draw) for _ in range(draw.integer(1, most))]
    answered = [pair for part in parts for pair in part[1]]
    missing = [pair for part in parts[:1] for pair in part[2]]
    return prompts.remembered([passage(draw, part[0]) for part in parts]), answered, missing


def sample(draw: Draw, level: float) -> Sample:
    """Questions over remembered passages."""
    system, answered, missing = system_prompt(draw, 1 + round(2 * level))
    pairs = draw.some(answered, 4)
    if draw.chance(0.4):
        pairs += missing
    turns = [Turn("system", system)]
    for question, answer in draw.shuffled(pairs):
        turns += layout.turn_pair(question, answer)
    return Sample(NAME, tuple(turns))


def item(draw: Draw) -> SkillItem:
    """A held-out question over remembered passages, one in five without an answer."""
    system, answered, missing = system_prompt(draw, 3)
    if missing and draw.chance(0.2):
        question, answer = draw.choose(missing)
    else:
        question, answer = draw.choose(answered)
    turns = (Turn("system", system), Turn("user", question))
    check = Check.UNKNOWN if answer == UNKNOWN else Check.EXACT
    return SkillItem(NAME, turns, check, (answer,))
