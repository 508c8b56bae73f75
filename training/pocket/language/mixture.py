"""The mixture that pretraining learns from, by random access, and the held-out items.

``sample(seed, index)`` is a pure function: any worker may make any sample, a stopped run goes on
where it was. The level grows along a stream from 0 (short dense texts) to 1 (everything).
"""

from collections.abc import Callable

from training.pocket.language.draw import Draw, Split
from training.pocket.language.sample import Sample, SkillItem
from training.pocket.language.skills import (
    abstain,
    dated,
    manners,
    passages,
    reading,
    reasoning,
    remarks,
    study,
    world,
)

#: Each maker with how often it is drawn at the first level and at the last: reading comes first,
#: because every other skill is reading and something more.
MIXTURE: tuple[tuple[float, float, Callable[[Draw, float], Sample]], ...] = (
    (80, 55, reading.sample),
    (4, 6, abstain.text_sample),
    (4, 5, abstain.closed_sample),
    (2, 5, reasoning.hop_sample),
    (3, 4, reasoning.reverse_sample),
    (2, 7, dated.newest_sample),
    (0, 3, dated.later_sample),
    (0, 8, dated.updates_sample),
    (2, 4, world.sample),
    (1, 6, study.pairs_sample),
    (1, 5, study.rewrite_sample),
    (1, 5, study.list_sample),
    (0, 0.7, remarks.quote_sample),
    (0, 0.4, remarks.imply_sample),
    (0, 0.4, remarks.sum_up_sample),
    (0, 0.4, remarks.contrast_sample),
    (1, 5, passages.sample),
    (1, 2, manners.yes_no_sample),
    (0.5, 0.5, manners.courtesy_sample),
)
#: The curriculum by a sample's place in its stream: short dense texts up to the first number,
#: everything from the second on. In-context copying appears sooner when answers are dense.
SHORT_UNTIL, FULL_FROM = 60_000, 200_000
ITEMS: dict[str, Callable[[Draw], SkillItem]] = {
    reading.NAME: reading.item,
    abstain.WITH_TEXT: abstain.text_item,
    abstain.CLOSED: abstain.closed_item,
    reasoning.TWO_HOP: reasoning.hop_item,
    reasoning.REVERSE: reasoning.reverse_item,
    dated.NEWEST: dated.newest_item,
    world.NAME: world.item,
    study.PAIRS: study.pairs_item,
    study.REWRITE: study.rewrite_item,
    study.LIST: study.list_item,
    passages.NAME: passages.item,
}
#: The skills that `held_out` has items for, in the order of the model card.
SKILLS: tuple[str, ...] = tuple(ITEMS)


def level_at(index: int) -> float:
    """The level of the curriculum at a place of a stream, from 0 to 1."""
    return min(1.0, max(0.0, (index - SHORT_UNTIL) / (FULL_FROM - SHORT_UNTIL)))


def sample(seed: int, index: int, level: float | None = None) -> Sample:
    """The sample at ``index`` of the stream ``seed``.

    Args:
        seed: which stream.
        index: which sample of it, from 0.
        level: 0 to 1, how long and crowded the texts may be; by the curriculum if not given.
    """
    level = level_at(index) if level is None else level
    draw = Draw(f"{seed}/{index}")
    makers = [(low + (high - low) * level, make) for low, high, make in MIXTURE]
    return draw.weighted(makers)(draw, level)


def held_out(skill: str, n: int, seed: int) -> tuple[SkillItem, ...]:
    """``n`` items of a skill, made of names, words, values, scenes and wordings kept apart.

    Raises:
        KeyError: there is no such skill.
    """
    make = ITEMS[skill]
    return tuple(make(Draw(f"{skill}/{seed}/{index}", Split.TEST)) for index in range(n))
