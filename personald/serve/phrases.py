"""Short phrases that stand next to a question's words: "allergic to | kiwi", "plays | the accordion"; answers without a form of their own."""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache

from personald.serve.values import Span
from personald.serve.words import STOP_WORDS, plain, stem

# A phrase holds at most so many words.
LONGEST = 4

# Where a phrase ends; what may stand between a word of the question and the phrase.
_END = re.compile(
    r"[,;()!?\n\"“”]|(?<!Mr)(?<!Dr)(?<!Mrs)[.:](?!\d)|\s[–—-]\s|\s(?:and|but|because|which|who|when|so|if|that|for|since|while|where|although|until|then|than)\s",
    re.IGNORECASE,
)
_BRIDGE = re.compile(
    r"(?:[\s*:=–—\"“‘-]|\b(?:is|are|was|were|be|been|being|to|of|in|on|at|with|from|by|as|it|its|it's|he|she|they|i|we|you|not|"
    r"a|an|the|his|her|my|our|their|some|any|called|named|very|really|also|only|still|now|always|never|just|so|too)\b)+",
    re.IGNORECASE,
)
# "Job title: teacher": the word of the question is the beginning of a label.
_LABEL_GOES_ON = re.compile(r"(?: \w+)+:\s")
_WORD = re.compile(r"[^\W_]+(?:['’\-.:][^\W_]+)*")
_COLOURS = (
    "red blue green yellow orange purple violet pink brown black white grey gray beige turquoise teal navy emerald crimson "
    "scarlet burgundy maroon lilac lavender mint olive khaki cream ivory silver gold golden copper bronze magenta indigo "
    "mustard coral salmon peach plum charcoal"
)
_COLOUR = re.compile(
    rf"\b(?:(?:dark|light|pale|bright|deep|sea|sky|bottle|forest|racing|royal|moss|olive|brick|blood|rose|navy)\s+)?"
    rf"(?:{'|'.join(_COLOURS.split())})\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=2048)
def colours(text: str) -> tuple[Span, ...]:
    """Where colours stand."""
    return tuple(match.span() for match in _COLOUR.finditer(text))


def phrases(text: str, meant: Set[str]) -> list[Span]:
    """The phrases that follow words of a question, each up to the end of its clause and at most `LONGEST` words.

    Args:
        text: a passage.
        meant: stems of the question's content words and of what stands for them.
    """
    found: list[Span] = []
    for match in _WORD.finditer(text):
        word = plain(match.group())
        if word in STOP_WORDS or stem(word) not in meant:
            continue
        bridge = _BRIDGE.match(text, match.end())
        start = bridge.end() if bridge else match.end()
        if _LABEL_GOES_ON.match(text, match.end()) or "\n" in text[match.end() : start]:
            continue
        span = _phrase(text, start)
        if span is not None and not _holds(meant, text[span[0] : span[1]]):
            found.append(span)
    return list(dict.fromkeys(found))


def _holds(meant: Set[str], phrase: str) -> bool:
    """Whether a phrase repeats a word of the question: then another word of it stands nearer to the answer."""
    return any(stem(plain(word)) in meant for word in _WORD.findall(phrase))


def _phrase(text: str, start: int) -> Span | None:
    """The words from here to the end of the clause."""
    end = _END.search(text, start)
    stop = end.start() if end else len(text)
    words = [match.span() for match in _WORD.finditer(text, start, stop)][:LONGEST]
    return (words[0][0], words[-1][1]) if words else None
