"""Conversations about a text: where the text stands, where the questions stand.

Dense supervision: one text carries several questions, each a turn of its own.
"""

from training.pocket.language.draw import Draw
from training.pocket.language.sample import Turn

Pair = tuple[str, str]

LEADS = (
    "Here is a note:\n{}", "Text:\n{}", "Read this:\n{}", "My notes say:\n{}", "I wrote this down:\n{}",
    "This is what I have:\n{}", "From my files:\n{}", "Look at this:\n{}", '"""\n{}\n"""', "<text>\n{}\n</text>",
)  # fmt: skip
ASKS = (
    "Question: {}", "My question: {}", "Q: {}", "{}", "Now tell me: {}", "Please answer: {}",
)  # fmt: skip
NODS = ("OK.", "Noted.", "I have read it.", "All right.", "Thanks, I have it.")
SYSTEMS = (
    "Answer from the text.",
    "Answer briefly.",
    "You answer questions about a person's notes.",
    'Answer from the text, and say "I don\'t know." when it does not hold the answer.',
    "You are a helpful assistant.",
)


def conversation(draw: Draw, text: str, pairs: list[Pair]) -> tuple[Turn, ...]:
    """Turns in which ``text`` is given and every pair is asked and answered."""
    turns: list[Turn] = []
    if draw.chance(0.12):
        turns.append(Turn("system", draw.choose(SYSTEMS)))
    style = draw.random.random()
    rest = pairs
    if style < 0.12:
        turns += [Turn("user", given(draw, text)), Turn("assistant", draw.choose(NODS))]
    elif style < 0.22:
        turns += turn_pair(f"{pairs[0][0]}\n\n{given(draw, text)}", pairs[0][1])
        rest = pairs[1:]
    elif style < 0.72:
        turns += turn_pair(f"{text}\n\n{pairs[0][0]}", pairs[0][1])
        rest = pairs[1:]
    else:
        question = draw.choose(ASKS).format(pairs[0][0])
        turns += turn_pair(f"{given(draw, text)}\n\n{question}", pairs[0][1])
        rest = pairs[1:]
    for question, answer in rest:
        turns += turn_pair(question, answer)
    return tuple(turns)


def given(draw: Draw, text: str) -> str:
    """The text, bare or with words that introduce it."""
    return draw.choose(LEADS).format(text) if draw.chance(0.5) else text


def turn_pair(question: str, answer: str) -> list[Turn]:
    """A question and its answer as turns."""
    return [Turn("user", question), Turn("assistant", answer)]
