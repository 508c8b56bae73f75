"""Reading that takes a step more: two hops, the other way round, the newest of two statements."""

from training.pocket.language import attributes, documents, facts, layout, values
from training.pocket.language.attributes import Attribute
from training.pocket.language.draw import Draw
from training.pocket.language.facts import ME, Fact, Subject
from training.pocket.language.sample import UNKNOWN, Check, Sample, SkillItem
from training.pocket.language.template import possessive

TWO_HOP, REVERSE, NEWEST = "two_hop", "reverse", "newest"
PERSON_KINDS = frozenset(("person", "woman", "man"))
Pair = tuple[str, str]


# --- two hops ------------------------------------------------------------------------------------


def linking(draw: Draw, mine: bool) -> Attribute:
    """An attribute whose value is a person and which has a noun."""
    kind = "me" if mine else "person"
    options = [a for a in attributes.of_subject(kind) if a.value in PERSON_KINDS and a.noun]
    return draw.choose(options)


def hop_question(draw: Draw, owner: Subject, link: Attribute, second: Fact) -> str:
    """A question for the second fact that names its subject only through the first."""
    whose = "my" if owner is ME else possessive(draw.choose(owner.aliases))
    person = f"{whose} {link.noun}"
    label = second.label
    if label and draw.chance(0.55):
        return facts.tidy(
            draw.choose(
                (
                    f"What is the {label} of {person}?",
                    f"What is {person}'s {label}?",
                    f"Tell me the {label} of {person}.",
                    f"Which {label} does {person} have?",
                    f"{person}: what is the {label}?",
                    f"I need {person}'s {label}.",
                )
            )
        )
    called = Subject("person", person, second.subject.forms)
    point = second.points[0]
    binding = facts.bound(
        draw, called, {k: v for k, v in point.binding.values.items() if k in ("value", "attribute")}
    )
    return facts.tidy(facts.wording(point.wordings, draw).render(binding))


def hop_text(draw: Draw) -> tuple[str, list[Pair]]:
    """A text with one or two chains and what stands between, and the questions over them."""
    mine = draw.chance(0.25)
    link = linking(draw, mine)
    groups: list[documents.Group] = []
    pairs: list[Pair] = []
    taken: set[str] = {link.key}
    shared: Attribute | None = None
    for number in range(draw.integer(1, 2)):
        owner = ME if mine and number == 0 else facts.person_subject(draw, own=False)
        if owner is not ME and mine:
            link = next(a for a in attributes.of_subject("person") if a.key == link.key)
        gender = link.value if link.value in ("woman", "man") else ""
        someone = values.make(gender or "person", draw)
        first = attributes.fact(link, owner, draw, someone)
        person = Subject(
            "person", someone.text, someone.forms, (someone.text, someone.form("first"))
        )
        if draw.chance(0.45):
            second = attributes.open_fact(person, draw)
        else:
            if shared is None:
                shared = draw.choose(
                    [
                        a
                        for a in attributes.of_subject("person")
                        if a.noun and a.key not in taken and not a.value.startswith("=")
                    ]
                )
            second = attributes.fact(shared, person, draw)
        pairs.append((hop_question(draw, owner, link, second), second.points[0].answer))
        if draw.chance(0.35):
            pairs.append((first.points[0].ask(), first.points[0].answer))
        if draw.chance(0.15):
            other = attributes.open_fact(person, draw)
            pairs.append((hop_question(draw, owner, link, other), UNKNOWN))
        groups += [documents.Group(owner, (first,)), documents.Group(person, (second,))]
    text = documents.prose(draw, tuple(draw.shuffled(groups)))
    return text, draw.shuffled(pairs)


def hop_sample(draw: Draw, level: float) -> Sample:
    """Two-hop questions over a text."""
    del level
    text, pairs = hop_text(draw)
    return Sample(TWO_HOP, layout.conversation(draw, text, pairs))


def hop_item(draw: Draw) -> SkillItem:
    """A held-out two-hop question."""
    text, pairs = hop_text(draw)
    question, answer = next(p for p in pairs if p[1] != UNKNOWN)
    turns = layout.conversation(draw, text, [(question, answer)])[:-1]
    return SkillItem(TWO_HOP, turns, Check.EXACT, (answer,), text)


# --- the other way round -----------------------------------------------------------------------


def reverse_text(draw: Draw, count: int) -> tuple[str, list[Pair]]:
    """A text and questions for the subjects of its facts."""
    while True:
        document = documents.document(draw, count)
        said = [f for f in document.facts() if f.reverse and f.subject is not ME]
        if said:
            pairs = [(f.reverse.ask(), f.reverse.answer) for f in draw.some(said, 4) if f.reverse]
            return document.text, pairs


def reverse_sample(draw: Draw, level: float) -> Sample:
    """Reverse questions over a text."""
    text, pairs = reverse_text(draw, draw.integer(2, 3 + round(3 * level)))
    return Sample(REVERSE, layout.conversation(draw, text, pairs))


def reverse_item(draw: Draw) -> SkillItem:
    """A held-out reverse question."""
    text, pairs = reverse_text(draw, draw.integer(2, 6))
    turns = layout.conversation(draw, text, pairs[:1])[:-1]
    return SkillItem(REVERSE, turns, Check.EXACT, (pairs[0][1],), text)


# --- the newest of two statements -----------------------------------------------------------------

Day = tuple[int, int, int]


def two_days(draw: Draw) -> tuple[Day, Day]:
    """Two different days (year, month, day), the earlier first."""
    while True:
        year = draw.integer(2015, 2030)
        one = (year, draw.integer(1, 12), draw.integer(1, 28))
        later = year if draw.chance(0.6) else year + draw.integer(1, 3)
        two = (later, draw.integer(1, 12), draw.integer(1, 28))
        if one[:2] != two[:2]:
            return (one, two) if one < two else (two, one)


def written_day(day: Day, style: int) -> str:
    """A day in one of four styles; both days of a text share the style."""
    year, month, number = day
    name = values.MONTHS[month - 1]
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


def newest_text(draw: Draw) -> tuple[str, list[Pair]]:
    """Two dated statements of one attribute that differ, and others; and who asks for what."""
    who = ME if draw.chance(0.2) else facts.person_subject(draw)
    kind = "me" if who is ME else "person"
    if draw.chance(0.5):
        attribute = draw.choose(
            [a for a in attributes.of_subject(kind) if not a.value.startswith("=")]
        )
        old, new = (attributes.fact(attribute, who, draw) for _ in range(2))
    else:
        old = attributes.open_fact(who, draw)
        new = attributes.open_fact(who, draw)
        kind_of_value = old.binding.values["value"].kind
        new.binding.values["attribute"] = old.binding.values["attribute"]
        if kind_of_value in values.slot_types():
            new.binding.values["value"] = values.make(kind_of_value, draw)
        new.points[0].answer = new.binding.values["value"].text
    early, late = two_days(draw)
    style, form = draw.integer(0, 3), draw.choose(DATED)
    lines = [
        form.format(day=written_day(early, style), said=old.state()),
        form.format(day=written_day(late, style), said=new.state()),
    ]
    pairs: list[Pair] = [(new.points[0].ask(), new.points[0].answer)]
    if draw.chance(0.35):
        other = documents.gathered(draw, 1)[0].facts[0]
        if other.subject is not ME:
            day = written_day(two_days(draw)[0], style)
            lines.append(form.format(day=day, said=other.state()))
            pairs.append((other.points[0].ask(), other.points[0].answer))
    if draw.chance(0.25):
        question = old.points[0].ask()
        lower = question[:1].lower() + question[1:] if not question.startswith("I ") else question
        pairs.append(
            (draw.choose(BEFORE).format(question=question, lower=lower), old.points[0].answer)
        )
    return "\n".join(draw.shuffled(lines)), pairs


def newest_sample(draw: Draw, level: float) -> Sample:
    """The newest of two dated statements."""
    del level
    text, pairs = newest_text(draw)
    return Sample(NEWEST, layout.conversation(draw, text, pairs))


def newest_item(draw: Draw) -> SkillItem:
    """A held-out pair of conflicting statements."""
    text, pairs = newest_text(draw)
    turns = layout.conversation(draw, text, pairs[:1])[:-1]
    return SkillItem(NEWEST, turns, Check.EXACT, (pairs[0][1],), text)
