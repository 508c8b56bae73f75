"""The grammar's own world: facts known by heart, so that forgetting can be measured.

`world.toml` holds invented countries and their capitals, rivers, founders and so on, and the
wordings of every relation. They are the only facts this model knows without a text.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from training.pocket.language import facts, layout
from training.pocket.language.draw import Draw
from training.pocket.language.sample import Check, Sample, SkillItem, Turn
from training.pocket.language.template import Binding, Template, Value, compiled
from training.pocket.language.values import make

NAME = "world"
FILE = Path(__file__).parent.parent / "world.toml"


@dataclass(frozen=True, slots=True)
class WorldFact:
    """One fact of the world: of ``country``, under ``relation``, it holds ``value``."""

    country: str
    relation: str
    value: str


@cache
def world() -> tuple[tuple[WorldFact, ...], dict[str, tuple[Template, ...]]]:
    """Every fact, and the questions of every relation."""
    table = tomllib.loads(FILE.read_text("utf-8"))
    relations = list(table["relations"])
    known = []
    for country, line in table["countries"].items():
        for relation, value in zip(relations, line.split("|"), strict=True):
            known.append(WorldFact(country, relation, value))
    questions = {r: tuple(compiled(q) for q in table["relations"][r]) for r in relations}
    return tuple(known), questions


def question(fact: WorldFact, draw: Draw) -> str:
    """A question for a fact."""
    template = facts.wording(world()[1][fact.relation], draw)
    values = {"country": Value("country", fact.country)}
    return facts.tidy(template.render(Binding(draw, make, values)))


def sample(draw: Draw, level: float) -> Sample:
    """Several questions about the world."""
    del level
    turns: list[Turn] = []
    for fact in draw.some(world()[0], draw.integer(2, 6)):
        turns += layout.turn_pair(question(fact, draw), fact.value)
    return Sample(NAME, tuple(turns))


def item(draw: Draw) -> SkillItem:
    """A question about the world, in any wording."""
    fact = draw.choose(world()[0])
    return SkillItem(NAME, (Turn("user", question(fact, draw)),), Check.EXACT, (fact.value,))
