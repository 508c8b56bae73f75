"""The mixture: repeatable, at any place, in every skill, with answers that stand in the text."""

import pytest

from training.pocket.language import attributes, checks, documents, layout, mixture
from training.pocket.language.draw import Draw
from training.pocket.language.sample import UNKNOWN, Check, Sample, Turn

SAMPLES = [mixture.sample(3, index, 1.0) for index in range(1200)]


def of(skill: str) -> list[Sample]:
    return [sample for sample in SAMPLES if sample.skill == skill]


def text_of(sample: Sample) -> str:
    return " ".join(turn.text for turn in sample.turns if turn.role != "assistant")


def test_a_sample_depends_on_seed_and_index_alone() -> None:
    assert [mixture.sample(3, index, 1.0) for index in (7, 400, 3)] == [
        SAMPLES[7],
        SAMPLES[400],
        SAMPLES[3],
    ]
    assert mixture.sample(4, 7) != mixture.sample(3, 7)


def test_turns_alternate_and_end_with_the_assistant() -> None:
    for sample in SAMPLES:
        roles = [turn.role for turn in sample.turns]
        if roles[0] == "system":
            roles = roles[1:]
        assert roles == ["user", "assistant"] * (len(roles) // 2)
        assert roles
        assert all(turn.text.strip() for turn in sample.turns)


def test_every_skill_of_the_card_is_taught() -> None:
    assert {sample.skill for sample in SAMPLES} >= set(mixture.SKILLS)


def test_no_slot_or_choice_is_left_unwritten() -> None:
    for sample in SAMPLES:
        assert not set("{}") & set(text_of(sample)), text_of(sample)


def test_reading_answers_stand_in_the_text() -> None:
    wrong = []
    for sample in of("read") + of("two_hop") + of("retrieval") + of("newest"):
        source = " ".join(text_of(sample).casefold().split())
        for turn in sample.turns:
            if turn.role != "assistant" or turn.text in (UNKNOWN, "Yes", "No", *layout.NODS):
                continue
            if " ".join(turn.text.casefold().split()) not in source:
                wrong.append((turn.text, source))
    # "Because …" is added where the text says "The reason: …" or "You see, …".
    wrong = [(a, s) for a, s in wrong if a.casefold().removeprefix("because ") not in s]
    assert wrong == []


def test_facts_are_written_down_in_the_order_of_the_text() -> None:
    for sample in of("pairs"):
        text = sample.turns[0].text.casefold()
        answers = [
            line.removeprefix("A: ").casefold()
            for line in sample.turns[1].text.split("\n")
            if line.startswith("A: ")
        ]
        places = [text.find(answer) for answer in answers]
        assert places == sorted(places), sample.turns[1].text


def test_about_one_reading_question_in_seven_has_no_answer() -> None:
    answers = [t.text for s in of("read") for t in s.turns if t.role == "assistant"]
    share = answers.count(UNKNOWN) / len(answers)
    assert 0.10 < share < 0.20


def test_the_curriculum_begins_short_and_grows() -> None:
    assert mixture.level_at(0) == 0.0
    assert mixture.level_at(10**7) == 1.0
    short = [len(text_of(mixture.sample(3, index, 0.0))) for index in range(300)]
    long = [len(text_of(sample)) for sample in SAMPLES[:300]]
    assert sum(short) < 0.75 * sum(long)


@pytest.mark.parametrize("skill", mixture.SKILLS)
def test_held_out_items_end_with_a_question_and_the_right_answer_passes(skill: str) -> None:
    items = mixture.held_out(skill, 30, 1)
    assert items == mixture.held_out(skill, 30, 1)
    for item in items:
        assert item.skill == skill
        assert item.turns[-1].role == "user"
        if item.check in (Check.EXACT, Check.UNKNOWN):
            assert checks.score(item, item.answers[0]) == {skill: 1.0}
        else:
            assert item.facts
        wrong = checks.score(item, "Certainly not.")
        assert max(wrong.values()) == 0.0


def test_the_first_turn_of_a_text_question_holds_both() -> None:
    item = mixture.held_out("read", 1, 5)[0]
    assert any(isinstance(turn, Turn) and len(turn.text) > 20 for turn in item.turns)


def test_no_text_gives_a_subject_two_attributes_that_answer_one_question() -> None:
    for seed in range(400):
        for group in documents.document(Draw(seed), 6).groups:
            keys = [fact.points[0].key for fact in group.facts]
            for number, key in enumerate(keys):
                assert key not in attributes.KIN_OF or not attributes.kin(key) & set(
                    keys[number + 1 :]
                )


def test_groups_of_kin_name_attributes_that_exist() -> None:
    assert set(attributes.KIN_OF) <= {attribute.key for attribute in attributes.tables()}
