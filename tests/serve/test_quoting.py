"""A person is shown the one line that says it, whether or not a value could be taken from it."""

from __future__ import annotations

from personald.serve.finding import find_answers
from personald.serve.passages import Passage
from personald.serve.question import Question
from personald.serve.quoting import LONGEST, quoted

VAN = Passage(
    "1",
    "van",
    "/van.md",
    "Insurance is with Penrose until May.\nThe clutch was done by a man in Redruth,\ncash only.\n\nTyres next.",
)


def shown(question: str, passage: Passage = VAN, answer: str = "") -> str:
    return quoted(find_answers(Question.understand(question), [passage]).asked, passage, answer)


def test_the_line_that_says_most_about_the_question_is_shown() -> None:
    assert "clutch" in shown("Who did the clutch?")
    assert shown("With whom is the insurance?") == "Insurance is with Penrose until May."


def test_the_line_of_the_answer_is_shown_whatever_else_matches() -> None:
    assert shown("Who did the clutch?", answer="Penrose") == "Insurance is with Penrose until May."


def test_a_quotation_is_one_line_and_short() -> None:
    text = "word " * 200 + "clutch"
    line = shown("Who did the clutch?", Passage("1", "long", "/long.md", text))
    assert len(line) <= LONGEST
    assert line.endswith("…")
    assert "\n" not in line
    assert shown("Who did the clutch?", Passage("1", "empty", "/empty.md", "")) == ""
