"""Documents cut into stretches that fit before a prompt, and which stretches are near one another."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from training.matching import normalise
from training.synthesis.lines import topic
from training.synthesis.people import NAME, NO_NAMES, is_name
from training.synthesis.sources import Owner, SourceDocument
from training.synthesis.voices import voices

LONGEST_TEXT = 900
"""Characters of a stretch that is studied at once; longer texts are cut between paragraphs."""

SHORTEST_TEXT = 40


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a document's text.

    Attributes:
        source: the document.
        text: the part, without space around it.
        start: where it begins in the document's text.
        part: which part of the document it is, from 1; 0 where it is the only one.
    """

    source: SourceDocument
    text: str
    start: int
    part: int = 0

    @property
    def title(self) -> str:
        """What it is called when it is asked for."""
        name = topic(self.source.document.title)
        return f"{name}, part {self.part}" if self.part else name


def stretches(source: SourceDocument, owner: Owner) -> list[Stretch]:
    """What may be studied of a document as its author's own words, in parts of at most `LONGEST_TEXT` characters."""
    text = source.document.text
    found: list[tuple[str, int]] = []
    for voice in voices(source, owner):
        if voice.speaker is None:
            continue
        for low, high in source.studied():
            start, end = max(low, voice.start), min(high, voice.end)
            if end - start >= SHORTEST_TEXT:
                found.extend(_parts(text, start, end))
    if len(found) == 1:
        return [Stretch(source, *found[0])]
    return [Stretch(source, part, start, number) for number, (part, start) in enumerate(found, 1)]


def _parts(text: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    """A stretch cut between paragraphs, or between sentences where a paragraph is too long."""
    breaks = [m.end() for m in re.finditer(r"\n\s*\n|(?<=[.!?])\s", text[start:end])]
    cuts = sorted({start, end, *(start + place for place in breaks)})
    low = start
    for previous, here in pairwise(cuts):
        if here - low > LONGEST_TEXT and previous > low:
            yield _trimmed(text, low, previous)
            low = previous
    rest = _trimmed(text, low, end)
    if len(rest[0]) >= SHORTEST_TEXT:
        yield rest


def _trimmed(text: str, start: int, end: int) -> tuple[str, int]:
    part = text[start:end]
    return part.strip(), start + len(part) - len(part.lstrip())


def entities(text: str) -> list[str]:
    """Names in a text, in the order of their first mention; a word that only begins sentences is none."""
    found: dict[str, None] = {}
    for match in re.finditer(NAME, text):
        opens = match.start() == 0 or text[: match.start()].rstrip()[-1:] in (
            "",
            ".",
            "!",
            "?",
            ":",
        )
        name = re.sub(r"['’]s?$", "", match[0])
        days = name.casefold().removesuffix("s") in NO_NAMES
        if is_name(name) and not days and (not opens or " " in name):
            found.setdefault(name, None)
    return list(found)


class Nearness:
    """Which stretches are about the same people and things: those that share rare words.

    Args:
        stretches: all of them.
    """

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self.stretches = stretches
        self._words = [frozenset(normalise(stretch.text).split()) for stretch in stretches]
        self._holders: Mapping[str, list[int]] = defaultdict(list)
        for index, words in enumerate(self._words):
            for word in words:
                self._holders[word].append(index)

    def neighbours(self, index: int, most: int) -> list[Stretch]:
        """The stretches nearest to one, of other documents, nearest first."""
        weight: Counter[int] = Counter()
        rare = max(2, len(self.stretches) // 5)
        for word in self._words[index]:
            holders = self._holders[word]
            if len(word) > 3 and len(holders) <= rare:
                weight.update(dict.fromkeys(holders, 1))
        own = self.stretches[index].source.id
        near = sorted(weight.items(), key=lambda item: (-item[1], item[0]))
        return [
            self.stretches[other] for other, _ in near if self.stretches[other].source.id != own
        ][:most]
