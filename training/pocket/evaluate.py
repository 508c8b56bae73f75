"""Measure every skill of the pocket model: ``python -m training.pocket.evaluate``.

The model is opened by ``mlx_lm.load`` and answers by mlx_lm's own batched greedy decoding, as any
user of the files would run it. Items are the grammar's held-out ones (names, values and some
wordings that pretraining never sees) and, in the row ``ordinary``, questions on texts that were
written by hand and belong to no grammar.
"""

import argparse
import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from training.blas import load_fast_blas
from training.pocket import folder, verify
from training.pocket.errors import told
from training.pocket.language import checks, mixture
from training.pocket.language.sample import Check, SkillItem, Turn

ORDINARY = "ordinary"
#: The goals of the model card, by skill (issue: "The embedded base").
GOALS: Mapping[str, float] = {
    "read": 0.95,
    "read_unknown": 0.95,
    "unknown_person": 0.98,
    "two_hop": 0.80,
    "reverse": 0.90,
    "newest": 0.90,
    "world": 0.95,
    "pairs": 0.90,
    "pairs_coverage": 0.80,
    "rewrite": 0.90,
    "list": 0.90,
    "retrieval": 0.90,
    ORDINARY: 0.75,
}
_HELD_OUT_SEED = 20_260_101
_DEFAULT_ITEMS = 300
_ANSWER_TOKENS = 40
_TEXT_TOKENS = 480
_BATCH = 48
_ARTICLES = frozenset({"a", "an", "the"})
_LONGEST_RATIO = 4


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table.

    Args:
        skill: its name.
        items: how many were asked.
        figure: the share that was right.
        goal: what the model card wants.
    """

    skill: str
    items: int
    figure: float
    goal: float


def normalise(text: str) -> str:
    """NFKC, case-folded, without punctuation and articles, single spaces."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    words = re.sub(r"[^\w\s]", " ", folded.replace("'", "").replace("’", "")).split()
    return " ".join(word for word in words if word not in _ARTICLES)


def answers_match(given: str, answers: Iterable[str]) -> bool:
    """Whether an answer equals one of ``answers``, or holds it and is at most four times as long.

    Both sides are normalised; "holds" is by whole words (design: the command line's ``eval``).
    """
    mine = normalise(given)
    for answer in answers:
        wanted = normalise(answer)
        if mine == wanted:
            return True
        if wanted and f" {wanted} " in f" {mine} " and len(mine) <= _LONGEST_RATIO * len(wanted):
            return True
    return False


class PocketReader:
    """A loaded model that answers batches of conversations greedily.

    Args:
        model: the model's folder.
    """

    def __init__(self, model: Path) -> None:
        load_fast_blas()
        import mlx.core as mx
        from mlx_lm import batch_generate, load

        loaded = load(str(model))
        self._model, self._tokenizer = loaded[0], loaded[1]
        if sys.platform == "linux":
            # Half-precision products do not go through BLAS on Linux.
            self._model.set_dtype(mx.float32)
        self._generate = batch_generate

    def answer(self, conversations: Sequence[Sequence[Turn]], max_tokens: int) -> list[str]:
        """The assistant's next turn for each conversation.

        Args:
            conversations: each ends with the user's turn.
            max_tokens: the longest answer.
        """
        prompts = [
            self._tokenizer.apply_chat_template(
                [{"role": turn.role, "content": turn.text} for turn in turns],
                add_generation_prompt=True,
            )
            for turns in conversations
        ]
        # Prompts of similar length share a batch, so that little of it is padding.
        order = sorted(range(len(prompts)), key=lambda number: len(prompts[number]))
        answers = [""] * len(prompts)
        for start in range(0, len(order), _BATCH):
            chosen = order[start : start + _BATCH]
            response = self._generate(
                self._model,
                self._tokenizer,
                [prompts[number] for number in chosen],
                max_tokens=max_tokens,
            )
            for number, text in zip(chosen, response.texts, strict=True):
                answers[number] = text.strip()
        return answers


def ordinary_items(path: Path, limit: int | None = None) -> tuple[SkillItem, ...]:
    """The hand-written texts as items, one a question.

    Args:
        path: JSON lines with ``text`` and ``questions`` (``question``, ``answers``).
        limit: at most so many items, spread over the whole file.
    """
    items = [
        SkillItem(
            skill=ORDINARY,
            turns=(Turn("user", f"{text['text']}\n\n{question['question']}"),),
            check=Check.EXACT,
            answers=tuple(question["answers"]),
        )
        for text in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        for question in text["questions"]
    ]
    if limit is None or limit >= len(items):
        return tuple(items)
    return tuple(items[number * len(items) // limit] for number in range(limit))


def score(item: SkillItem, answer: str) -> Mapping[str, float]:
    """Points of one answer by table row: one row, or two for question–answer pairs.

    The grammar's own items are held to the strict rules of `checks`; ordinary texts, whose answers
    a person wrote, to the rule of the command line's ``eval``.
    """
    if item.skill == ORDINARY:
        return {ORDINARY: float(answers_match(answer, item.answers))}
    return checks.score(item, answer)


def measure(
    reader: PocketReader, items: Sequence[SkillItem]
) -> tuple[tuple[Row, ...], list[dict[str, Any]]]:
    """Ask every item and gather the table's rows.

    Returns:
        The rows, and for every item its answer and points.
    """
    long = [item for item in items if item.check not in (Check.EXACT, Check.UNKNOWN)]
    short = [item for item in items if item.check in (Check.EXACT, Check.UNKNOWN)]
    records: list[dict[str, Any]] = []
    points: dict[str, list[float]] = {}
    for group, max_tokens in ((short, _ANSWER_TOKENS), (long, _TEXT_TOKENS)):
        answers = reader.answer([item.turns for item in group], max_tokens)
        for item, answer in zip(group, answers, strict=True):
            scored = score(item, answer)
            for row, value in scored.items():
                points.setdefault(row, []).append(value)
            records.append({"item": asdict(item), "answer": answer, "points": dict(scored)})
    rows = tuple(
        Row(skill, len(values), sum(values) / len(values), GOALS.get(skill, 0.0))
        for skill, values in points.items()
    )
    return rows, records


def gather_items(skills: Iterable[str], limit: int) -> list[SkillItem]:
    """Held-out items of the named skills, ``limit`` of each."""
    items: list[SkillItem] = []
    for skill in skills:
        if skill == ORDINARY:
            path = Path(__file__).parent / "ordinary.jsonl"
            items += ordinary_items(path, None if limit >= _DEFAULT_ITEMS else limit)
        else:
            items += mixture.held_out(skill, limit, _HELD_OUT_SEED)
    return items


def table(rows: Iterable[Row]) -> str:
    """The rows as aligned plain text."""
    lines = [f"{'skill':<18}{'n':>5}  figure  goal"]
    for row in rows:
        mark = "" if row.figure >= row.goal else "  missed"
        lines.append(f"{row.skill:<18}{row.items:>5}  {row.figure:>6.3f}  {row.goal:.2f}{mark}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.pocket.evaluate", description=__doc__)
    parser.add_argument("--model", type=Path, default=folder())
    parser.add_argument("--skills", nargs="+", default=[*mixture.SKILLS, ORDINARY])
    parser.add_argument("--limit", type=int, default=_DEFAULT_ITEMS, help="items of each skill")
    parser.add_argument("--json", action="store_true", help="print rows as JSON")
    parser.add_argument("--items", type=Path, help="write every item and answer to this file")
    arguments = parser.parse_args(argv)
    verify(arguments.model)
    rows, records = measure(
        PocketReader(arguments.model), gather_items(arguments.skills, arguments.limit)
    )
    if arguments.items is not None:
        kept = (json.dumps(r, default=str) for r in records if r["item"]["skill"] != ORDINARY)
        arguments.items.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    if arguments.json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
    else:
        print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(told(main))
