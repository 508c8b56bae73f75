"""Which of the values that were offered, read and remembered is the answer; none when none is sure enough."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from personald.serve.evidence import Candidate, fitness, spans
from personald.serve.finding import Found, weighed
from personald.serve.passages import Passage
from personald.serve.reader import Reading
from personald.serve.support import contains, place_of
from personald.serve.values import Kind
from training.matching import matches, normalise
from training.ownership import about
from training.runtime import Recollection

# An answer must be as sure as this. Measured by benchmarks/answers.py: the point where wrong values become rare.
THRESHOLD = 0.87

# A value is surer the further it stands out from the best other one: by this share of its lead, up to this lead.
# Measured like the threshold: at the same share of wrong values a tenth more answers are right.
LEAD_SHARE = 0.75
MOST_LEAD = 0.2

# How much of the doubt a reader's and a memory's word takes away, at full confidence. A reader's confidence is raised to
# a power, for it is right mostly where it is nearly certain; both of its numbers were measured together with the threshold
# (docs/answers.md). A memory was believed (.62 where the threshold was .82) as much as it can be without saying more of the
# false values that were put in its mouth; .67 asks as much of a value that stands alone in its passage as that did.
READER_BELIEF = 0.6
READER_SHARPNESS = 6
MEMORY_BELIEF = 0.67

# What was read with less confidence bears a value out, but is none by itself.
SURE_READING = 0.9

# A reading that says more than an offer says the same as long as it is less than so many times its length: "Hotel Astra" and
# "Astra", "11 June 1851" and "11 June".
MOST_MORE = 2

# A memory that is this certain of a value that was taught of just those whom the question names needs no passage that
# bears it out: two in a thousand of what three made-up persons' memories answered was wrong (docs/memory.md), and no
# single passage answers a question over two facts.
CERTAIN = 0.9


@dataclass(frozen=True, slots=True)
class Choice:
    """The answer.

    Attributes:
        text: its words, as they stand in the passage.
        passage: where.
        sureness: its fit, and part of its lead over the best other value; about 0 to 1.
        remembered: a memory said it too.
    """

    text: str
    passage: Passage
    sureness: float
    remembered: bool


def choose(
    found: Found,
    reading: Reading | None,
    recollection: Recollection | None,
    threshold: float = THRESHOLD,
) -> Choice | None:
    """The best of all values, or None.

    Args:
        found: passages and the values that they offer.
        reading: what the base read in the best of them; None when it read no answer there.
        recollection: what a memory says; None when it says nothing.
        threshold: how sure an answer must be.
    """
    offers = list(found.offers)
    if reading is not None:
        trust = READER_BELIEF * reading.confidence**READER_SHARPNESS
        offers = [_heard(offer, reading, trust) for offer in offers]
        if reading.confidence >= SURE_READING:
            offers += [
                replace(offer, fit=_believed(offer.fit, trust))
                for offer in _placed(found, reading.answer, [reading.passage])
            ]
    told: list[Candidate] = []
    if recollection is not None:
        told = [
            replace(offer, fit=_believed(offer.fit, MEMORY_BELIEF * recollection.confidence))
            for offer in _placed(
                found, recollection.answer, [item.passage for item in found.ranked]
            )
        ]
    best = max((*told, *offers), key=lambda offer: offer.fit, default=None)
    if best is None:
        return None
    sureness = _sureness(best, (*told, *offers))
    if sureness < threshold:
        return None
    remembered = recollection is not None and matches(best.text, (recollection.answer,))
    return Choice(best.text, best.passage, sureness, remembered)


def stands_alone(question: str, recollection: Recollection) -> bool:
    """Whether a memory's word is enough where no value is sure: it is certain, and the question names whose value it is.

    Whose value it is has been looked at before (`training.ownership`), strictly so for those who are named.
    """
    return recollection.confidence >= CERTAIN and bool(about(question).holders)


def _sureness(best: Candidate, offers: Iterable[Candidate]) -> float:
    """The best offer's fit with its lead over the best offer that says something else."""
    words = set(normalise(best.text).split())
    rival = max(
        (
            offer.fit
            for offer in offers
            if not (words <= (others := set(normalise(offer.text).split())) or others <= words)
        ),
        default=0.0,
    )
    return best.fit + LEAD_SHARE * min(best.fit - rival, MOST_LEAD)


def _heard(offer: Candidate, reading: Reading, trust: float) -> Candidate:
    """An offer, surer where the base read the same in the same passage; in the base's words where these say more."""
    said, read = normalise(offer.text), normalise(reading.answer)
    more = f" {said} " in f" {read} " and len(read) < MOST_MORE * len(said)
    same = matches(reading.answer, (offer.text,)) or matches(offer.text, (reading.answer,))
    if reading.passage != offer.passage or not (same or more):
        return offer
    span = place_of(reading.answer, reading.passage.text) if more else None
    text = reading.passage.text[span[0] : span[1]] if span else offer.text
    return replace(offer, text=text, fit=_believed(offer.fit, trust))


def _believed(fit: float, belief: float) -> float:
    """The doubt that is left, less what the belief takes of it."""
    return 1 - (1 - fit) * (1 - belief)


def _placed(found: Found, text: str, passages: Iterable[Passage]) -> list[Candidate]:
    """A text as an offer of each passage that holds it, if it has the form that the question asks for."""
    question = found.asked.question
    offers = []
    for passage in passages:
        span = place_of(text, passage.text)
        if span is None or not contains(passage.text, text):
            continue
        others = spans(found.asked, passage)
        if question.kind not in (Kind.THING, Kind.REASON, Kind.PLACE) and not any(
            start < span[1] and span[0] < end for start, end in others
        ):
            continue
        fit = fitness(found.asked, passage, span, others)
        offers.append(Candidate(passage.text[span[0] : span[1]], passage, fit))
    return weighed(question, offers)
