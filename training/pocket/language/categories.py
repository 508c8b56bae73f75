"""What everyday things are: a terrier is a dog, an animal and a pet.

"Which animal did she buy?" shares no word with "she bought a terrier". The table lets such
questions be made without writing them: one that begins with "What" becomes one that says what
kind of thing is wanted, and a text that names one thing of a kind can be asked for it.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from training.pocket.language import words
from training.pocket.language.draw import Draw
from training.pocket.language.phrases import Phrases

TABLE = Path(__file__).parent / "words" / "categories.txt"
#: What may follow "What" where "Which garment" may stand as well ("What did she buy?").
AUXILIARIES = frozenset(
    "did does do has have had should shall must can could will would may might".split()
)
DOING = frozenset("do done doing happen happened".split())  # asked for, these are no things
#: Words of an answer that tells where or how, and is no thing.
NO_THING = frozenset(
    "in on at by to of for from with under behind over beside near into and or not".split()
)
ASKED = (
    "Which {} is mentioned?", "Which {} comes up?", "What {} is named?", "Name the {}.",
    "Which {} is in the text?",
)  # fmt: skip
DETERMINERS = frozenset("a an the my our his her their your some one two three".split())


@cache
def table() -> dict[tuple[str, ...], tuple[str, ...]]:
    """The members of every category, by its names; those of a closed kind of values with them."""
    found: dict[tuple[str, ...], tuple[str, ...]] = {}
    names: tuple[str, ...] = ()
    for line in TABLE.read_text("utf-8").splitlines():
        if line.startswith("# "):
            names = tuple(line[2:].split(" | "))
            found[names] = ()
        else:
            found[names] += tuple(member for member in line.strip(" ,").split(", ") if member)
    return {names: (*members, *closed_kind(names)) for names, members in found.items()}


def closed_kind(names: tuple[str, ...]) -> tuple[str, ...]:
    """The values of the closed kind that a category shares a name with, if there is one."""
    kind = next((words.kinds()[name] for name in names if name in words.kinds()), None)
    if kind is None:
        return ()
    entries = (entry.lower() for side in kind.sides.values() for entry in side)
    return tuple(dict.fromkeys(entries))


def plural(noun: str) -> str:
    """The regular plural of an English noun."""
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


@cache
def by_member() -> dict[str, tuple[tuple[str, ...], ...]]:
    """The categories of every member, in the singular and the plural, by their names."""
    found: dict[str, dict[tuple[str, ...], None]] = {}
    for names, members in table().items():
        for member in members:
            for form in (member, plural(member)):
                found.setdefault(form, {})[names] = None
    return {member: tuple(categories) for member, categories in found.items()}


@cache
def _known() -> Phrases[tuple[tuple[str, ...], ...]]:
    return Phrases(by_member())


def of_thing(answer: str) -> tuple[tuple[str, ...], ...]:
    """The categories of what a short answer names, known by its last words ("a long red scarf")."""
    parts = answer.lower().split()
    if NO_THING.intersection(parts):
        return ()
    while parts and parts[0] in DETERMINERS:
        parts = parts[1:]
    for start in range(len(parts)):
        categories = by_member().get(" ".join(parts[start:]))
        if categories:
            return categories
    return ()


def typed(question: str, answer: str, draw: Draw) -> str:
    """The question with the kind of thing that it asks for, where it can be said.

    "What did she buy?" and "a scarf" give "Which garment did she buy?"
    """
    first, _, rest = question.partition(" ")
    auxiliary, *others = re.findall(r"[\w']+", rest) or [""]
    if first != "What" or auxiliary not in AUXILIARIES or DOING.intersection(others):
        return question
    categories = of_thing(answer)
    if not categories:
        return question
    return f"Which {draw.choose(draw.choose(categories))} {rest}"


def named_once(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    """The categories of which a text names one thing, and that thing as it stands there.

    Words with a large first letter are passed over: Baker and Rose are names.
    """
    things: dict[tuple[str, ...], set[str]] = {}
    for start, end, categories in _known().find(text):
        phrase = text[start:end]
        if phrase.islower():
            for names in categories:
                things.setdefault(names, set()).add(phrase)
    for names, found in things.items():
        if len(found) == 1:
            yield names, found.pop()


def questions(text: str, draw: Draw, count: int) -> list[tuple[str, str]]:
    """Up to ``count`` questions for the one thing of a kind that a text names, with their answers."""
    options = [
        (name, thing)
        for names, thing in named_once(text)
        for name in (draw.choose(names),)
        if thing not in name
    ]
    return [(draw.choose(ASKED).format(name), thing) for name, thing in draw.some(options, count)]
