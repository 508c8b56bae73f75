"""Ordinary texts, documents and conversations: what they hold and what they ask."""

import pytest

from training import prompts
from training.pocket.language import collage, documents, layout, mentions, questions, scenes
from training.pocket.language.draw import Draw, Split
from training.pocket.language.sample import UNKNOWN, Turn
from training.pocket.language.skills import remarks, study

TEXT = """## walk  domain=notes
We walked for {d:duration} with {a:animal} and {p:first}, home at {t:time}.
Q: How long did we walk? | For how long did we walk?
A: {d}
S: We walked for {d}.
N: Where did we walk?
"""


def test_a_collage_holds_every_answer_and_questions_of_other_matters() -> None:
    for seed in range(80):
        told = collage.collage(Draw(seed), 3)
        for point in told.points:
            assert point.answer.casefold() in told.text.casefold()
        assert told.missing


def test_a_mention_is_asked_only_when_one_value_of_its_kind_stands_there() -> None:
    scene = scenes.read_scene(TEXT, "file")
    for seed in range(60):
        draw = Draw(seed)
        told = scenes.tell(scene, draw)
        found = dict(mentions.mentions(told, draw, 20))
        known = {q: kind for kind, asked in mentions.QUESTIONS.items() for q in asked}
        for question, answer in found.items():
            kind = known[question]
            assert kind in ("duration", "time") or answer == UNKNOWN
            assert answer == UNKNOWN or told.text.count(answer) >= 1


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("date", "see you on 4 march"),
        ("time", "at half past six"),
        ("amount", "only 5 euros"),
        ("phone", "ring 020 7946 0011"),
        ("weekday", "on thursday"),
    ],
)
def test_an_expression_is_recognised_however_it_is_typed(kind: str, text: str) -> None:
    assert mentions.holds_more(kind, text)
    assert not mentions.holds_more(kind, "nothing of the sort here")


def test_a_trap_is_never_answered_by_what_the_text_says_of_that_subject() -> None:
    for seed in range(150):
        draw = Draw(seed)
        document = documents.document(draw, 4)
        asked = {(p.ask(), p.answer) for fact in document.facts() for p in fact.points}
        answered = {question for question, _ in asked}
        trap = questions.trap(document, draw)
        # An invented attribute never comes twice, and a moved question names another subject.
        assert trap.answer == "" or trap.ask() not in answered


@pytest.mark.parametrize("seed", range(12))
def test_a_conversation_gives_the_text_once_and_asks_every_question(seed: int) -> None:
    pairs = [("Who?", "Ugo"), ("When?", "today")]
    turns = layout.conversation(Draw(seed), "Ugo came today.", pairs)
    spoken = "\n".join(turn.text for turn in turns)
    assert spoken.count("Ugo came today.") == 1
    assert [t.text for t in turns if t.role == "assistant"][-2:] == ["Ugo", "today"]
    assert "Who?" in spoken
    assert turns[-2] == Turn("user", "When?")


def test_supporting_words_stand_in_the_text_and_are_short_where_they_can() -> None:
    text = "It rained.\nWe met Ugo at the mill, because the bridge was closed, and went home late."
    assert study.supporting(text, "rained") == "It rained."
    assert study.supporting(text, "Ugo") == "We met Ugo at the mill"
    assert study.supporting(text, "Ada") == ""


def test_quoted_words_are_words_of_the_text() -> None:
    for seed in range(40):
        sample = remarks.quote_sample(Draw(seed, Split.TRAIN), 0.0)
        asked, answered = sample.turns
        assert prompts.QUOTE.split("{")[0] in asked.text
        assert answered.text.strip('"') in asked.text


def test_pairs_asked_for_are_read_back_as_they_were_written() -> None:
    for seed in range(40):
        sample = study.pairs_sample(Draw(seed), 1.0)
        pairs = prompts.read_pairs(sample.turns[1].text)
        assert len(pairs) == sample.turns[1].text.count("Q: ")
        assert pairs


def test_a_name_keeps_its_capital_at_the_start_of_a_line() -> None:
    assert documents.uncapitalised("Marta came.") == "Marta came."
    assert documents.uncapitalised("The bus came.") == "the bus came."
