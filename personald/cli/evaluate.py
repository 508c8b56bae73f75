"""`personald eval`: run probes of one's own against what is active."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personald.cli.frame import Frame, common
from personald.cli.output import progress, table
from personald.errors import UsageError

if TYPE_CHECKING:
    from personald.serve.answerer import Answer

KINDS = ("recall", "paraphrase", "reverse", "multi_hop", "neighbour", "abstain", "skill")


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a probes file; see docs/command-line.md for the form."""

    question: str
    answers: tuple[str, ...]
    kind: str
    domain: str | None
    context: str


@click.command("eval")
@click.option("--probes", required=True, type=click.Path(path_type=Path), help="JSON lines.")
@click.option("--no-retrieval", is_flag=True, help="Ask the memories only.")
@click.option("--no-memory", is_flag=True, help="Ask retrieval only.")
@common
def evaluate(frame: Frame, probes: Path, no_retrieval: bool, no_memory: bool) -> None:
    """Run probes of your own against what is active."""
    questions = read_probes(probes)
    settings = frame.settings
    from personald.assembly import Owner
    from personald.serve.answerer import Answerer

    with Owner(frame.home, settings) as owner:
        answerer = Answerer.of(owner, memory=not no_memory, retrieval=not no_retrieval)
        answers = []
        bare = answerer.ask_all([item.question for item in questions if not item.context])
        with progress("Asking") as meter:
            for number, item in enumerate(questions):
                meter(number, len(questions))
                answers.append(
                    answerer.ask(item.question, context=item.context)
                    if item.context
                    else next(bare)
                )
    result = summarise(questions, answers)
    frame.show(result, lambda: _render(result))


def read_probes(path: Path) -> list[Question]:
    """Read a probes file.

    Raises:
        UsageError: it cannot be read, or a line is not a probe; the line is named.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}.") from error
    questions = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            questions.append(_read_line(line, f"line {number} of {path}"))
    if not questions:
        raise UsageError(f"{path} holds no probe.", "Write one JSON object on each line.")
    return questions


def _read_line(line: str, where: str) -> Question:
    try:
        value = json.loads(line)
        question, answers = value["question"], value["answers"]
        kind = value.get("kind", "recall")
        good = isinstance(question, str) and isinstance(answers, list) and bool(answers)
        good = good and all(isinstance(item, str) for item in answers)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{where} is not a probe ({error}).") from error
    if not good:
        raise UsageError(f"{where}: question is a text, answers a list of texts, not empty.")
    if kind not in KINDS:
        raise UsageError(f"{where}: kind {kind!r} is none of {', '.join(KINDS)}.")
    domain, context = value.get("domain"), value.get("context") or ""
    return Question(question, tuple(answers), kind, domain, str(context))


def summarise(questions: list[Question], answers: list[Answer]) -> dict[str, Any]:
    """The JSON object that the command promises."""
    from training.matching import matches

    items = []
    by_kind: dict[str, list[bool]] = {}
    for question, answer in zip(questions, answers, strict=True):
        correct = matches(answer.text, question.answers)
        by_kind.setdefault(question.kind, []).append(correct)
        items.append(
            {
                "question": question.question,
                "answer": answer.text,
                "correct": correct,
                "adapters": [use.domain for use in answer.adapters],
                "kind": question.kind,
            }
        )
    metrics = {
        kind: {"n": len(results), "accuracy": sum(results) / len(results)}
        for kind, results in by_kind.items()
    }
    return {"n": len(questions), "metrics": metrics, "items": items}


def _render(result: dict[str, Any]) -> None:
    table(
        ("kind", "n", "right"),
        [
            (kind, item["n"], f"{item['accuracy']:.0%}")
            for kind, item in sorted(result["metrics"].items())
        ],
    )
    wrong = [item for item in result["items"] if not item["correct"]]
    if wrong:
        click.echo(f"{len(wrong)} of {result['n']} were not answered as expected:")
        table(("question", "answer"), [(item["question"], item["answer"]) for item in wrong])
