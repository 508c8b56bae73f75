"""Sentences to be held back: those with the words of a topic, and those with a figure that a topic explains."""

from __future__ import annotations

import bisect
import re
from array import array
from collections.abc import Callable, Iterable, Iterator

from personald.sensitive.clues import Clues, TopicClue
from personald.sensitive.rules import Figure, figures, topics
from personald.store.records import SensitiveSpan

Place = tuple[int, int]

# A sentence ends at a stop followed by space, or at the end of a line.
_SENTENCE_END = re.compile(r"[.!?…]+(?=\s)|\n")
_MAX_EACH_WAY = 1000
# As far as a list of readings goes on below its heading.
_FIGURE_REACH = 2000


def find_sentences(lowered: str, title: str, clues: Clues) -> list[SensitiveSpan]:
    """Return the sentences to be held back, a span for each topic of each.

    Args:
        lowered: the text in lower case.
        title: its title, in any case; never part of a span.
        clues: what to look for in the text.
    """
    sentence_at: Callable[[int], Place] | None = None
    found: dict[tuple[Place, str], SensitiveSpan] = {}
    for number, topic in enumerate(topics()):
        mine = [clue for clue in clues.topics if clue.topic == number]
        if not _enough(mine):
            continue
        sentence_at = sentence_at or _sentences(lowered)
        for place in _marked(lowered, mine, sentence_at):
            found[place, topic.category] = SensitiveSpan(*place, topic.category, topic.category)
    for figure in figures() if clues.figures else ():
        for start in _figures(figure, lowered, title.lower()):
            sentence_at = sentence_at or _sentences(lowered)
            place = sentence_at(start)
            span = SensitiveSpan(*place, figure.category, figure.name)
            found.setdefault((place, figure.category), span)
    return list(found.values())


def _enough(clues: Iterable[TopicClue]) -> bool:
    """False when no sentence can be marked: one strong word does, or two weak ones; a phrase can have two endings."""
    return sum(2 if clue.strong or clue.phrase else 1 for clue in clues) >= 2


def _marked(
    lowered: str, clues: Iterable[TopicClue], sentence_at: Callable[[int], Place]
) -> Iterator[Place]:
    """Yield the sentences with a strong word, or with two different weak ones."""
    strong: set[Place] = set()
    weak: dict[Place, set[str]] = {}
    for clue in clues:
        for start, word in _occurrences(clue, lowered):
            place = sentence_at(start)
            if clue.strong:
                strong.add(place)
            else:
                weak.setdefault(place, set()).add(word)
    yield from strong | {place for place, words in weak.items() if len(words) >= 2}


def _occurrences(clue: TopicClue, lowered: str) -> Iterator[tuple[int, str]]:
    if clue.phrase is None:
        for start in places(clue.text, lowered):
            end = start + len(clue.text)
            if not (_in_word(lowered[start - 1 : start]) or _in_word(lowered[end : end + 1])):
                yield start, clue.text
    else:
        for match in clue.phrase.finditer(lowered):
            yield match.start(), match[0]


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"


def places(text: str, lowered: str) -> Iterator[int]:
    """Yield where a text occurs in another."""
    place = lowered.find(text)
    while place != -1:
        yield place
        place = lowered.find(text, place + 1)


def _figures(figure: Figure, lowered: str, title: str) -> Iterator[int]:
    """Yield where a figure stands whose meaning is in the title or not far above it."""
    titled = any(keyword in title for keyword in figure.keywords)
    for match in figure.regex.finditer(lowered):
        start = match.start()
        if figure.check(match[0]) and (
            titled
            or any(
                lowered.find(keyword, max(0, start - _FIGURE_REACH), start) != -1
                for keyword in figure.keywords
            )
        ):
            yield start


def _sentences(lowered: str) -> Callable[[int], Place]:
    """Return what gives the sentence around the beginning of a word, without the space before it.

    It reaches at most a thousand characters each way.
    """
    # Arrays, as a long text has a hundred thousand sentences: where each ends, and where its last visible character does.
    ends, visible_ends = array("Q"), array("Q")
    for match in _SENTENCE_END.finditer(lowered):
        ends.append(match.end())
        visible_ends.append(match.start() if match[0] == "\n" else match.end())

    def around(place: int) -> Place:
        following = bisect.bisect_right(ends, place)
        start = max(0, place - _MAX_EACH_WAY)
        if following:
            start = max(start, ends[following - 1])
        while start < place and lowered[start].isspace():
            start += 1
        end = min(len(lowered), place + _MAX_EACH_WAY)
        if following < len(ends):
            end = min(end, visible_ends[following])
        return start, end

    return around
