"""Dated statements: the newest of those that differ holds now.

Two steps make the skill: telling the later of two days, and finding what was said on it. Bare days
(`later_sample`) practise the first, the shortest dated statements one pair after another
(`updates_sample`) both, with an answer in every forty tokens or so instead of one in a hundred.
"""

from dataclasses import dataclass

from training.pocket.language import attributes, facts, layout, shapes, values
from training.pocket.language.draw import Draw
from training.pocket.language.facts import ME, Fact, Subject
from training.pocket.language.sample import Check, Sample, SkillItem, Turn

NEWEST, LATER, UPDATES = "newest", "later", "updates"
Pair = tuple[str, str]
Day = tuple[int, int, int]


def two_days(draw: Draw) -> tuple[Day, Day]:
    """Two different days (year, month, day), the earlier first; more often of different years."""
    while True:
        year = draw.integer(2015, 2030)
        one = (year, draw.integer(1, 12), draw.integer(1, 28))
        later = year if draw.chance(0.4) else year + draw.integer(1, 3)
        two = (later, draw.integer(1, 12), draw.integer(1, 28))
        if one[:2] != two[:2]:
            return (one, two) if one < two else (two, one)


def near_days(draw: Draw) -> tuple[Day, Day]:
    """Two days that differ often in the year alone or the month alone, the earlier first."""
    year, month, number = draw.integer(2015, 2030), draw.integer(1, 12), draw.integer(1, 28)
    part = draw.random.random()
    if part < 0.15:
        return (year, month, number), (year + draw.integer(1, 4), month, number)
    if part < 0.65 and month < 12:
        return (year, month, number), (year, draw.integer(month + 1, 12), number)
    return two_days(draw)


def two_years(draw: Draw) -> list[str]:
    """Two years, the earlier first."""
    year = draw.integer(2015, 2030)
    return [str(year), str(year + draw.integer(1, 6))]


def written_day(day: Day, style: int) -> str:
    """A day in one of four styles; both days of a text share the style."""
    year, month, number = day
    name = shapes.MONTHS[month - 1]
    return (
        f"{year}-{month:02}-{number:02}",
        f"{number} {name} {year}",
        f"{name} {number}, {year}",
        f"{number:02}.{month:02}.{year}",
    )[style]


DATED = ("{day}: {said}", "[{day}] {said}", "{day}\n{said}", "{said} ({day})", "Note of {day}: {said}",
         "As of {day}: {said}", "Written on {day}. {said}", "- {day} – {said}")  # fmt: skip
BEFORE = (
    "{question} (before the last change)",
    "Before that: {lower}",
    "In the older note: {lower}",
)
LATEST = (
    "What is the date of the newest note?", "Which is the latest date here?", "From when is the newer one?",
    "When was the last change written down?", "What is the most recent date?",
)  # fmt: skip
COMPARISONS = {
    "later": "Which day is later, {one} or {two}?",
    "earlier": "Which day is earlier, {one} or {two}?",
}
EARLIEST = ("What is the earliest date?", "Which date is the oldest?")
NOW = (
    "What holds now?",
    "And now?",
    "What is it now?",
    "Which is the newer?",
    "What is the latest?",
)
EARLIER = ("What was it before?", "And before?", "Which is the older?", "What was it at first?")
#: Styles of `written_day`; the one that was learnt last comes twice.
PRACTISED_STYLES = (0, 1, 2, 2, 3)
SHORT_KINDS = ("noun", "first", "city", "phrase", "amount", "product")
ON_THAT_DAY = (
    "What did the note of {day} say: {lower}",
    "On {day}: {lower}",
    "As of {day}, {lower}",
)


def versions(draw: Draw, who: Subject) -> tuple[Fact, Fact]:
    """The same attribute of ``who`` with two values, the older first."""
    if draw.chance(0.5):
        kind = "me" if who is ME else "person"
        options = [a for a in attributes.of_subject(kind) if not a.value.startswith("=")]
        attribute = draw.choose(options)
        return attributes.fact(attribute, who, draw), attributes.fact(attribute, who, draw)
    old, new = attributes.open_fact(who, draw), attributes.open_fact(who, draw)
    new.binding.values["attribute"] = old.binding.values["attribute"]
    value = old.binding.values["value"]
    if value.kind in values.slot_types():
        new.binding.values["value"] = values.make(value.kind, draw)
    new.points[0].answer = new.binding.values["value"].text
    return old, new


def newest_text(draw: Draw) -> tuple[str, list[Pair]]:
    """Two dated statements that differ, the question for what holds now, and others."""
    who = ME if draw.chance(0.2) else facts.person_subject(draw)
    old, new = versions(draw, who)
    style, form = draw.integer(0, 3), draw.choose(DATED)
    early, late = (written_day(day, style) for day in two_days(draw))
    lines = [form.format(day=early, said=old.state()), form.format(day=late, said=new.state())]
    pairs: list[Pair] = [(new.points[0].ask(), new.points[0].answer)]

    def lower() -> str:
        question = old.points[0].ask()
        return question if question.startswith("I ") else question[:1].lower() + question[1:]

    if draw.chance(0.3):
        pairs.append((draw.choose(LATEST), late))
    if draw.chance(0.25):
        fact, day = draw.choose(((old, early), (new, late)))
        asked = draw.choose(ON_THAT_DAY).format(day=day, lower=lower())
        pairs.append((asked, fact.points[0].answer))
    if draw.chance(0.25):
        asked = draw.choose(BEFORE).format(question=old.points[0].ask(), lower=lower())
        pairs.append((asked, old.points[0].answer))
    ordered = lines if draw.chance(0.2) else draw.shuffled(lines)
    return "\n".join(ordered), pairs


def crowded_text(draw: Draw) -> tuple[str, list[Pair]]:
    """Two or three people with two statements each, all dated and mixed, and what holds of each now."""
    style, form = draw.integer(0, 3), draw.choose(DATED)
    lines: list[str] = []
    pairs: list[Pair] = []
    for _ in range(draw.integer(2, 3)):
        old, new = versions(draw, facts.person_subject(draw))
        for fact, day in zip((old, new), two_days(draw), strict=True):
            lines.append(form.format(day=written_day(day, style), said=fact.state()))
        pairs.append((new.points[0].ask(), new.points[0].answer))
    return "\n".join(draw.shuffled(lines)), pairs


def newest_sample(draw: Draw, level: float) -> Sample:
    """What holds now by dated statements, of one person or of several."""
    text, pairs = crowded_text(draw) if draw.chance(0.5 * level) else newest_text(draw)
    return Sample(NEWEST, layout.conversation(draw, text, draw.shuffled(pairs)))


@dataclass(frozen=True, slots=True)
class Change:
    """What was said first and what was said later, and each as the answer to its question."""

    said: tuple[str, str]
    was: Pair
    now: Pair


def short_change(draw: Draw) -> Change:
    """A change told as shortly as can be: two bare values, or a thing with two values."""
    kind = draw.choose(SHORT_KINDS)
    old, new = (draw.fresh(lambda d: values.make(kind, d).text) for _ in range(2))
    if draw.chance(0.5):
        return Change((old, new), (draw.choose(EARLIER), old), (draw.choose(NOW), new))
    thing = draw.fresh(lambda d: values.make("noun", d).text)
    form = draw.choose(("{thing}: {value}", "{thing} {value}", "The {thing} is {value}."))
    return Change(
        (form.format(thing=thing, value=old), form.format(thing=thing, value=new)),
        (draw.choose(("What was the {} before?", "The older {}?")).format(thing), old),
        (draw.choose(("What is the {}?", "What is the {} now?", "{}?")).format(thing), new),
    )


def stated_change(draw: Draw) -> Change:
    """A person's attribute with two values, in whole sentences."""
    old, new = versions(draw, facts.person_subject(draw))
    question = old.points[0].ask()
    lower = question[:1].lower() + question[1:]
    before = draw.choose(BEFORE).format(question=question, lower=lower)
    return Change(
        (old.state(), new.state()),
        (before, old.points[0].answer),
        (new.points[0].ask(), new.points[0].answer),
    )


def updates_sample(draw: Draw, level: float) -> Sample:
    """Changes one after another, each with its two days, and what holds now, or held before.

    Some samples have bare years for days: the first step is to prefer the larger.
    """
    turns: list[Turn] = []
    only_years = draw.chance(0.1)
    for _ in range(draw.integer(3, 8)):
        change = stated_change(draw) if draw.chance(0.4 * level) else short_change(draw)
        style, form = draw.choose(PRACTISED_STYLES), draw.choose(DATED)
        days = two_years(draw) if only_years else [written_day(d, style) for d in near_days(draw)]
        lines = [form.format(day=d, said=said) for d, said in zip(days, change.said, strict=True)]
        question, answer = change.was if draw.chance(0.25) else change.now
        turns += layout.turn_pair("\n".join([*draw.shuffled(lines), question]), answer)
    return Sample(UPDATES, tuple(turns))


def later_sample(draw: Draw, level: float) -> Sample:
    """Nothing but days: which of two is the later one, or which of several lines is the last."""
    del level
    if draw.chance(0.5):
        turns: list[Turn] = []
        wanted, form = draw.choose(tuple(COMPARISONS.items()))
        for _ in range(draw.integer(3, 8)):
            style = draw.integer(0, 3)
            early, late = (written_day(day, style) for day in two_days(draw))
            one, two = draw.shuffled([early, late])
            turns += layout.turn_pair(
                form.format(one=one, two=two), late if wanted == "later" else early
            )
        return Sample(LATER, tuple(turns))
    text, pairs = timeline(draw)
    return Sample(LATER, layout.conversation(draw, text, draw.shuffled(pairs)))


def timeline(draw: Draw) -> tuple[str, list[Pair]]:
    """Three to five things with a day each, out of order, and what came last, first and when."""
    style, form = draw.integer(0, 3), draw.choose(DATED)
    days = {two_days(draw)[0] for _ in range(draw.integer(3, 5))}
    dated = [
        (written_day(day, style), draw.fresh(lambda d: values.make("phrase", d).text))
        for day in sorted(days)
    ]
    (first_day, first), (last_day, last) = dated[0], dated[-1]
    some_day, something = draw.choose(dated)
    pairs = [
        (draw.choose(("What came last?", "What was the last thing?", "What is the newest?")), last),
        (draw.choose(("What came first?", "What is the oldest?", "What was first?")), first),
        (draw.choose(LATEST), last_day),
        (draw.choose(EARLIEST), first_day),
        (f"When was the {something}?", some_day),
        (f"What was on {some_day}?", something),
    ]
    lines = [form.format(day=day, said=said) for day, said in draw.shuffled(dated)]
    return "\n".join(lines), draw.some(pairs, 4)


def newest_item(draw: Draw) -> SkillItem:
    """A held-out pair of conflicting statements."""
    text, pairs = newest_text(draw)
    turns = layout.conversation(draw, text, pairs[:1])[:-1]
    return SkillItem(NEWEST, turns, Check.EXACT, (pairs[0][1],), text)
