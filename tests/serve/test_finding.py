"""Values are found where the question's words stand, whoever else is near; details of unnamed people in two steps."""

from __future__ import annotations

from datetime import datetime

import pytest

from extractors.document import Document, Domain, Role, Span
from personald.serve.deciding import SURE_READING, choose
from personald.serve.finding import find_answers
from personald.serve.hops import find, hop_of
from personald.serve.passages import Passage, passages_of
from personald.serve.question import Question
from personald.serve.reader import Reading
from personald.serve.support import place_of
from personald.serve.values import Kind, readable_dates
from personald.serve.values import find as find_values
from training.runtime import Recollection

VET = Passage("1", "Rufus", "/notes/rufus.md", "Eight years old. The vet of Rufus is Anna Brook.")
ANNA = Passage(
    "2", "Anna Brook", "/people.vcf#1", "Anna Brook\nPhone (work): 020 7946 0123", record=True
)
CARL = Passage(
    "3",
    "Carl Stone",
    "/people.vcf#2",
    "Carl Stone\nPhone (mobile): 07700 900111\nNote: plumber",
    record=True,
)
SIZES = Passage(
    "4", "Sizes", "/notes/sizes.md", "Mina wears size 31, Paul 44.\nThe shed is painted sea green."
)
OLD = Passage(
    "5",
    "Rent",
    "/mail/1",
    "The rent was 850 euros until May.\n\nThe rent is now 920 euros.",
    "2026-05-01",
)
SHELF = [VET, ANNA, CARL, SIZES, OLD]


def answer(question: str, recollection: Recollection | None = None) -> str | None:
    choice = choose(find(question, lambda _: SHELF), None, recollection)
    return choice.text if choice else None


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is Anna Brook's phone number?", "020 7946 0123"),
        ("What is the phone number of the plumber?", "07700 900111"),
        ("What is the phone number of Rufus's vet?", "020 7946 0123"),
        ("How much is the rent?", "920 euros"),
        ("How much was the rent before?", "850 euros"),
        ("What colour is the shed?", "sea green"),
    ],
)
def test_a_value_is_found_beside_what_it_belongs_to(question: str, expected: str) -> None:
    assert answer(question) == expected


@pytest.mark.parametrize(
    ("question", "text", "record", "expected"),
    [
        (
            "Where is the dentist check-up?",
            "Dentist check-up\nStart: 14 January 2027 at 09:30\nLocation: Foyle Dental, 2 Abbey Court",
            True,
            "Foyle Dental, 2 Abbey Court",
        ),
        ("Which café do we try?", "The café to try is Café Sperl. Not after four.", False, "Café Sperl"),
        ("What is the gate?", "All set, she says. Flight: EI 3304. Gate: C12. Bags: one.", False, "C12"),
    ],
)  # fmt: skip
def test_a_value_is_offered_whole(question: str, text: str, record: bool, expected: str) -> None:
    passage = Passage("1", "note", "/note", text, record=record)
    offers = find_answers(Question.understand(question), [passage]).offers
    assert offers[0].text == expected


def test_no_value_goes_over_the_end_of_a_line() -> None:
    passage = Passage("1", "Books", "/books.md", "Lent to Kofi: Moby-Dick\nLent to Sam: Emma")
    offers = find_answers(Question.understand("Who borrowed Moby-Dick?"), [passage]).offers
    assert offers
    assert not any("\n" in offer.text for offer in offers)


@pytest.mark.parametrize(
    "question",
    [
        "What is Rufus's phone number?",
        "What is Bernard's phone number?",
        "When is Carl Stone's birthday?",
        "What is Carl Stone's email address?",
        "How much is the insurance?",
    ],
)
def test_what_no_document_holds_is_not_known(question: str) -> None:
    assert answer(question) is None


def test_a_memory_cannot_give_somebody_another_persons_value() -> None:
    wrong = Recollection("07700 900111", "people", "people/1", 1.0, False, ("people",))
    assert answer("What is Bernard's phone number?", wrong) is None
    assert answer("What is Anna Brook's phone number?", wrong) == "020 7946 0123"


def test_what_the_base_reads_makes_a_value_surer() -> None:
    found = find("How much is the rent?", lambda _: SHELF)
    alone = choose(found, None, None)
    agreed = choose(found, Reading("920 euros", OLD, 1.0), None)
    doubtful = choose(found, Reading("920 euros", OLD, 0.5), None)
    assert alone is not None
    assert agreed is not None
    assert doubtful is not None
    assert agreed.sureness > doubtful.sureness > alone.sureness
    assert agreed.text == alone.text


def test_the_base_may_say_more_than_the_form_of_a_value_shows() -> None:
    stone = Passage(
        "1", "Chapel", "/chapel.md", "The foundation stone was laid on 11 June 1851 by the bishop."
    )
    found = find("When was the foundation stone laid?", lambda _: [stone])
    alone = choose(found, None, None)
    read = choose(found, Reading("11 June 1851", stone, 1.0), None)
    assert alone is not None
    assert read is not None
    assert (alone.text, read.text) == ("11 June", "11 June 1851")


def test_a_doubtful_reading_is_no_value_by_itself() -> None:
    found = find("What did the plumber promise?", lambda _: SHELF)
    best = found.ranked[0].passage
    words = best.text.split()[-1]
    doubtful = choose(found, Reading(words, best, SURE_READING - 0.01), None, threshold=0.0)
    assert doubtful is None or words not in doubtful.text


def test_what_the_base_reads_must_have_the_form_that_is_asked_for() -> None:
    found = find("How much is the rent?", lambda _: SHELF)
    alone = choose(found, None, None)
    assert choose(found, Reading("until May", OLD, 1.0), None) == alone


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("When is the concert?", Kind.DATE),
        ("Where does Anna live?", Kind.PLACE),
        ("Whose phone number is 020 7946 0123?", Kind.PERSON),
        ("What is my dentist's phone number?", Kind.PHONE),
        ("How heavy is the cat?", Kind.COUNT),
        ("How much is the rent?", Kind.AMOUNT),
        ("What is the code of the bike lock?", Kind.CODE),
        ("Why was the train late?", Kind.REASON),
        ("Which instrument does he play?", Kind.THING),
    ],
)
def test_a_question_says_what_kind_of_value_it_wants(question: str, kind: Kind) -> None:
    assert Question.understand(question).kind is kind


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.DATE, "See you on Friday 20 November at 9.30.", "Friday 20 November at 9.30"),
        (Kind.PHONE, "call 020 7946 0123 please", "020 7946 0123"),
        (Kind.AMOUNT, "It costs £1,250.50 in all", "£1,250.50"),
        (Kind.EMAIL, "write to ann@post.example.", "ann@post.example"),
        (Kind.PERSON, "We met Dr. Anna Brook there", "Dr. Anna Brook"),
    ],
)
def test_values_are_known_by_their_form(kind: Kind, text: str, value: str) -> None:
    assert value in [text[start:end] for start, end in find_values(kind, text)]


def test_dates_of_records_are_written_as_people_write_them() -> None:
    assert (
        readable_dates("Start: 2026-10-08 08:30 Europe/London") == "Start: 8 October 2026 at 08:30"
    )


def test_only_details_of_unnamed_people_take_two_steps() -> None:
    hop = hop_of("What is the phone number of our plumber?")
    assert hop is not None
    assert hop.who == "Who is our plumber?"
    assert hop.then("Carl Stone") == "What is the phone number of Carl Stone?"
    assert hop_of("What is Carl Stone's phone number?") is None
    assert hop_of("How much is the rent?") is None


def test_quoted_history_stands_apart_and_headers_are_context() -> None:
    text = "From: Ann <ann@post.example>\nSubject: Lunch\n\nMoved to noon.\n> It was at one."
    start = text.index("> ")
    mail = Document(
        "/mail/1.eml",
        Domain.MAIL,
        "mail",
        "Lunch",
        text,
        author="Ann <ann@post.example>",
        date=datetime(2026, 5, 1),
        spans=(Span(start, len(text), Role.QUOTED),),
    )
    own, quoted = passages_of("1", mail)
    assert (own.text, own.quoted, own.date) == ("Moved to noon.", False, "2026-05-01")
    assert (quoted.text, quoted.quoted) == ("It was at one.", True)
    assert "Ann" in own.context


def test_an_answer_is_placed_whatever_its_signs() -> None:
    text = "Code: 4-1-9-6, says “Derek”."
    span = place_of("derek", text)
    assert span is not None
    assert text[span[0] : span[1]] == "Derek"
    assert place_of("nobody", text) is None
