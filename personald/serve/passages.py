"""Cut documents into passages and rank them for a question: pure functions of texts."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# A passage holds about so many words: a few sentences, so that a small model sees little that is beside the point.
PASSAGE_WORDS = 70

# Okapi BM25 with its usual constants (Robertson and Zaragoza, "The Probabilistic Relevance Framework", 2009, 3.2).
K1 = 1.2
B = 0.75

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*", re.UNICODE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")

# Words that say nothing about what a question asks for.
STOP_WORDS = frozenset(
    "a an and any are as at be been but by can could did do does for from had has have her hers him his how i if in is "
    "it its me mine my of on or our ours she so some such than that the their them then there these they this those to "
    "us was we were what when where which who whom whose why will with would you your yours i'm i've it's what's who's "
    "please tell know remember remind".split()
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one document.

    Attributes:
        document: the document's id.
        title: the document's title.
        origin: where it came from.
        text: the passage.
        date: ISO date of the document, "" when unknown.
    """

    document: str
    title: str
    origin: str
    text: str
    date: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage with its score for a question; higher is better, 0 shares no word with it."""

    passage: Passage
    score: float


def stems(text: str) -> list[str]:
    """The text's words, folded and with common English endings taken off, stop words left out."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return [_stem(word) for word in _WORD.findall(folded) if word not in STOP_WORDS]


def _stem(word: str) -> str:
    """A light stemmer: enough for "tickets" to meet "ticket" and "painted" to meet "paint", harmless elsewhere."""
    word = word.removesuffix("'s")
    for ending in ("ings", "ing", "ied", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            root = word.removesuffix(ending)
            return root + "y" if ending in ("ied", "ies") else root.rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word


def cut(text: str, words: int = PASSAGE_WORDS) -> list[str]:
    """Cut a text into passages of about `words` words, at empty lines, line ends and sentence ends where possible."""
    passages: list[str] = []
    current: list[str] = []
    size = 0
    for piece, separator in _pieces(text, words):
        count = len(piece.split())
        if current and size + count > words:
            passages.append("".join(current).strip())
            current, size = [], 0
        current.append(piece + separator)
        size += count
    passages.append("".join(current).strip())
    return [passage for passage in passages if passage]


def _pieces(text: str, words: int) -> Iterable[tuple[str, str]]:
    """Paragraphs that fit whole; else their lines; else their sentences; else runs of words."""
    for paragraph in re.split(r"\n\s*\n", text):
        if len(paragraph.split()) <= words:
            yield paragraph, "\n\n"
            continue
        for line in paragraph.splitlines():
            if len(line.split()) <= words:
                yield line, "\n"
                continue
            for sentence in _SENTENCE_END.split(line):
                parts = sentence.split()
                for start in range(0, len(parts), words):
                    yield " ".join(parts[start : start + words]), " "


def rank(question: str, passages: Sequence[Passage], limit: int) -> list[Ranked]:
    """The passages that share most with a question, best first.

    BM25 over the passages given; a passage's title counts as part of its text.

    Args:
        question: as asked.
        passages: candidates.
        limit: how many to return; those that share nothing are left out.
    """
    wanted = set(stems(question))
    counts = [Counter(stems(f"{item.title}\n{item.text}")) for item in passages]
    if not wanted or not counts:
        return []
    lengths = [sum(count.values()) for count in counts]
    average = max(sum(lengths) / len(lengths), 1.0)
    inverse = {
        word: math.log(1 + (len(counts) - seen + 0.5) / (seen + 0.5))
        for word in wanted
        if (seen := sum(word in count for count in counts))
    }
    scored = [
        Ranked(
            passage,
            sum(
                weight
                * count[word]
                * (K1 + 1)
                / (count[word] + K1 * (1 - B + B * length / average))
                for word, weight in inverse.items()
                if count[word]
            ),
        )
        for passage, count, length in zip(passages, counts, lengths, strict=True)
    ]
    best = sorted((item for item in scored if item.score > 0), key=lambda item: -item.score)
    return best[:limit]
