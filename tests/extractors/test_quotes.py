"""Quoted history, signatures and disclaimers are told from a writer's own words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.document import Role
from extractors.normalise import clean
from extractors.quotes import set_apart

LABELLED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "labelled_mails.json").read_text(encoding="utf-8")
)["messages"]


def own_words(
    text: str, roles: frozenset[str] = frozenset(("quoted", "signature", "disclaimer"))
) -> str:
    pieces, position = [], 0
    for span in set_apart(text):
        if span.role.value in roles:
            pieces.append(text[position : span.start])
            position = span.end
    return "".join([*pieces, text[position:]])


def test_at_least_95_percent_of_labelled_mails_are_split_exactly() -> None:
    wrong = [
        mail["name"]
        for mail in LABELLED
        if own_words(clean(mail["text"]), frozenset(mail["roles"])).split()
        != clean(mail["own"]).split()
    ]
    assert len(wrong) <= 0.05 * len(LABELLED), wrong


@pytest.mark.parametrize(
    "text",
    [
        "Trip details\n\nFrom: Oslo\nTo: Bergen\nSeats: 12A and 12B",
        "On Friday the kids have swimming.\nOn Saturday we drive to Lisa; she wrote that dinner is at six.",
        "Shopping:\n- milk\n- bread\n- eggs",
        "Thanks for the book, I finished it in a weekend.\n\nThe ending surprised me.",
        "Sent from my desk, is much easier than my mobile phone.",
    ],
)
def test_prose_that_resembles_machinery_stays_the_writers(text: str) -> None:
    assert set_apart(text) == ()


def test_a_disclaimer_is_set_apart_and_the_signature_above_it_too() -> None:
    text = (
        "The deposit is 1,800 euros.\n\nBest,\nTom\n\nThis e-mail is confidential. If you are not the intended recipient, "
        "please notify the sender and delete this message; any disclosure is prohibited."
    )
    roles = [span.role for span in set_apart(text)]
    assert roles == [Role.SIGNATURE, Role.DISCLAIMER]


LINES = st.sampled_from(
    ["> quoted", ">> twice", "words", "", "On Mon, 4 May 2026 at 10:20, Ida wrote:", "--", "Best,", "-Bo", "_" * 30,
     "From: a@b.c", "Sent: now", "To: me", "Subject: x", "-----Original Message-----", "Sent from my iPhone", "日本", ")"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(), st.lists(LINES, max_size=30).map("\n".join)))
def test_spans_are_sorted_apart_and_inside_whatever_the_text(text: str) -> None:
    body = clean(text)
    end = 0
    for span in set_apart(body):
        assert end <= span.start < span.end <= len(body)
        end = span.end
