"""The mixture that pretraining learns from, by random access, and the held-out items.

``sample(seed, index)`` is a pure function: any worker may make any sample, a stopped run goes on
where it was. ``level`` grows from 0 (short dense texts) to 1 (all) as a curriculum.
"""

from collections.abc import Callable

from training.pocket.language.draw import Draw, Split
from training.pocket.language.sample import Sample, SkillItem
from training.pocket.language.skills import abstain, reading

#: How often each maker is drawn.
MIXTURE: tuple[tuple[float, Callable[[Draw, float], Sample]], ...] = (
    (70, reading.sample),
    (8, abstain.text_sample),
    (6, abstain.closed_sample),
)
ITEMS: dict[str, Callable[[Draw], SkillItem]] = {
    reading.NAME: reading.item,
    abstain.WITH_TEXT: abstain.text_item,
    abstain.CLOSED: abstain.closed_item,
}
#: The skills that `held_out` has items for, in the order of the model card.
SKILLS: tuple[str, ...] = tuple(ITEMS)


def sample(seed: int, index: int, level: float = 1.0) -> Sample:
    """The sample at ``index`` of the stream ``seed``.

    Args:
        seed: which stream.
        index: which sample of it, from 0.
        level: 0 to 1, how long and crowded the texts may be.
    """
    draw = Draw(f"{seed}/{index}")
    return draw.weighted(MIXTURE)(draw, level)


def held_out(skill: str, n: int, seed: int) -> tuple[SkillItem, ...]:
    """``n`` items of a skill, made of names, words, values, scenes and wordings kept apart.

    Raises:
        KeyError: there is no such skill.
    """
    make = ITEMS[skill]
    return tuple(make(Draw(f"{skill}/{seed}/{index}", Split.TEST)) for index in range(n))
