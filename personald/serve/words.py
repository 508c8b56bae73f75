"""Words as they are compared: folded, without endings."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+(?:['’.\-@][^\W_]+)*", re.UNICODE)

# What a word is joined of: "wifi-password", "215pw", "12.4kg".
_PART = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+")

# Words that say nothing about what a question asks for.
STOP_WORDS = frozenset(
    "a about all also am an and any are as at be been but by can could did do does for from had has have her hers him his "
    "how i if in into is it its just me mine much many my of on onto or our ours out please she he so some such than "
    "that the their them then there these they this those to too up us was we were what when where which who whom whose "
    "why will with would you your yours i'm i've it's what's who's when's where's i'd i'll we're we've tell know "
    "remember remind exactly kind again which's going here was's".split()
)


def plain(text: str) -> str:
    """The text in NFKC, case folded, with straight apostrophes."""
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


def stem(word: str) -> str:
    """A light stemmer for folded words: "tickets" meets "ticket", "painted" meets "paint"; harmless elsewhere."""
    word = word.removesuffix("'s").removesuffix("'").rstrip(".")
    if any(character.isdigit() for character in word):
        return word.replace("-", "")
    for ending in ("ings", "ing", "ied", "ies", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            return _root(word.removesuffix(ending) + ("y" if ending in ("ied", "ies") else ""))
    return _root(word)


def _root(word: str) -> str:
    """The part that stays in front of endings: "stopp" → "stop", "make" → "mak"."""
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        return word[:-1]
    return word.rstrip("e") if len(word) > 3 else word


def tokens(text: str) -> list[tuple[int, int, str]]:
    """All words of a text as (start, end, stem), stop words with an empty stem; parts of joined words also singly."""
    found: list[tuple[int, int, str]] = []
    for match in _WORD.finditer(text):
        word = plain(match.group())
        if word in STOP_WORDS:
            found.append((match.start(), match.end(), ""))
            continue
        found.append((match.start(), match.end(), stem(word)))
        parts = _PART.findall(word)
        if len(parts) > 1:
            whole = found[-1]
            found += [
                (*whole[:2], stem(part))
                for part in parts
                if len(part) > 1 and stem(part) != whole[2]
            ]
    return found


@lru_cache(maxsize=16384)
def stems(text: str) -> tuple[str, ...]:
    """The text's words, folded and with common English endings taken off, stop words left out."""
    return tuple(word for _, _, word in tokens(text) if word)
