"""When an answer counts as right: the comparison that `personald eval` promises.

Answers are compared after Unicode NFKC, case folding, and stripping of punctuation and articles; an answer counts
when it equals one of the accepted answers, or contains one as whole words and is no longer than four times its length.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

ARTICLES = frozenset({"a", "an", "the"})

LONGEST = 4
"""An answer may be at most this many times as long as the accepted answer that it contains."""

UNKNOWN = "I don't know."
"""What the model says, word for word, when it does not know."""

ABSTENTIONS = (UNKNOWN, "I do not know.", "Unknown.", "I'm not sure.", "No idea.")


def normalise(text: str) -> str:
    """The form in which answers are compared: words separated by single spaces.

    Dashes and slashes part words ("12-14", "and/or"); every other punctuation mark or symbol vanishes
    ("don't" → "dont", "U.S." → "us").
    """
    parted = "".join(map(_plain, unicodedata.normalize("NFKC", text).casefold()))
    return " ".join(word for word in parted.split() if word not in ARTICLES)


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Pd" or character in "/\\_":
        return " "
    return "" if category[0] in "PS" else character


def matches(answer: str, accepted: Iterable[str]) -> bool:
    """Whether `answer` counts as one of the `accepted` answers (an accepted answer without words never counts)."""
    given = normalise(answer)
    padded = f" {given} "
    for candidate in map(normalise, accepted):
        if not candidate:
            continue
        if given == candidate:
            return True
        if f" {candidate} " in padded and len(given) <= LONGEST * len(candidate):
            return True
    return False


def abstains(answer: str) -> bool:
    """Whether `answer` says that the answer is not known."""
    return not normalise(answer) or matches(answer, ABSTENTIONS)
