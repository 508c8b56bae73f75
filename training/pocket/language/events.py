"""Events: somebody did something, somewhere, at some time, with somebody, for some reason.

One event has a doer, a deed, an object and up to four further roles. Its text may be one
sentence, or one sentence and others that add a role ("It was because the hull leaked."), so
that reading over a sentence's end is learnt; every role can be asked for, and a role that the
text leaves out makes a question that it does not answer.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from training.pocket.language import names, values, words
from training.pocket.language.draw import Draw
from training.pocket.language.facts import ME, Fact, Point, Subject, bound, person_subject
from training.pocket.language.template import Binding, Template, Value, compiled, with_article_an

FOLDER = Path(__file__).parent / "clauses"
OPEN_VERB_SHARE = 0.15
ROLES = "where spot when time companion recipient reason price tool duration source".split()
#: Roles that would answer one another's questions, so that at most one of them is given or asked.
RIVALS = {
    "where": {"spot", "source"},
    "spot": {"where", "source"},
    "source": {"where", "spot"},
    "when": {"time"},
    "time": {"when"},
}
SOURCE_VERBS = frozenset(("buy", "borrow", "order", "rent", "learn", "steal", "pick_up"))
PRICE_VERBS = frozenset(("buy", "sell", "order", "rent", "book", "repair", "replace", "install"))
TOOL_VERBS = frozenset(("repair", "paint", "clean", "build", "install", "open", "mow", "replace"))
#: Question forms in which "I" cannot stand for {who}.
NOT_ME = re.compile(
    r"(by|take|cost|helped|with|at it,|has|had|from|on|happen,) \{who\}|with \{who\}|^\{who\}"
)
PEOPLE = frozenset(("person", "woman", "man", "first"))


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: its forms, what it can be done to, and verbs of like meaning for questions.

    Args:
        base: infinitive.
        past: simple past.
        done: past participle.
        objects: slot types; an ending _a, _the puts the article before it.
        likes: (base, past, participle) of verbs that a question may use instead.
    """

    base: str
    past: str
    done: str
    objects: tuple[str, ...]
    likes: tuple[tuple[str, str, str], ...]


def spaced(word: str) -> str:
    """A phrasal verb as it is written."""
    return word.replace("_", " ")


@cache
def verbs() -> tuple[Verb, ...]:
    """The verbs of `clauses/verbs.txt`."""
    found = []
    for line in (FOLDER / "verbs.txt").read_text("utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        forms, objects, likes = (part.strip() for part in line.split("|"))
        base, past, done, _ = forms.split()
        others = tuple(like.split() for like in likes.split(";") if like.strip())
        found.append(
            Verb(base, past, done, tuple(objects.split()), tuple((b, p, d) for b, p, d in others))
        )
    return tuple(found)


@cache
def wordings() -> dict[str, dict[str, tuple[Template, ...]]]:
    """The wordings of `clauses/events.toml` by role and group; the sentence forms under ""."""
    table = tomllib.loads((FOLDER / "events.toml").read_text("utf-8"))
    result: dict[str, dict[str, tuple[Template, ...]]] = {"": {}}
    for name, entry in table.items():
        if isinstance(entry, dict):
            result[name] = {g: tuple(compiled(s) for s in sources) for g, sources in entry.items()}
            tail = entry["said"][0] if "said" in entry else ""
            result[name]["plain"] = (compiled("{who} {past} {what}" + tail + "."),)
            result[name]["named"] = tuple(t for t in result[name]["asked"] if "{who}" in t.source)
            result[name]["mine"] = tuple(
                t for t in result[name]["asked"] if not NOT_ME.search(t.source)
            )
        else:
            result[""][name] = tuple(compiled(s) for s in entry)
    result[""]["continued"] = (compiled("{They} {past} {what}{tail}.{later}"),)
    return result


def any_verb(draw: Draw) -> Verb:
    """A verb of the list, or one of the open world done to any thing."""
    if draw.chance(OPEN_VERB_SHARE):
        base, past, done, _ = draw.word(words.verb_forms()).split()
        return Verb(base, past, done, ("thing", "phrase_the", "object"), ())
    return draw.choose(verbs())


def object_of(kind: str, draw: Draw) -> Value:
    """What it is done to, with its article."""
    kind, _, article = kind.partition("_") if kind not in values.slot_types() else (kind, "", "")
    value = values.make(kind, draw)
    if article:
        return Value(kind, with_article_an(f"{article} {value.text}"), value.forms)
    if kind in ("thing", "object", "tool", "vehicle", "phrase"):
        article = draw.choose(("the", "the", "a", "the"))
        return Value(kind, with_article_an(f"{article} {value.text}"))
    return value


def roles_of(verb: Verb, draw: Draw, count: int) -> list[str]:
    """``count`` roles that fit the verb and do not answer one another's questions."""
    chosen: list[str] = []
    for role in draw.shuffled(ROLES):
        if len(chosen) == count:
            break
        if fits(role, verb) and not RIVALS.get(role, set()) & set(chosen):
            chosen.append(role)
    return chosen


def fits(role: str, verb: Verb) -> bool:
    """Whether a role makes sense with the verb."""
    if role == "source":
        return verb.base in SOURCE_VERBS
    if role == "price":
        return verb.base in PRICE_VERBS
    if role == "tool":
        return verb.base in TOOL_VERBS
    return True


def role_value(role: str, draw: Draw) -> Value:
    """A filler of a role."""
    if role == "where":
        kind = draw.choose(("city", "city", "place", "room"))
        value = values.make(kind, draw)
        return (
            Value("where", f"the {value.text}")
            if value.text in words.kinds()["room"].sides[draw.split]
            else value
        )
    if role == "when":
        return values.make(draw.choose(("date", "date", "weekday")), draw)
    if role == "reason":
        return Value("reason", draw.fresh(reason))
    if role in ("companion", "recipient"):
        return values.make(draw.choose(("person", "first", "first")), draw)
    if role == "source":
        return values.make(draw.choose(("person", "shop", "first")), draw)
    return values.make({"price": "amount"}.get(role, role), draw)


def reason(draw: Draw) -> str:
    """Why somebody did something: a clause of its own, open-world two times in three."""
    if draw.chance(0.35):
        return words.of_kind("reason", draw)
    noun, adjective = words.noun(draw), words.adjective(draw)
    past = draw.word(words.verb_forms()).split()[1]
    name = names.first_name(draw, names.gender_of(draw))
    return with_article_an(
        draw.choose(
            (
                f"the {noun} was {adjective}",
                f"the {noun} was too {adjective}",
                f"it was {adjective}",
                f"{name} had {past} the {noun}",
                f"the {noun} {past}",
                f"{name} needed a {noun}",
                f"{name} wanted it",
                f"there was no {noun}",
                f"the {noun} had {past}",
                f"{name} was {adjective}",
                f"nobody liked the {noun}",
            )
        )
    )


def event(draw: Draw, who: Subject | None = None, roles: int = -1) -> Fact:
    """An event, done by ``who`` (a new person unless given), with so many further roles."""
    who = who or person_subject(draw)
    verb = any_verb(draw)
    what = object_of(draw.choose(verb.objects), draw)
    given = roles_of(verb, draw, draw.integer(0, 3) if roles < 0 else roles)
    likes = draw.chance(0.4) and verb.likes
    like = draw.choose(verb.likes) if likes else (verb.base, verb.past, verb.done)
    binding = bound(draw, who, {"who": who, "what": what})
    for slot, form in zip(
        ("past", "done", "base2", "past2", "done2"), (verb.past, verb.done, *like), strict=True
    ):
        binding.values[slot] = Value("verb", spaced(form))
    for role in given:
        binding.values[role] = role_value(role, draw)
    tell(binding, given)
    forms = wordings()[""]
    return Fact(
        subject=who,
        binding=binding,
        statements=forms["active"] + forms["passive"],
        continued=forms["continued"],
        first_person=forms["first"],
        fragments=forms["my_note" if who is ME else "note"],
        points=points(who, what, given, binding),
        missing=missing(verb, who, given, binding),
        retell=lambda: tell(binding, given),
        elsewhere=lambda other: by_another(other, given, binding),
    )


def by_another(other: Subject, given: list[str], binding: Binding) -> Point:
    """A question about the same deed as if another person had done it."""
    role = binding.draw.choose([*given, "what"])
    group = wordings()[role]["mine" if other is ME else "named"]
    changed = bound(binding.draw, other, {**binding.values, "who": other, "subject": other})
    for name in ("they", "them", "their"):
        changed.values[name] = Value("pronoun", other.forms[name])
    return Point(role, group, wordings()["what"]["plain"], changed, "")


def tell(binding: Binding, given: list[str]) -> None:
    """Decide which roles the sentence holds and which are told after it; fill those slots."""
    draw, table = binding.draw, wordings()
    inside = given[: draw.integer(0, len(given))]
    after = [role for role in given if role not in inside]

    def written(roles: list[str], group: str, values_: Binding) -> str:
        return "".join(draw.choose(table[role][group]).render(values_) for role in roles)

    my = Binding(draw, values.make, {**binding.values, **PRONOUNS_OF_ME})
    slots = {
        "tail": written(inside, "said", binding),
        "noted": written(given, "note", binding),
        "later": written(after, "later", binding),
        "my_later": written(after, "later", my),
    }
    binding.values.update({name: Value("tail", text) for name, text in slots.items()})


PRONOUNS_OF_ME = {
    "They": Value("pronoun", "I"),
    "they": Value("pronoun", "I"),
    "them": Value("pronoun", "me"),
}


def points(who: Subject, what: Value, given: list[str], binding: Binding) -> list[Point]:
    """Every question that the event answers."""
    table = wordings()
    group = "mine" if who is ME else "asked"
    thing = "whom" if what.kind in PEOPLE else "what"
    plain = table["what"]["plain"]
    found = [Point(thing, table[thing][group], plain, binding, what.text)]
    if who is not ME:
        found.append(Point("who", table["who"]["asked"], plain, binding, who.text))
    for role in given:
        answer = binding.values[role].text
        answer = f"because {answer}" if role == "reason" else answer
        found.append(Point(role, table[role][group], table[role]["plain"], binding, answer))
    return found


def missing(verb: Verb, who: Subject, given: list[str], binding: Binding) -> list[Point]:
    """Questions of the same event that its text does not answer."""
    table = wordings()
    group = "mine" if who is ME else "asked"
    told = set(given).union(*(RIVALS.get(role, set()) for role in given))
    return [
        Point(role, table[role][group], table["what"]["plain"], binding, "")
        for role in ROLES
        if role not in told and fits(role, verb)
    ]
