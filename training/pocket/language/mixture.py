"""The mixture that pretraining learns from, by random access, and the held-out items.

``sample(seed, index)`` is a pure function: any worker may make any sample, a stopped run goes on
where it was. ``level`` grows from 0 (short dense texts) to 1 (all) as a curriculum.
"""

from collections.abc import Callable

from training.pocket.language.draw import Draw, Split
from training.pocket.language.sample import Sample, SkillItem
from training.pocket.language.skills import (
    abstain,
    manners,
    passages,
    reading,
    reasoning,
    study,
    world,
)

#: How often each maker is drawn.
MIXTURE: tuple[tuple[float, Callable[[Draw, float], Sample]], ...] = (
    (52, reading.sample),
    (6, abstain.text_sample),
    (5, abstain.closed_sample),
    (5, reasoning.hop_sample),
    (4, reasoning.reverse_sample),
    (4, reasoning.newest_sample),
    (4, world.sample),
    (6, study.pairs_sample),
    (5, study.rewrite_sample),
    (4, study.list_sample),
    (6, passages.sample),
    (2, manners.yes_no_sample),
    (0.5, manners.courtesy_sample),
)
ITEMS: dict[str, Callable[[Draw], SkillItem]] = {
    reading.NAME: reading.item,
    abstain.WITH_TEXT: abstain.text_item,
    abstain.CLOSED: abstain.closed_item,
    reasoning.TWO_HOP: reasoning.hop_item,
    reasoning.REVERSE: reasoning.reverse_item,
    reasoning.NEWEST: reasoning.newest_item,
    world.NAME: world.item,
    study.PAIRS: study.pairs_item,
    study.REWRITE: study.rewrite_item,
    study.LIST: study.list_item,
    passages.NAME: passages.item,
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
