"""The word lists, read once: open-world words of tens of thousands, and the closed kinds."""

import tomllib
from functools import cache
from pathlib import Path

from training.pocket.language.draw import Draw, Split, SplitList, split_of

FOLDER = Path(__file__).parent / "words"
FEWEST_HELD_OUT = 6  # lists too short to hold out as many are common to both sides
COMMON_NOUNS, COMMON_ADJECTIVES, COMMON_VERBS = 3000, 900, 700


def lines(name: str) -> tuple[str, ...]:
    """The entries of one list file."""
    return tuple((FOLDER / f"{name}.txt").read_text("utf-8").split("\n")[:-1])


@cache
def word_list(name: str) -> SplitList:
    """One open list (``nouns``, ``adjectives``, ``women``, ``men``, ``last``, ``cities``, …)."""
    return SplitList(lines(name))


@cache
def common(name: str, count: int) -> SplitList:
    """The ``count`` commonest entries of an open list that is ordered by frequency."""
    return SplitList(lines(name)[:count])


@cache
def kinds() -> dict[str, SplitList]:
    """The closed kinds; short ones are the same on both sides."""
    table = tomllib.loads((FOLDER / "kinds.toml").read_text("utf-8"))
    result = {}
    for name, text in table.items():
        entries = tuple(text.split("|"))
        result[name] = SplitList(entries)
        if len(result[name].sides[Split.TEST]) < FEWEST_HELD_OUT:
            result[name].sides = dict.fromkeys(Split, entries)
    return result


def noun(draw: Draw) -> str:
    """An ordinary noun, a common one twice in three times."""
    if draw.chance(0.65):
        return draw.word(common("nouns", COMMON_NOUNS))
    return draw.word(word_list("nouns"))


def adjective(draw: Draw) -> str:
    """An adjective, a common one twice in three times."""
    if draw.chance(0.65):
        return draw.word(common("adjectives", COMMON_ADJECTIVES))
    return draw.word(word_list("adjectives"))


def of_kind(kind: str, draw: Draw) -> str:
    """A word of a closed kind."""
    return draw.word(kinds()[kind])


@cache
def verb_forms() -> SplitList:
    """Lines "base past participle gerund" of the commoner verbs, split by base form."""
    result = SplitList(())
    for side in Split:
        result.sides[side] = tuple(
            line for line in lines("verbs")[:COMMON_VERBS] if split_of(line.split()[0]) is side
        )
    return result
