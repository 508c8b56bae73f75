"""gitleaks' rules for secrets with a shape of their own, read from its file as it was published.

`gitleaks.toml` is `config/gitleaks.toml` of github.com/gitleaks/gitleaks at v8.30.0-27-gb58d3f10, of 2026-07-22, under the
MIT licence beside it; a newer one may take its place as it is. What is used otherwise than it says stands in the
section `[gitleaks]` of `rules.toml`.

Its expressions are Go's (github.com/google/re2/wiki/Syntax) and meant for source code, and are changed in four ways. Flags
in the middle get a group, which Python asks for; `$`, `\\z` and POSIX classes get Python's names. The name in front of a
value, up to 50 characters that hold nothing, is left away, and read back only for the exceptions that ask for it. And a
value may also end with a full stop, a comma or a bracket, for people write sentences.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

_NAME_IN_FRONT = r"[\w.-]{0,50}?"
_NAME_BEFORE = re.compile(r"[\w.-]{0,50}\Z")
_END_IN_PROGRAMS = r"""(?:[\x60'"\s;]|\\[nr]|$)"""
_END_IN_PROSE = r"""(?:[\x60'"\s;,.:!?)}>\]]|\\[nr]|$)"""
_GROUP = re.compile(r"(?<!\\)\((?:\?P<|(?!\?))")
_FLAGS = re.compile(r"\(\?(-?[ims]+)\)")
_NAMED_CLASSES = {"[:alnum:]": "a-zA-Z0-9"}


@dataclass(frozen=True, slots=True)
class Exceptions:
    """What a rule may find that is no secret.

    Attributes:
        secrets, matches, lines: expressions searched in the secret, in the match with the name in front of it, and in
            the lines that the match stands in.
        stopwords: lower case; a secret that holds one is none.
    """

    secrets: tuple[re.Pattern[str], ...]
    matches: tuple[re.Pattern[str], ...]
    lines: tuple[re.Pattern[str], ...]
    stopwords: tuple[str, ...]

    def hold(self, text: str, match: re.Match[str], secret: str) -> bool:
        """True when a match in a text, whose secret this is, is excepted."""
        lowered = secret.lower()
        if any(word in lowered for word in self.stopwords):
            return True
        if any(expression.search(secret) for expression in self.secrets):
            return True
        start, end = match.span()
        if self.matches:
            before = _NAME_BEFORE.search(text, max(0, start - 50), start)
            whole = text[before.start() if before else start : end]
            if any(expression.search(whole) for expression in self.matches):
                return True
        if not self.lines:
            return False
        last = text.find("\n", end)
        line = text[text.rfind("\n", 0, start) + 1 : last if last >= 0 else len(text)]
        return any(expression.search(line) for expression in self.lines)


@dataclass(frozen=True, slots=True)
class Rule:
    """One of gitleaks' rules.

    Attributes:
        name: its id.
        keywords: lower case; one of them must occur in the text.
        expression: in Python's syntax.
        groups: the first of these that is not empty holds the secret.
        entropy: the secret must have more than this, bits for each character.
    """

    name: str
    keywords: tuple[str, ...]
    expression: str
    groups: tuple[int, ...]
    entropy: float


@functools.cache
def rules() -> tuple[Rule, ...]:
    """Return all rules that look at the text alone, not at the name of its file."""
    return tuple(_rule(entry) for entry in _file()["rules"] if "path" not in entry)


def _rule(entry: Mapping[str, Any]) -> Rule:
    expression = in_python(entry["regex"])
    groups = len(_GROUP.findall(expression))
    return Rule(
        entry["id"],
        tuple(entry["keywords"]),
        expression,
        (entry["secretGroup"],) if "secretGroup" in entry else tuple(range(1, groups + 1)),
        entry.get("entropy", 0.0),
    )


@functools.cache
def exceptions(name: str) -> Exceptions:
    """Return what the rule of this name may find that is no secret; read when it has found something."""
    own = next(entry.get("allowlists", ()) for entry in _file()["rules"] if entry["id"] == name)
    # An exception that asks for the file's name as well can never hold here.
    lists = [_file()["allowlist"], *(entry for entry in own if entry.get("condition") != "AND")]
    return Exceptions(
        _expressions(lists, "secret"),
        _expressions(lists, "match"),
        _expressions(lists, "line"),
        tuple(word.lower() for entry in lists for word in entry.get("stopwords", ())),
    )


def _expressions(lists: Sequence[Mapping[str, Any]], target: str) -> tuple[re.Pattern[str], ...]:
    return tuple(
        re.compile(in_python(expression), re.ASCII)
        for entry in lists
        if entry.get("regexTarget", "secret") == target
        for expression in entry.get("regexes", ())
    )


def in_python(expression: str) -> str:
    """Return an expression of gitleaks in Python's syntax; see the module's docstring."""
    expression = expression.replace(_NAME_IN_FRONT, "").replace(_END_IN_PROGRAMS, _END_IN_PROSE)
    for name, characters in _NAMED_CLASSES.items():
        expression = expression.replace(name, characters)
    pieces: list[str] = []
    # For each open group, the flags that hold from somewhere in it to its end, as the beginnings of groups.
    flags: list[list[str]] = [[]]
    place, in_class = 0, False
    while place < len(expression):
        character = expression[place]
        if character == "\\":
            escaped = expression[place : place + 2]
            pieces.append(r"\Z" if escaped == r"\z" else escaped)
            place += 2
            continue
        flag = None if in_class else _FLAGS.match(expression, place)
        if flag is not None:
            flags[-1].append(f"(?{flag[1]}:")
            pieces.append(flags[-1][-1])
            place = flag.end()
            continue
        if in_class:
            in_class = character != "]"
            pieces.append(rf"\{character}" if character == "[" else character)
        elif character == "[":
            # A bracket that comes first in a class stands for itself.
            opening = re.match(r"\[\^?\]?", expression[place:])
            pieces.append(opening[0] if opening else "")
            place += len(pieces[-1])
            in_class = True
            continue
        elif character == "(":
            flags.append([])
            pieces.append(character)
        elif character == ")":
            pieces.append(")" * len(flags.pop()) + character)
        elif character == "|":
            pieces.append(")" * len(flags[-1]) + character + "".join(flags[-1]))
        else:
            pieces.append(r"\Z" if character == "$" else character)
        place += 1
    return "".join(pieces) + ")" * len(flags[-1])


@functools.cache
def _file() -> dict[str, Any]:
    return tomllib.loads(resources.files(__package__).joinpath("gitleaks.toml").read_text("utf-8"))
