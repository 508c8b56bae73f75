"""Facts of a life from the attribute tables: who is whose dentist, when the lease ends.

The tables in `attributes/*.toml` are closed: a hundred and more attributes, each with many
wordings. `open_attributes.toml` holds wordings for attributes that nobody wrote a table for:
any two ordinary words make one ("spare hook", "boat licence number").
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from training.pocket.language import facts, values
from training.pocket.language.draw import Draw
from training.pocket.language.facts import ME, Fact, Point, Subject, bound
from training.pocket.language.template import Template, Value, compiled

FOLDER = Path(__file__).parent / "attributes"
OPEN = Path(__file__).parent / "open_attributes.toml"

#: Value types of invented attributes, as often as they stand here.
OPEN_KINDS = (
    "person first phone email city place company shop date weekday month year time duration amount "
    "number percent code reference thing thing noun adjective phrase phrase compound dish drink "
    "colour book film measure weight distance temperature size material event url filename room "
    "street address spot pet_name animal job hobby"
).split()


#: Attributes that may answer one another's questions: no text gives a subject two of a group, and
#: none is asked of a subject of whom another was told.
KIN = (
    "home_address new_address_city home_town photo_place",
    "allergy hated_food fear",
    "partner crush best_friend",
    "thing_owner sold_to thing_maker",
    "hobby newsletter sport_played plays_instrument weekend_plan",
    "illness injured_part medicine medicine_dose",
    "holiday_place dream_destination travel_companion",
    "employer letter_from profession office_room",
    "birthday_present savings_goal holds_in_picture borrowed_thing forgotten_thing",
    "commute usual_vehicle lift_from",
    "spare_key_keeper emergency_contact plants_watered_by",
    "favourite_dish brings_dish favourite_drink coffee_order",
    "salary debt pocket_money monthly_rent parking_fine",
    "departure_time pick_up_time flight_number platform",
    "invoice_due contract_end",
    "invoice_amount membership_fee",
    "event_date event_start",
    "company_founder company_contact",
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of the tables, compiled; the fields are those of the TOML file."""

    key: str
    domain: str
    subject: str
    value: str
    noun: str
    statements: tuple[Template, ...]
    continued: tuple[Template, ...]
    first_person: tuple[Template, ...]
    fragments: tuple[Template, ...]
    questions: tuple[Template, ...]
    first_person_questions: tuple[Template, ...]
    reverse: tuple[Template, ...]


def compiled_all(sources: list[str]) -> tuple[Template, ...]:
    """Every template of a list, compiled."""
    return tuple(compiled(source) for source in sources)


def with_pronoun(statements: list[str]) -> tuple[Template, ...]:
    """The statements that can go on about a subject just named, with a pronoun in its place."""
    turned = []
    for source in statements:
        if source.startswith(("{They}", "{Their}")):
            turned.append(source)
        elif source.count("{subject}") == 1:
            if source.startswith("{subject}'s "):
                turned.append("{Their} " + source.removeprefix("{subject}'s "))
            elif source.startswith("{subject} ") and not source.startswith("{subject} and"):
                turned.append("{They} " + source.removeprefix("{subject} "))
            elif " {subject}'s " in source:
                turned.append(source.replace(" {subject}'s ", " {their} "))
    return compiled_all(turned)


def read_table(table: dict[str, object]) -> Attribute:
    """One `[[attribute]]` of a file."""

    def texts(name: str) -> list[str]:
        found = table.get(name, [])
        return [str(entry) for entry in found] if isinstance(found, list) else []

    statements = texts("statements")
    named = [s for s in statements if "{subject}" in s]
    return Attribute(
        key=str(table["key"]),
        domain=str(table["domain"]),
        subject=str(table["subject"]),
        value=str(table["value"]),
        noun=str(table.get("noun", "")),
        statements=compiled_all(named),
        continued=with_pronoun(statements),
        first_person=compiled_all(texts("first_person")),
        fragments=compiled_all(texts("fragments")),
        questions=compiled_all(texts("questions")),
        first_person_questions=compiled_all(texts("first_person_questions")),
        reverse=compiled_all(texts("reverse")),
    )


@cache
def tables() -> tuple[Attribute, ...]:
    """Every attribute of every file, in the order of file names."""
    return tuple(
        read_table(table)
        for path in sorted(FOLDER.glob("*.toml"))
        for table in tomllib.loads(path.read_text("utf-8"))["attribute"]
    )


KIN_OF: dict[str, frozenset[str]] = {
    key: frozenset(group.split()) for group in KIN for key in group.split()
}


def kin(key: str) -> frozenset[str]:
    """The keys that an attribute excludes: its own, and those of its group."""
    return KIN_OF.get(key, frozenset((key,)))


@cache
def of_subject(kind: str) -> tuple[Attribute, ...]:
    """The attributes that a kind of subject can have; "me" has those with a first person."""
    if kind == "me":
        return tuple(a for a in tables() if a.subject == "person" and a.first_person_questions)
    return tuple(a for a in tables() if a.subject == kind)


def value_of(attribute: Attribute, draw: Draw) -> Value:
    """A new value: of a slot type, or one of the words that the attribute lists ("=a/b/c")."""
    if attribute.value.startswith("="):
        options = attribute.value[1:].split("/")
        return Value(attribute.key, draw.fresh(lambda d: d.choose(options)))
    return values.make(attribute.value, draw)


def fact(attribute: Attribute, who: Subject, draw: Draw, value: Value | None = None) -> Fact:
    """The attribute of ``who``, with a value (a new one unless given)."""
    value = value or value_of(attribute, draw)
    binding = bound(draw, who, {"value": value})
    mine = who is ME
    asked = attribute.first_person_questions if mine else attribute.questions
    said = attribute.first_person if mine else attribute.statements
    reverse = None
    if attribute.reverse and not mine:
        reverse = Point(f"{attribute.key}?", attribute.reverse, said, binding, who.text)
    return Fact(
        subject=who,
        binding=binding,
        statements=attribute.statements,
        continued=attribute.continued,
        first_person=attribute.first_person,
        fragments=attribute.fragments,
        points=[Point(attribute.key, asked, said, binding, value.text)],
        reverse=reverse,
        elsewhere=lambda other: unknown(attribute, other, draw),
        label=attribute.noun,
    )


def unknown(attribute: Attribute, who: Subject, draw: Draw) -> Point:
    """A question about an attribute that nobody stated of ``who``."""
    return fact(attribute, who, draw, Value(attribute.value, "")).points[0]


@cache
def open_wordings() -> dict[str, tuple[Template, ...]]:
    """The wordings of invented attributes, by group."""
    table = tomllib.loads(OPEN.read_text("utf-8"))
    groups = {name: compiled_all(sources) for name, sources in table.items()}
    return groups | {"continued": with_pronoun(table["statements"])}


def open_fact(who: Subject, draw: Draw) -> Fact:
    """An invented attribute of ``who`` with a value of any type."""
    value = values.make(draw.choose(OPEN_KINDS), draw)
    attribute = Value("topic", draw.fresh(facts.topic))
    binding = bound(draw, who, {"value": value, "attribute": attribute})
    groups = open_wordings()
    mine = who is ME
    asked = groups["first_person_questions" if mine else "questions"]
    said = groups["first_person" if mine else "statements"]
    reverse = None
    if not mine:
        reverse = Point(f"{attribute.text}?", groups["reverse"], said, binding, who.text)
    return Fact(
        subject=who,
        binding=binding,
        statements=groups["statements"],
        continued=groups["continued"],
        first_person=groups["first_person"],
        fragments=groups["fragments"],
        points=[Point(attribute.text, asked, said, binding, value.text)],
        reverse=reverse,
        elsewhere=lambda other: open_unknown(other, draw, attribute.text),
        label=attribute.text,
    )


def open_unknown(who: Subject, draw: Draw, attribute: str = "") -> Point:
    """A question about an invented attribute that nobody stated of ``who``."""
    attribute = attribute or draw.fresh(facts.topic)
    groups = open_wordings()
    mine = who is ME
    asked = groups["first_person_questions" if mine else "questions"]
    binding = bound(
        draw, who, {"attribute": Value("topic", attribute), "value": Value("topic", "")}
    )
    return Point(attribute, asked, groups["statements"], binding, "")
