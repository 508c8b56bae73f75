"""Secrets are never studied, and health, law and money only once the owner has agreed: from the text to every row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from extractors.document import Domain, Turn
from personald.sensitive import HELD_BACK, detect
from tests.training.persons import document, mail
from training.dataset import Dataset, StudySettings, assemble
from training.selfstudy.stretches import stretches
from training.synthesis.sources import Owner, SourceDocument

SETTINGS = StudySettings(owner=("Ingrid Moe", "ingrid@moe.example"), style_rows=40)
OWNER = Owner(frozenset({"ingrid moe"}), frozenset({"ingrid@moe.example"}))
NEVER = {
    "api key": ("The key of the weather service is sk_live_4eC39HqLyjWDarjtT1zdp7dc", "4eC39HqLyjWDarjtT1zdp7dc"),
    "card": ("My credit card number is 4111 1111 1111 1111", "4111 1111 1111 1111"),
    "account": ("Account: NO93 8601 1117 947", "8601 1117 947"),
    "password": ("Password: Tr0ub4dor&3xyz", "Tr0ub4dor"),
}  # fmt: skip
ASKED_FIRST = {
    "health": ("My diagnosis is type 2 diabetes", "diabetes"),
    "legal": ("My lawyer has filed the divorce", "divorce"),
    "money": ("My salary is 612,000 kroner", "612,000"),
}
KEPT = "My dentist is Dr Weiss."


def detected(source: SourceDocument, allowed: frozenset[str] = frozenset()) -> SourceDocument:
    spans = [span for span in detect(source.document.text) if span.category not in allowed]
    return replace(source, held_back=tuple((span.start, span.end) for span in spans))


def planted(words: str) -> list[SourceDocument]:
    """The same words in every place that is read in a way of its own."""
    lines = f"{KEPT}\n{words}.\n"
    chat = f"{words}."
    return [
        document(1, lines, "things"),
        document(2, f"# Things\n\n- {words}\n- {KEPT}\n", "a list"),
        document(3, f"| what | value |\n|---|---|\n| it | {words} |\n", "a table"),
        mail(4, "Ingrid Moe <ingrid@moe.example>", "Ola Vik <ola@v.example>", "Things to know", f"Dear Ola, here is what I wanted to tell you. {words}."),
        document(5, chat, "chat", domain=Domain.CHATS, turns=(Turn("Ingrid Moe", 0, len(chat)),)),
    ]  # fmt: skip


def everything(dataset: Dataset) -> str:
    """All words that are trained on or asked for."""
    rows = [text for row in dataset.examples for text in (row.messages[-1].text, row.answer)]
    probes = [
        text
        for probe in (*dataset.probes, *dataset.select)
        for text in (probe.messages[-1].text, *probe.answers)
    ]
    return "\n".join([*rows, *probes, *(fact.quote for fact in dataset.facts)])


@pytest.mark.parametrize("kind", NEVER)
def test_a_secret_reaches_no_row_and_no_stretch_for_self_study(kind: str) -> None:
    words, secret = NEVER[kind]
    assert secret in everything(assemble("notes", planted(words), SETTINGS))
    sources = [detected(source, frozenset(HELD_BACK)) for source in planted(words)]
    assert secret not in everything(assemble("notes", sources, SETTINGS))
    assert not any(secret in part.text for source in sources for part in stretches(source, OWNER))


@pytest.mark.parametrize("category", ASKED_FIRST)
def test_a_sensitive_matter_waits_until_it_is_allowed(category: str) -> None:
    words, matter = ASKED_FIRST[category]
    held = [detected(source) for source in planted(words)]
    assert matter not in everything(assemble("notes", held, SETTINGS))
    assert not any(matter in part.text for source in held for part in stretches(source, OWNER))
    allowed = [detected(source, frozenset({category})) for source in planted(words)]
    assert matter in everything(assemble("notes", allowed, SETTINGS))


def test_what_stands_beside_it_is_studied_all_the_same() -> None:
    sources = [detected(source) for source in planted(NEVER["card"][0])]
    assert "Dr Weiss" in {fact.value for fact in assemble("notes", sources, SETTINGS).facts}
