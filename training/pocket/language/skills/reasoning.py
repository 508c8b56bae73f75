"""Reading that takes a step more: two hops, and the other way round."""

from training.pocket.language import attributes, documents, facts, layout, values
from training.pocket.language.attributes import Attribute
from training.pocket.language.draw import Draw
from training.pocket.language.facts import ME, Fact, Subject
from training.pocket.language.sample import UNKNOWN, Check, Sample, SkillItem
from training.pocket.language.template import possessive

TWO_HOP, REVERSE = "two_hop", "reverse"
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


def chain(
    draw: Draw, owner: Subject, link: Attribute, shared: Attribute | None
) -> tuple[tuple[documents.Group, ...], list[Pair]]:
    """ "X's dentist is Y" and something about Y, and the questions over the two.

    Args:
        draw: the source of chance.
        owner: X.
        link: the attribute that leads to Y.
        shared: what is told of Y; an invented attribute if None.
    """
    gender = link.value if link.value in ("woman", "man") else "person"
    someone = values.make(gender, draw)
    first = attributes.fact(link, owner, draw, someone)
    person = Subject("person", someone.text, someone.forms, (someone.text, someone.form("first")))
    second = attributes.fact(shared, person, draw) if shared else attributes.open_fact(person, draw)
    pairs = [(hop_question(draw, owner, link, second), second.points[0].answer)]
    if draw.chance(0.35):
        pairs.append((first.points[0].ask(), first.points[0].answer))
    if draw.chance(0.15):
        untold = attributes.open_fact(person, draw)
        pairs.append((hop_question(draw, owner, link, untold), UNKNOWN))
    return (documents.Group(owner, (first,)), documents.Group(person, (second,))), pairs


def hop_text(draw: Draw) -> tuple[str, list[Pair]]:
    """A text with one or two chains and the questions over them.

    Two chains share their attributes half of the time, so that each is the other's trap.
    """
    mine = draw.chance(0.25)
    link = linking(draw, mine)
    told = [
        a
        for a in attributes.of_subject("person")
        if a.noun and a.key != link.key and not a.value.startswith("=")
    ]
    shared = draw.choose(told) if draw.chance(0.55) else None
    groups: list[documents.Group] = []
    pairs: list[Pair] = []
    for number in range(draw.integer(1, 2)):
        owner = ME if mine and number == 0 else facts.person_subject(draw, own=False)
        found, asked = chain(draw, owner, link, shared)
        groups += found
        pairs += asked
    return documents.prose(draw, tuple(draw.shuffled(groups))), pairs


def hop_sample(draw: Draw, level: float) -> Sample:
    """Two-hop questions over a text."""
    del level
    text, pairs = hop_text(draw)
    return Sample(TWO_HOP, layout.conversation(draw, text, draw.shuffled(pairs)))


def hop_item(draw: Draw) -> SkillItem:
    """A held-out two-hop question."""
    text, pairs = hop_text(draw)
    question, answer = pairs[0]
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
