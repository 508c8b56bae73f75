"""Right or wrong: the rules by which answers are judged."""

from training import prompts
from training.pocket.language import checks
from training.pocket.language.sample import Check, Expected, SkillItem, Turn

TEXT = "Marta Kos rented a canoe in Tarvisio. Her dentist is Ilse Brandt."
CANOE = Expected(
    ("Tarvisio",),
    ("Where did Marta Kos rent a canoe?", "Where was a canoe rented?"),
    "Marta Kos rented a canoe in Tarvisio.",
    "Marta",
)
DENTIST = Expected(
    ("Ilse Brandt",),
    ("Who is Marta Kos's dentist?", "Which dentist does Marta Kos go to?"),
    "Marta Kos's dentist is Ilse Brandt.",
    "Marta",
)


def item(check: Check, *answers: str) -> SkillItem:
    facts = () if answers else (CANOE, DENTIST)
    ask = Turn("user", prompts.over(TEXT, "…"))
    return SkillItem("skill", (ask,), check, answers, TEXT, facts)


def test_exact_forgives_case_articles_punctuation_and_lead_in() -> None:
    asked = item(Check.EXACT, "the road was closed")
    assert checks.score(asked, "Because the road was closed.") == {"skill": 1.0}
    assert checks.score(asked, "the road was open") == {"skill": 0.0}
    assert checks.score(item(Check.EXACT, "13:40"), "13:41") == {"skill": 0.0}
    assert checks.score(item(Check.EXACT, "£12.50"), "£12") == {"skill": 0.0}


def test_idk_wants_the_sentence_itself() -> None:
    asked = item(Check.UNKNOWN, prompts.UNKNOWN)
    assert checks.score(asked, "I don’t know") == {"skill": 1.0}
    assert checks.score(asked, "I don't know the canoe.") == {"skill": 0.0}


def test_a_right_pair_counts_and_a_false_one_does_not() -> None:
    answer = (
        "Q: Where was a canoe rented?\nA: Tarvisio\nQ: Who is Marta Kos's dentist?\nA: Tarvisio"
    )
    assert checks.score(item(Check.PAIRS), answer) == {"skill": 0.5, "skill_coverage": 0.5}


def test_a_pair_with_another_facts_question_is_wrong() -> None:
    answer = "Q: Who is Marta Kos's dentist?\nA: Tarvisio"
    assert checks.score(item(Check.PAIRS), answer) == {"skill": 0.0, "skill_coverage": 0.0}


def test_a_rewrite_keeps_its_facts() -> None:
    kept = "Dear diary, in Tarvisio Marta Kos got a canoe. She sees Ilse Brandt for her teeth."
    assert checks.score(item(Check.REWRITE), kept) == {"skill": 1.0}
    half = "In Tarvisio Marta rented something."
    assert checks.score(item(Check.REWRITE), half) == {"skill": 0.5}


def test_a_rewrite_with_an_invented_name_or_number_counts_nothing() -> None:
    kept = "In Tarvisio Marta Kos got a canoe. She sees Ilse Brandt"
    assert checks.score(item(Check.REWRITE), f"{kept} and Ugo.") == {"skill": 0.0}
    assert checks.score(item(Check.REWRITE), f"{kept} at 9.") == {"skill": 0.0}


def test_a_rewrite_that_repeats_the_text_counts_nothing() -> None:
    asked = item(Check.REWRITE)
    assert checks.score(asked, f"Dear diary,\n\n{asked.text}") == {"skill": 0.0}


def test_a_listed_fact_needs_a_quote_that_stands_in_the_text() -> None:
    good = 'She rented it in Tarvisio. — "Marta Kos rented a canoe in Tarvisio."'
    false = 'Her dentist is Ilse Brandt. — "Ilse Brandt looks after her teeth."'
    assert checks.score(item(Check.LIST), f"{good}\n{false}") == {"skill": 0.5}


def test_the_line_forms_are_read_back() -> None:
    assert prompts.read_pairs("Q: Who?\nA: Ugo\nnoise\nQ: When?\nno") == [("Who?", "Ugo")]
    assert prompts.read_facts('- A fact. — "some words"\nnoise') == [("A fact.", "some words")]


def test_remembered_passages_are_numbered_with_title_and_date() -> None:
    told = prompts.remembered([prompts.Passage("One.", "boat", "3 May"), prompts.Passage("Two.")])
    assert told == f"{prompts.REMEMBERED}\n\n[1] boat, 3 May\nOne.\n\n[2]\nTwo."
