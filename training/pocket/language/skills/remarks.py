"""The shorter study tasks: quote, imply, sum up, and ask what the text does not answer.

The prompts are those of `training.prompts`, to the letter.
"""

from training import prompts
from training.pocket.language import attributes, documents, facts, questions, values
from training.pocket.language.draw import Draw
from training.pocket.language.facts import Subject
from training.pocket.language.sample import UNKNOWN, Sample, Turn
from training.pocket.language.skills import study
from training.pocket.language.template import possessive

QUOTE, IMPLY, SUM_UP, CONTRAST = "quote", "imply", "sum_up", "contrast"


def one_turn(skill: str, text: str, prompt: str, answer: str) -> Sample:
    """A text with its prompt, and the answer."""
    return Sample(skill, (Turn("user", prompts.over(text, prompt)), Turn("assistant", answer)))


def quote_sample(draw: Draw, level: float) -> Sample:
    """Quote the sentence or the line that answers a question; or nothing does."""
    while True:
        told = study.scene(draw)
        point = draw.choose(told.points)
        quote = study.supporting(told.text, point.answer)
        if quote:
            break
    question, answer = point.ask(), f'"{quote}"'
    if told.missing and draw.chance(0.15 * level):
        question, answer = draw.choose(told.missing).ask(), UNKNOWN
    return one_turn(QUOTE, told.text, prompts.QUOTE.format(question=question), answer)


def imply_sample(draw: Draw, level: float) -> Sample:
    """What follows: two facts joined, and the same fact from the other side."""
    del level
    kinds = [
        a for a in attributes.of_subject("person") if a.noun and a.value in ("person", "woman")
    ]
    link = draw.choose(kinds)
    owner = facts.person_subject(draw, own=False)
    someone = values.make("person" if link.value == "person" else "woman", draw)
    person = Subject("person", someone.text, someone.forms)
    first = attributes.fact(link, owner, draw, someone)
    second = attributes.open_fact(person, draw)
    groups = (documents.Group(owner, (first,)), documents.Group(person, (second,)))
    value = second.points[0].answer
    text = documents.prose(draw, tuple(draw.shuffled(groups)))
    answer = (
        f"The {second.label} of {possessive(owner.text)} {link.noun} is {value}.\n"
        f"{someone.text} is {possessive(owner.text)} {link.noun}."
    )
    return one_turn(IMPLY, text, prompts.IMPLY, answer)


def sum_up_sample(draw: Draw, level: float) -> Sample:
    """One or two plain sentences that hold the most of a text."""
    told = study.scene(draw)
    del level
    points = [p for p in told.points if p.answer not in ("Yes", "No")][:2]
    return one_turn(SUM_UP, told.text, prompts.SUMMARISE, " ".join(p.say() for p in points))


def contrast_sample(draw: Draw, level: float) -> Sample:
    """Questions that sound like the text and that it does not answer."""
    document = documents.document(draw, draw.integer(1, 2 + round(2 * level)))
    asked: list[str] = []
    for _ in range(draw.integer(2, 4)):
        question = questions.trap(document, draw).ask()
        if question not in asked:
            asked.append(question)
    answer = "\n".join(f"Q: {question}\nA: {UNKNOWN}" for question in asked)
    return one_turn(CONTRAST, document.text, prompts.CONTRAST, answer)
