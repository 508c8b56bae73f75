"""The hand-written ordinary texts are a fair examination: well formed, varied and answerable."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ORDINARY = Path(__file__).parents[3] / "training" / "pocket" / "ordinary.jsonl"
UNKNOWN = "I don't know."
KINDS = {"note", "mail", "list", "chat"}


def comparable(text: str) -> str:
    """Fold case, drop possessives, punctuation and articles, as the answers are compared."""
    folded = re.sub(r"['’]s\b", "", unicodedata.normalize("NFKC", text).casefold())
    close = re.sub(r"(?<=\w)[.,:'’](?=\w)", "", folded)
    spaced = "".join(" " if unicodedata.category(sign).startswith("P") else sign for sign in close)
    return " ".join(word for word in spaced.split() if word not in {"a", "an", "the"})


@pytest.fixture(scope="module")
def texts() -> list[dict[str, Any]]:
    """Every line of the file, parsed."""
    lines = ORDINARY.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def questions(texts: list[dict[str, Any]]) -> list[tuple[str, str, list[str]]]:
    """Every question as (the text it is asked of, the question, its accepted answers)."""
    return [
        (text["text"], item["question"], item["answers"])
        for text in texts
        for item in text["questions"]
    ]


def test_every_text_has_the_agreed_form(texts: list[dict[str, Any]]) -> None:
    for text in texts:
        assert set(text) == {"id", "kind", "text", "questions"}
        assert text["kind"] in KINDS
        assert text["id"].startswith(text["kind"] + "-")
        assert 2 <= len(text["questions"]) <= 3, text["id"]
        for item in text["questions"]:
            assert set(item) == {"question", "answers"}
            assert item["question"].endswith("?"), text["id"]
            assert item["answers"], text["id"]


def test_there_are_enough_texts_and_no_two_are_the_same(texts: list[dict[str, Any]]) -> None:
    assert len(texts) >= 120
    assert len({text["id"] for text in texts}) == len(texts)
    assert len({comparable(text["text"]) for text in texts}) == len(texts)


def test_no_kind_of_text_is_neglected(texts: list[dict[str, Any]]) -> None:
    kinds = Counter(text["kind"] for text in texts)
    assert set(kinds) == KINDS
    assert min(kinds.values()) >= len(texts) / 8
    assert max(kinds.values()) <= len(texts) * 3 / 8


def test_texts_are_short(texts: list[dict[str, Any]]) -> None:
    for text in texts:
        assert 25 <= len(text["text"].split()) <= 140, text["id"]


def test_the_first_answer_stands_in_the_text(
    questions: list[tuple[str, str, list[str]]],
) -> None:
    for text, question, answers in questions:
        if answers[0] in {UNKNOWN, "yes", "no"}:
            assert len(answers) == 1, question
        else:
            assert f" {comparable(answers[0])} " in f" {comparable(text)} ", question


def test_some_questions_have_no_answer(questions: list[tuple[str, str, list[str]]]) -> None:
    unanswerable = sum(answers == [UNKNOWN] for _, _, answers in questions)
    assert 0.05 <= unanswerable / len(questions) <= 0.15
