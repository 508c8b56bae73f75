"""The rules as the detector uses them, read once: those of `rules.toml`, and gitleaks'."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from personald.sensitive import gitleaks
from personald.sensitive.checks import CHECKS

DEFAULT_REACH = 600


@dataclass(frozen=True, slots=True)
class Pattern:
    """One shape of a sensitive value.

    Attributes:
        name: of the rule.
        category: "secret", "account" or "identity".
        keywords: lower case; one of them must occur in the text.
        shape: besides or instead of keywords: the word, in lower case and between spaces, that the value begins in
            matches this.
        expression: of the regex.
        flags: of the regex.
        groups: of the regex; the first that is not empty is the span, or else the whole match.
        check: must say yes to the value.
        entropy: the value must have more, bits for each character; 0 for any.
        reach: how far from a keyword, or from a word of that shape, a match may extend, in characters.
        is_excepted: from the text, a match in it and the value to whether it is none after all.
    """

    name: str
    category: str
    keywords: tuple[str, ...]
    shape: re.Pattern[str] | None
    expression: str
    flags: int
    groups: tuple[int | str, ...]
    check: Callable[[str], bool] | None
    entropy: float
    reach: int
    is_excepted: Callable[[str, re.Match[str], str], bool] | None = None

    @property
    def regex(self) -> re.Pattern[str]:
        """The expression, compiled when it is first needed: most are never."""
        return _compiled(self.expression, self.flags)

    def span(self, match: re.Match[str]) -> tuple[int, int]:
        """Return where the value of a match stands."""
        for group in self.groups:
            if match[group]:
                return match.span(group)
        return match.span()


@functools.cache
def _compiled(expression: str, flags: int) -> re.Pattern[str]:
    return re.compile(expression, flags)


@dataclass(frozen=True, slots=True)
class Topic:
    """Words that make a sentence sensitive; lower case.

    Attributes:
        category: "health", "legal" or "money".
        strong, weak: one strong word marks a sentence, or two different weak ones.
    """

    category: str
    strong: Vocabulary
    weak: Vocabulary


@dataclass(frozen=True, slots=True)
class Figure:
    """Numbers that are sensitive under a title, or below words, that say what they are.

    Attributes:
        name: of the rule.
        category: "health", "legal" or "money".
        keywords: lower case; one must stand in the title, or above the figure.
        shape: the word, between spaces, that holds the figure matches this.
        regex: finds the figure.
        check: must say yes to it.
    """

    name: str
    category: str
    keywords: tuple[str, ...]
    shape: re.Pattern[str]
    regex: re.Pattern[str]
    check: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A set of words, as fast to ask as to read.

    Attributes:
        words: whole words.
        beginnings: of words with any ending.
        phrases: several words, or words with a hyphen; each with the expression that finds it exactly.
    """

    words: frozenset[str]
    beginnings: tuple[str, ...]
    phrases: tuple[tuple[str, re.Pattern[str]], ...]

    def holds(self, word: str) -> bool:
        """True when a single word is in the set."""
        return word in self.words or word.startswith(self.beginnings)


@functools.cache
def patterns() -> tuple[Pattern, ...]:
    """Return all patterns: those of `rules.toml` in their order, then gitleaks'."""
    return (*map(_own, _table()["pattern"]), *map(_gitleaks, gitleaks.rules()))


def _own(entry: Mapping[str, Any]) -> Pattern:
    return Pattern(
        entry["name"],
        entry["category"],
        tuple(entry.get("keywords", ())),
        re.compile(entry["shape"]) if "shape" in entry else None,
        entry["regex"],
        0,
        ("value",) if "(?P<value>" in entry["regex"] else (),
        CHECKS[entry["check"]] if "check" in entry else None,
        entry.get("entropy", 0.0),
        entry.get("reach", DEFAULT_REACH),
    )


def _gitleaks(rule: gitleaks.Rule) -> Pattern:
    changes = _table()["gitleaks"]
    shape = changes["shapes"].get(rule.name)
    return Pattern(
        rule.name,
        "secret",
        rule.keywords,
        re.compile(shape) if shape else None,
        rule.expression,
        # Go's \w, \d, \s and \b know ASCII alone.
        re.ASCII,
        () if rule.name in changes["whole"] else rule.groups,
        None,
        rule.entropy,
        changes["reach"].get(rule.name, DEFAULT_REACH),
        functools.partial(_is_excepted, rule.name),
    )


def _is_excepted(rule: str, text: str, match: re.Match[str], value: str) -> bool:
    return gitleaks.exceptions(rule).hold(text, match, value)


@functools.cache
def topics() -> tuple[Topic, ...]:
    """Return all topics."""
    return tuple(
        Topic(entry["category"], _vocabulary(entry["strong"]), _vocabulary(entry["weak"]))
        for entry in _table()["topic"]
    )


@functools.cache
def figures() -> tuple[Figure, ...]:
    """Return all figures."""
    return tuple(
        Figure(
            entry["name"],
            entry["category"],
            tuple(entry["keywords"]),
            re.compile(entry["shape"]),
            re.compile(entry["regex"]),
            CHECKS[entry["check"]],
        )
        for entry in _table()["figure"]
    )


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("rules.toml").read_text("utf-8"))


def _vocabulary(entries: list[str]) -> Vocabulary:
    phrases = [entry for entry in entries if not entry.rstrip("*").isalnum()]
    single = [entry for entry in entries if entry not in phrases]
    return Vocabulary(
        frozenset(entry for entry in single if not entry.endswith("*")),
        tuple(entry[:-1] for entry in single if entry.endswith("*")),
        tuple((phrase.rstrip("*"), _exactly(phrase)) for phrase in phrases),
    )


def _exactly(phrase: str) -> re.Pattern[str]:
    end = r"\w*" if phrase.endswith("*") else ""
    return re.compile(rf"\b{re.escape(phrase.rstrip('*'))}{end}\b")
