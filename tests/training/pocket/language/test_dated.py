"""Dated statements: what is asked for is what the days say, whatever the order of the lines."""

import re
from datetime import date, datetime

from training.pocket.language.draw import Draw
from training.pocket.language.sample import Sample
from training.pocket.language.skills import dated

STYLES = ("%Y-%m-%d", "%d %B %Y", "%B %d, %Y", "%d.%m.%Y")


def day(text: str) -> date:
    for style in STYLES:
        try:
            return datetime.strptime(text, style).date()
        except ValueError:
            continue
    raise AssertionError(f"{text} is no day")


def answered(sample: Sample) -> list[tuple[str, str]]:
    asked = [turn.text for turn in sample.turns if turn.role == "user"]
    given = [turn.text for turn in sample.turns if turn.role == "assistant"]
    return list(zip(asked, given, strict=True))


def test_of_two_days_the_later_or_the_earlier_is_given() -> None:
    compared = 0
    for seed in range(60):
        for question, answer in answered(dated.later_sample(Draw(seed), 1.0)):
            if not question.startswith("Which day is "):
                continue
            kind, _, rest = question.removeprefix("Which day is ").partition(", ")
            one, two = (day(part) for part in rest.removesuffix("?").split(" or "))
            wanted = max(one, two) if kind == "later" else min(one, two)
            assert day(answer) == wanted
            compared += 1
    assert compared > 100


def test_a_timeline_knows_its_ends() -> None:
    for seed in range(60):
        text, pairs = dated.timeline(Draw(seed))
        for question, answer in pairs:
            if question in dated.LATEST or question in dated.EARLIEST:
                others = [day(other) for other in dated_in(text)]
                wanted = max(others) if question in dated.LATEST else min(others)
                assert day(answer) == wanted


def dated_in(text: str) -> list[str]:
    """The days of a timeline, by trying every run of one to three words."""
    words = text.replace("[", " ").replace("]", " ").replace("(", " ").replace(")", " ").split()
    found = []
    for start in range(len(words)):
        for length in (1, 3):
            run = " ".join(words[start : start + length]).rstrip(".:")
            try:
                day(run)
            except AssertionError:
                continue
            found.append(run)
    return found


def test_among_several_people_each_has_a_newest_statement() -> None:
    for seed in range(40):
        text, pairs = dated.crowded_text(Draw(seed))
        assert 2 <= len(pairs) <= 3
        assert all(answer.casefold() in text.casefold() for _, answer in pairs)


def when(line: str) -> date:
    """The day, or else the year, that a statement is dated with."""
    days = dated_in(line)
    return day(days[0]) if days else date(int(re.findall(r"\b20[1-3]\d\b", line)[0]), 1, 1)


def test_the_later_day_of_an_update_holds_and_the_earlier_held_before() -> None:
    held = []
    for seed in range(60):
        for asked, answer in answered(dated.updates_sample(Draw(seed), 0.0)):
            *told, question = asked.split("\n")
            lines = ["\n".join(told[:2]), "\n".join(told[2:])] if len(told) == 4 else told
            (one, early), (two, late) = sorted(
                ((line, when(line)) for line in lines), key=lambda pair: pair[1]
            )
            assert early < late
            older = question in dated.EARLIER or "before" in question or "older" in question
            assert answer.casefold() in (one if older else two).casefold()
            held.append(older)
    assert 0.1 < sum(held) / len(held) < 0.4
