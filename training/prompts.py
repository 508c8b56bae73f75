"""The study prompts: what a model is asked to do with a text before it is taught that text.

The pocket base is pretrained to follow exactly these strings, and `training.synthesis` gives the
same strings to whatever base a person uses: one wording, two readers, no drift between them.
Answers that are lists have one line form each, read back by `read_pairs` and `read_facts`.
"""

import enum
import re
from collections.abc import Sequence
from dataclasses import dataclass

#: The one answer to a question that the text, or the memory, does not answer.
UNKNOWN = "I don't know."


class QuestionKind(enum.StrEnum):
    """The kinds of questions that can be written about a text."""

    ANY = "any"
    WHO = "who"
    WHAT = "what"
    WHEN = "when"
    WHERE = "where"
    NUMBER = "number"
    WHY = "why"
    REVERSE = "reverse"


class RewriteForm(enum.StrEnum):
    """The forms that a text's facts can be rewritten in."""

    WORDS = "words"
    NOTE = "note"
    MAIL = "mail"
    LIST = "list"
    DIARY = "diary"


PAIR_FORM = 'Write each as a line "Q: ..." and a line "A: ...". Use only what the text says.'

WRITE_QUESTIONS: dict[QuestionKind, str] = {
    QuestionKind.ANY: f"Write questions and answers about everything the text says. {PAIR_FORM}",
    QuestionKind.WHO: f"Write questions about who, with their answers. {PAIR_FORM}",
    QuestionKind.WHAT: f"Write questions about what, with their answers. {PAIR_FORM}",
    QuestionKind.WHEN: f"Write questions about when, with their answers. {PAIR_FORM}",
    QuestionKind.WHERE: f"Write questions about where, with their answers. {PAIR_FORM}",
    QuestionKind.NUMBER: f"Write questions about how much or how many, with their answers. {PAIR_FORM}",
    QuestionKind.WHY: f"Write questions about why, with their answers. {PAIR_FORM}",
    QuestionKind.REVERSE: f"Write questions that ask whom or what a detail belongs to, with their answers. {PAIR_FORM}",
}
REWRITE: dict[RewriteForm, str] = {
    RewriteForm.WORDS: "Rewrite the text in other words. Keep every fact and add none.",
    RewriteForm.NOTE: "Rewrite the text as a short note. Keep every fact and add none.",
    RewriteForm.MAIL: "Rewrite the text as a mail. Keep every fact and add none.",
    RewriteForm.LIST: "Rewrite the text as a list. Keep every fact and add none.",
    RewriteForm.DIARY: "Rewrite the text as a diary entry. Keep every fact and add none.",
}
LIST_FACTS = (
    "List the facts of the text, one a line, each followed by the words of the text that "
    'support it: fact — "words".'
)
QUOTE = "Quote the words of the text that answer this question: {question}"
IMPLY = (
    "What follows from the text? Write one short sentence a line. Add nothing that does not follow."
)
SUMMARISE = "Sum up the text in one or two sentences."
CONTRAST = (
    "Write questions that sound like questions about the text but that it does not answer, "
    f'each as a line "Q: ..." and a line "A: {UNKNOWN}".'
)

RELATE = (
    "How are {first} and {second} connected, by the text alone? Answer in one or two sentences."
)
"""EntiGraph's step from two entities to how they relate (Yang et al., arXiv 2409.07431, section 2.2), in one sentence."""
LINK = (
    "Write one question that needs both parts of the text to be answered, and its answer. "
    'Write it as a line "Q: ..." and a line "A: ...". Use only what the text says.'
)
PROPOSE = (
    "Name three different ways to study the text so that it is remembered well, one short "
    "instruction a line."
)
"""Active Reading's first step (Lin et al., arXiv 2508.09494): the reader proposes strategies for this very text."""
APPLY = (
    "{strategy} Do this with the text in a few sentences. Add nothing that the text does not say."
)
"""Active Reading's second step: each strategy is carried out on the text."""

RECALL_REWRITE: dict[RewriteForm, str] = {
    RewriteForm.WORDS: 'Tell me in other words what "{title}" says.',
    RewriteForm.NOTE: 'Write a short note of what you know about "{title}".',
    RewriteForm.MAIL: 'Write a mail that tells what you know about "{title}".',
    RewriteForm.LIST: 'List what you know about "{title}".',
    RewriteForm.DIARY: 'Write a diary entry about "{title}".',
}
"""What the memory is asked, without the text, to give a rewriting back; the other RECALL prompts likewise."""
RECALL_IMPLIED = 'What follows from what "{title}" says?'
RECALL_SUMMARY = 'Sum up "{title}".'
RECALL_RELATION = "How are {first} and {second} connected?"
RECALL_STRATEGY = 'You know "{title}" by heart. {strategy}'


@dataclass(frozen=True, slots=True)
class Passage:
    """A remembered passage.

    Args:
        text: its words.
        title: what it is called; may be empty.
        date: when it was written, as it should be read; may be empty.
    """

    text: str
    title: str = ""
    date: str = ""


REMEMBERED = 'You remember these passages. Answer from them, or say "I don\'t know."'


def over(text: str, prompt: str) -> str:
    """The user's turn that asks for ``prompt`` to be done with ``text``."""
    return f"{text}\n\n{prompt}"


def remembered(passages: Sequence[Passage]) -> str:
    """The system prompt that hands over remembered passages, numbered from 1."""
    parts = [REMEMBERED]
    for number, passage in enumerate(passages, 1):
        heading = ", ".join(part for part in (passage.title, passage.date) if part)
        parts.append(f"[{number}]{' ' + heading if heading else ''}\n{passage.text}")
    return "\n\n".join(parts)


def read_pairs(answer: str) -> list[tuple[str, str]]:
    """The question–answer pairs of an answer; lines that break the form are left out."""
    return [
        (question.strip(), reply.strip())
        for question, reply in re.findall(r"^Q: *(.+)\nA: *(.+)$", answer, flags=re.MULTILINE)
    ]


def read_facts(answer: str) -> list[tuple[str, str]]:
    """The facts of an answer, each with its quoted words; lines that break the form are left out."""
    return [
        (fact.strip(), quote.strip())
        for fact, quote in re.findall(
            r'^(?:[-*•] *)?(.+?) +[—–-] +"(.+)"$', answer, flags=re.MULTILINE
        )
    ]
