"""The base studies a person's documents by itself, and is taken at its word only where that holds.

Each document is cut into stretches (`stretches`). Over each stretch, which the model reads once (`reader`), every way of
studying works in a module of its own: `questions`, `rewrites`, `implications`, `summary`, `contrast`, `entities`,
`two_hops`, `strategies`. What they write is grounded (`grounding`): the text must hold it up, and it must teach
something. The prompts are data, in `training.prompts`, and the pocket base is pretrained on those of the first five.

What was made of an unchanged stretch comes from the sealed cache, by document and way, so that a night's cost follows
what changed. Words of assistant programs and of unknown speakers are never studied (`training.synthesis.voices`).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from personald.errors import UsageError
from training.base import Base
from training.cache import SEVERAL, GenerationCache
from training.matching import normalise
from training.material import Fact
from training.selfstudy import (
    contrast,
    entities,
    implications,
    questions,
    rewrites,
    strategies,
    summary,
    two_hops,
)
from training.selfstudy.reader import Reader
from training.selfstudy.stretches import Nearness, Stretch, stretches
from training.selfstudy.ways import Made, Study, Way, Work, Yield
from training.synthesis.facts import make
from training.synthesis.rows import StudyRow
from training.synthesis.sources import Owner, SourceDocument

__all__ = ["Found", "Way", "study", "ways_of"]

STUDIES: Mapping[Way, Study] = {
    Way.QUESTIONS: questions,
    Way.REWRITES: rewrites,
    Way.IMPLICATIONS: implications,
    Way.SUMMARY: summary,
    Way.CONTRAST: contrast,
    Way.ENTITIES: entities,
    Way.TWO_HOPS: two_hops,
    Way.STRATEGIES: strategies,
}
NEEDS_NEIGHBOURS = frozenset({Way.CONTRAST, Way.TWO_HOPS})
NEIGHBOURS = 3

Step = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Found:
    """What the base made of the documents.

    Attributes:
        facts: short answers, to be worded in many ways.
        rows: everything else, to be studied as it is.
        dropped: what did not hold, by reason; what came from the cache is counted as when it was made.
    """

    facts: tuple[Fact, ...] = ()
    rows: tuple[StudyRow, ...] = ()
    dropped: Counter[str] = field(default_factory=Counter)


def ways_of(names: Iterable[str]) -> tuple[Way, ...]:
    """The ways with these names; all of them where none is named.

    Raises:
        UsageError: there is no such way.
    """
    try:
        return tuple(Way(name) for name in names) or tuple(Way)
    except ValueError as error:
        raise UsageError(
            f"training.study.ways: {error}", f"Known: {', '.join(way.value for way in Way)}."
        ) from error


def study(
    base: Base,
    documents: Sequence[SourceDocument],
    owner: Owner,
    cache: GenerationCache,
    step: Step,
    ways: Sequence[Way] = tuple(Way),
) -> Found:
    """What the base finds in these documents, grounded.

    Args:
        base: the model, without an adapter.
        documents: what to read; cards and calendars are left to the rules.
        owner: whose files they are.
        cache: keeps what was generated.
        step: told (done, total) after every document; may raise to stop.
        ways: the ways to study in.
    """
    wanted = [
        source for source in documents if source.document.kind not in ("contact", "event", "task")
    ]
    parts = {source.id: stretches(source, owner) for source in wanted}
    every = [part for source in wanted for part in parts[source.id]]
    place = {id(part): index for index, part in enumerate(every)}
    near = Nearness(every)
    reader = Reader(base)
    facts: list[Fact] = []
    rows: list[StudyRow] = []
    dropped: Counter[str] = Counter()
    for done, source in enumerate(wanted, 1):
        for part in parts[source.id]:
            neighbours = tuple(near.neighbours(place[id(part)], NEIGHBOURS))
            for way in ways:
                work = Work(part, neighbours if way in NEEDS_NEIGHBOURS else ())
                given = _made(reader, way, work, cache)
                dropped.update(given.dropped)
                facts.extend(_facts(part, [item for item in given.made if item.fact]))
                rows.extend(_row(way, work, item) for item in given.made if not item.fact)
        step(done, len(wanted))
    return Found(tuple(facts), tuple(rows), dropped)


def _made(reader: Reader, way: Way, work: Work, cache: GenerationCache) -> Yield:
    """What a way gives for a piece of work, from the cache where nothing it depends on has changed."""
    prompts = hashlib.sha256("\n".join(STUDIES[way].PROMPTS).encode()).hexdigest()
    inputs = [
        *("self-study", way.value, reader.base.fingerprint, prompts),
        *(work.stretch.title, work.stretch.text),
        *(near.text for near in work.near),
    ]

    def write() -> list[object]:
        given = STUDIES[way].make(reader, work)
        return [[item.to_json() for item in given.made], dict(+given.dropped)]

    document = SEVERAL if work.near else work.stretch.source.id
    made, dropped = cache.get_or_make(document, inputs, write)
    return Yield([Made.from_json(entry) for entry in made], Counter(dropped))


def _facts(part: Stretch, made: Sequence[Made]) -> list[Fact]:
    """A fact for every answer, with all the questions that it was the answer to."""
    by_answer: dict[str, list[Made]] = {}
    for item in made:
        by_answer.setdefault(normalise(item.answer), []).append(item)
    found = (
        make(
            part.source,
            part.source.document.title,
            f"asked: {same[0].question}",
            same[0].answer,
            same[0].support,
            near=part.start,
            questions=[item.question for item in same],
        )
        for same in by_answer.values()
    )
    return [fact for fact in found if fact is not None]


def _row(way: Way, work: Work, item: Made) -> StudyRow:
    """A row with its support, which stands in the stretch or in the one that it was linked with."""
    part = work.stretch
    other = work.near[item.with_near] if item.with_near >= 0 else None
    place = part.text.find(item.support)
    if place < 0 and other is not None:
        part, other, place = other, part, other.text.find(item.support)
    start = part.start + max(place, 0)
    quote = item.support if place >= 0 else part.text
    return StudyRow(
        way.value,
        item.question,
        item.answer,
        item.purpose,
        part.source.id,
        part.source.version,
        start,
        start + len(quote),
        quote,
        ((other.source.id, other.source.version),) if other is not None else (),
    )
