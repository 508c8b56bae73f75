"""Drills: the shortest texts from which looking up and copying can be learnt.

In-context copying appears suddenly, and sooner the denser its supervision (Chan et al. 2022;
Singh et al. 2024). So the first shards hold many lists to repeat and small tables to look things
up in, every line of them asked for, before connected text takes over.
"""

from training.pocket.language import values
from training.pocket.language.draw import Draw
from training.pocket.language.sample import UNKNOWN, Sample, Turn

SKILL = "drill"
_REPEAT_SHARE = 0.25
_UNKNOWN_SHARE = 0.12
_REPEAT_PROMPTS = ("Repeat this: ", "Say this again: ", "Copy this: ", "Write this once more: ")
_KEYS = ("noun", "compound", "person", "thing", "noun_phrase", "first", "product", "event")
_LINKS = (": ", " - ", " = ", " is ", " – ", ", ")
_ENDS = ("\n", "; ", ". ", "\n- ")


def drill_share(shard: int) -> float:
    """The share of drills among a shard's samples."""
    return (0.8, 0.5, 0.25, 0.1)[shard] if shard < 4 else 0.02


def _value(draw: Draw, kinds: tuple[str, ...]) -> str:
    return draw.fresh(lambda d: values.make(d.choose(kinds), d).text)


def drill(seed: int, index: int) -> Sample:
    """A list to repeat or a table to look things up in; a pure function of its arguments."""
    draw = Draw(f"drill-{seed}-{index}")
    kinds = tuple(sorted(values.slot_types()))
    if draw.chance(_REPEAT_SHARE):
        items = [_value(draw, kinds) for _ in range(draw.integer(3, 9))]
        text = draw.choose((", ", "\n", "; ")).join(items)
        prompt = Turn("user", draw.choose(_REPEAT_PROMPTS) + text)
        return Sample(SKILL, (prompt, Turn("assistant", text)))
    keys_of = tuple(kind for kind in _KEYS if kind in kinds)
    rows = [(_value(draw, keys_of), _value(draw, kinds)) for _ in range(draw.integer(2, 7))]
    link, end = draw.choose(_LINKS), draw.choose(_ENDS)
    table = end.join(f"{key}{link}{value}" for key, value in rows)
    turns: list[Turn] = []
    for key, value in draw.shuffled(rows):
        if draw.chance(_UNKNOWN_SHARE):
            key, value = _value(draw, keys_of), UNKNOWN
        question = key if turns else f"{table}\n\n{key}"
        turns += [Turn("user", question), Turn("assistant", value)]
    return Sample(SKILL, tuple(turns))
