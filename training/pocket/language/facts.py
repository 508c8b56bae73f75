"""What a text can say and what can be asked of it: the common coin of every generator.

A `Fact` knows its wordings (statements, continuations with a pronoun, first person, fragments);
its `Point`s are the questions it answers. Whoever writes a text out of facts decides the form;
whoever asks about a text uses the points.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from training.pocket.language import names, values, words
from training.pocket.language.draw import Draw, Split, split_of
from training.pocket.language.template import (
    Binding,
    Template,
    Value,
    capitalised,
    possessive,
    with_article_an,
)

#: A held-out wording needs at least so many others to train on.
FEWEST_TRAINED_WORDINGS = 4


def tidy(text: str) -> str:
    """``text`` with a large first letter and "an" before a vowel."""
    return capitalised(with_article_an(text))


@cache
def trained_wordings(options: tuple[Template, ...]) -> tuple[Template, ...]:
    """Those of the wordings that pretraining may use; all when too few would be left."""
    kept = tuple(t for t in options if split_of(t.source) is Split.TRAIN)
    return kept if len(kept) >= FEWEST_TRAINED_WORDINGS else options


def wording(options: tuple[Template, ...], draw: Draw, among: int | None = None) -> Template:
    """One of the wordings that the draw's side of the split may use.

    Args:
        options: all wordings.
        draw: the source of chance.
        among: only the first so many come into question; all if not given.
    """
    if draw.split is Split.TRAIN:
        options = trained_wordings(options)
    return draw.choose(options[:among])


class Subject(Value):
    """Who or what a fact is about.

    Args:
        kind: person, me, thing, place, organisation or event.
        text: how a text introduces it.
        forms: pronouns and the like.
        aliases: how a later sentence or a question may call it, the introduction included.
    """

    __slots__ = ("aliases",)

    def __init__(
        self, kind: str, text: str, forms: dict[str, str], aliases: Sequence[str] = ()
    ) -> None:
        super().__init__(kind, text, forms)
        self.aliases = tuple(aliases) or (text,)


IT = {"they": "it", "them": "it", "their": "its", "They": "It", "Them": "It", "Their": "Its"}
ME = Subject(
    "me",
    "I",
    {"they": "I", "them": "me", "their": "my", "They": "I", "Them": "Me", "Their": "My"},
    ("I",),
)
WOMEN_RELATIONS = frozenset(
    "mother sister aunt niece grandmother godmother daughter wife mother-in-law stepsister".split()
)
MEN_RELATIONS = frozenset(
    "father brother uncle nephew grandfather godfather son husband father-in-law stepbrother "
    "ex-husband".split()
)


def person_subject(draw: Draw, own: bool = True) -> Subject:
    """Somebody to say things about.

    Args:
        draw: the source of chance.
        own: whether "my sister" may stand for somebody: only where no other voice speaks.
    """
    style = draw.random.random()
    if own and style < 0.2:
        relation = values.make("relation", draw).text
        gender = (
            "woman" if relation in WOMEN_RELATIONS else "man" if relation in MEN_RELATIONS else ""
        )
        if style < 0.08:
            forms = names.pronouns(gender or names.gender_of(draw))
            return Subject("person", f"my {relation}", forms)
        someone = names.person(draw, gender)
        first = someone.form("first")
        aliases = (first, f"my {relation}", f"my {relation} {first}")
        return Subject("person", f"my {relation} {first}", someone.forms, aliases)
    someone = names.person(draw)
    if style < 0.45:
        return Subject("person", someone.form("first"), someone.forms)
    if style < 0.52:
        title = draw.choose(("Mrs", "Ms", "Dr") if someone.form("they") == "she" else ("Mr", "Dr"))
        return Subject("person", f"{title} {someone.form('last')}", someone.forms)
    return Subject(
        "person", someone.text, someone.forms, (someone.text, someone.text, someone.form("first"))
    )


def subject(kind: str, draw: Draw, own: bool = True) -> Subject:
    """A new subject of one of the attribute tables' kinds."""
    if kind == "person":
        return person_subject(draw, own)
    if kind == "place":
        place = values.make(draw.choose(("place", "city", "shop", "school")), draw).text
        return Subject(kind, place, IT)
    if kind == "organisation":
        return Subject(kind, values.make(draw.choose(("company", "shop", "team")), draw).text, IT)
    if kind == "event":
        event = values.make("event", draw).text
        if draw.chance(0.3):
            event = f"{possessive(values.make('first', draw).text)} {event}"
            return Subject(kind, event, IT)
        return Subject(kind, f"the {event}", IT)
    noun = values.make(draw.choose(("thing", "thing", "object", "vehicle")), draw).text
    return Subject("thing", f"{draw.choose(('the', 'the', 'the', 'my', 'our'))} {noun}", IT)


@dataclass(slots=True)
class Point:
    """One thing that can be asked of a text.

    Args:
        key: what kind of thing it is; two points of the same key and subject are the same.
        wordings: the questions.
        sentences: the fact as a plain full sentence, in several wordings.
        binding: the values of their slots.
        answer: the right answer, as it stands in the text.
    """

    key: str
    wordings: tuple[Template, ...]
    sentences: tuple[Template, ...]
    binding: Binding
    answer: str

    def ask(self, among: int | None = None) -> str:
        """The question, in one of its (first so many) wordings, calling the subject by one of its names."""
        return tidy(rendered(wording(self.wordings, self.binding.draw, among), self.binding, True))

    def every_wording(self) -> tuple[str, ...]:
        """The question in all its wordings."""
        return tuple(tidy(t.render(self.binding)) for t in self.wordings)

    def say(self, among: int | None = None) -> str:
        """The fact as a plain sentence, in one of its (first so many) wordings."""
        said = wording(self.sentences, self.binding.draw, among)
        return tidy(rendered(said, self.binding, False))


def rendered(template: Template, binding: Binding, alias: bool) -> str:
    """A wording, with the subject introduced in full or called by any of its names."""
    who = binding.values.get("subject")
    if alias and isinstance(who, Subject) and len(who.aliases) > 1:
        called = Value(who.kind, binding.draw.choose(who.aliases), who.forms)
        return template.render(
            Binding(binding.draw, binding.make, {**binding.values, "subject": called})
        )
    return template.render(binding)


@dataclass(slots=True)
class Fact:
    """Something a text can say.

    Args:
        subject: whom or what it is about.
        binding: the values of the slots of its wordings.
        statements: full sentences that name the subject.
        continued: sentences that call it by a pronoun; may be empty.
        first_person: sentences in which the subject speaks; may be empty.
        fragments: list and heading forms that leave the subject to the heading; may be empty.
        points: what can be asked.
        reverse: the question for the subject, where the value identifies it.
        missing: questions of the same matter that the fact does not answer.
        elsewhere: the same question about another subject, of whom it was not stated.
        retell: lets the next wording distribute an event's roles anew.
        label: what a table's column or a form's field calls it; empty for events.
    """

    subject: Subject
    binding: Binding
    statements: tuple[Template, ...]
    continued: tuple[Template, ...]
    first_person: tuple[Template, ...]
    fragments: tuple[Template, ...]
    points: list[Point]
    reverse: Point | None = None
    missing: list[Point] = field(default_factory=list)
    elsewhere: Callable[[Subject], Point] | None = None
    retell: Callable[[], None] | None = None
    label: str = ""

    def state(self, among: int | None = None) -> str:
        """A full sentence naming the subject, in one of its (first so many) wordings."""
        options = self.first_person if self.subject is ME else self.statements
        return tidy(rendered(wording(options, self.binding.draw, among), self.binding, False))

    def go_on(self) -> str:
        """A sentence about a subject that was just named: a pronoun or a short name."""
        draw = self.binding.draw
        if self.subject is ME:
            return self.state()
        if self.continued and draw.chance(0.65):
            return tidy(wording(self.continued, draw).render(self.binding))
        return tidy(rendered(wording(self.statements, draw), self.binding, True))

    def speak(self) -> str:
        """A sentence in which the subject speaks."""
        return tidy(wording(self.first_person, self.binding.draw).render(self.binding))

    def fragment(self) -> str:
        """A list form."""
        return tidy(wording(self.fragments, self.binding.draw).render(self.binding))


def bound(draw: Draw, who: Subject, more: Mapping[str, Value] | None = None) -> Binding:
    """A binding whose slots know the subject and its pronouns, and ``more``."""
    filled: dict[str, Value] = {"subject": who, **(more or {})}
    for name in ("they", "them", "their", "They", "Them", "Their"):
        if name in who.forms:
            filled[name] = Value("pronoun", who.forms[name])
    return Binding(draw, values.make, filled)


def topic(draw: Draw) -> str:
    """What an invented attribute is called: "spare hook", "tent colour", "boat licence number"."""
    style = draw.random.random()
    if style < 0.45:
        return f"{words.noun(draw)} {words.noun(draw)}"
    if style < 0.75:
        return f"{words.adjective(draw)} {words.noun(draw)}"
    if style < 0.85:
        return words.noun(draw)
    return f"{words.noun(draw)} {words.noun(draw)} {draw.choose(('number', 'name', 'code', 'date', 'place', 'price'))}"
