"""Questions about somebody who is not named: first who that is, then the question again with the name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from personald.serve.evidence import Candidate
from personald.serve.finding import Found, find_answers
from personald.serve.passages import Passage
from personald.serve.question import Question
from personald.serve.words import stems

# What people keep about one another; only these are asked for in two steps.
_DETAIL = (
    r"(?:(?:tele|mobile |cell |work |home )?phone number|(?:mobile|cell) number|e-?mail(?: address)?|"
    r"(?:home |street )?address|birthday|mobile|date of birth)"
)
_OF = re.compile(
    rf"^(?P<head>.*?\bthe {_DETAIL}) of (?P<who>(?:the|my|our|his|her|their|\S+['’]s) .+?)\s*\?*$",
    re.IGNORECASE,
)
_POSSESSIVE = re.compile(
    rf"^(?P<head>.*?)\b(?P<who>(?:my|our|\S+['’]s)\s.*?)['’]s? (?P<detail>{_DETAIL})\s*\?*$",
    re.IGNORECASE,
)
_LIVES = re.compile(
    r"^(?P<head>where) (?:do|does) (?P<who>(?:my|our|the)\s.+?) live\s*\?*$", re.IGNORECASE
)

# How sure the name must be, how much surer than the next one, and how much doubt it leaves in the answer.
SURE = 0.6
MARGIN = 0.02
DOUBT = 0.3


@dataclass(frozen=True, slots=True)
class Hop:
    """A question in two steps.

    Attributes:
        who: the first: whom is it about?
        then: makes the second of a name.
    """

    who: str
    then: Callable[[str], str]


def hop_of(text: str) -> Hop | None:
    """The two steps of a question, if it asks for a detail of somebody whom it does not name."""
    if match := _OF.match(text):
        head = match["head"]
        return Hop(f"Who is {match['who']}?", lambda name: f"{head} of {name}?")
    if match := _POSSESSIVE.match(text):
        head, detail = match["head"], match["detail"]
        return Hop(f"Who is {match['who']}?", lambda name: f"{head}{name}'s {detail}?")
    if match := _LIVES.match(text):
        return Hop(f"Who is {match['who']}?", lambda name: f"Where does {name} live?")
    return None


def find(text: str, passages_for: Callable[[str], Sequence[Passage]]) -> Found:
    """Find passages and values for a question, in two steps where that makes the answer surer.

    Args:
        text: the question.
        passages_for: gives the passages that may hold something about a question.
    """

    def ask(question: str) -> Found:
        return find_answers(Question.understand(question), passages_for(question))

    direct = ask(text)
    hop = hop_of(text)
    name = _name(ask(hop.who)) if hop else None
    if hop is None or name is None:
        return direct
    found = ask(hop.then(re.sub(r"\s*\(.*?\)", "", name.text).strip()))
    doubt = 1 - DOUBT * (1 - name.fit)
    offers = [replace(offer, fit=offer.fit * doubt) for offer in found.offers]
    if not offers or (direct.offers and direct.offers[0].fit >= offers[0].fit):
        return direct
    return replace(found, offers=tuple(offers))


def _name(found: Found) -> Candidate | None:
    """Who is surely meant."""
    persons = [offer for offer in found.offers if any(sign.isupper() for sign in offer.text)]
    if not persons or persons[0].fit < SURE:
        return None
    rival = next((offer for offer in persons if not _same(offer, persons[0])), None)
    return None if rival and persons[0].fit - rival.fit < MARGIN else persons[0]


def _same(one: Candidate, other: Candidate) -> bool:
    return bool(set(stems(one.text)) & set(stems(other.text)))
