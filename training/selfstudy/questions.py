"""Questions about a text, forward and reverse, with the answers that stand in it.

Several kinds of questions over one text find more than one list does: each asks for another sort of answer, and the
reverse ones go from the detail back to whom it belongs (a fact learnt one way round is not known the other way round:
Berglund et al., "The Reversal Curse", arXiv 2309.12288).
"""

from __future__ import annotations

from collections import Counter

from training.prompts import WRITE_QUESTIONS, read_pairs
from training.selfstudy.grounding import Pair, grounded_pairs
from training.selfstudy.reader import Reader
from training.selfstudy.ways import Made, Work, Yield

PROMPTS = tuple(WRITE_QUESTIONS.values())


def make(reader: Reader, work: Work) -> Yield:
    """Facts, each a question and an answer in the words of the text."""
    text, dropped = work.stretch.text, Counter[str]()
    written = [
        Pair(question, answer)
        for lists in reader.write(text, PROMPTS)
        for question, answer in read_pairs(lists)
    ]
    kept = grounded_pairs(reader, text, written, dropped)
    made = [
        Made(pair.question, pair.answer, fact=True, support=line_with(text, pair.answer))
        for pair in kept
    ]
    return Yield(made, dropped)


def line_with(text: str, answer: str) -> str:
    """The line of a text in which an answer stands; the answer itself if it runs over a line's end."""
    place = text.find(answer)
    if place < 0:
        place = text.casefold().find(answer.casefold())
    if place < 0:
        return answer
    start = text.rfind("\n", 0, place) + 1
    end = text.find("\n", place)
    return text[start : end if end >= 0 else len(text)].strip()
