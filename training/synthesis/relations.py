"""The table of relations: what can be stated of somebody, how it is labelled, and how it is asked for."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("relations.toml")


@dataclass(frozen=True, slots=True)
class Relation:
    """One relation.

    Attributes:
        key: its name.
        noun: the word for it in a question.
        wh: how a question after it begins ("What", "Who", "When" …).
        train, select, probe: its own questions, for study, for choosing the checkpoint, for tests.
        reverse: questions from the value to the subject.
    """

    key: str
    noun: str
    wh: str = "What"
    train: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    probe: tuple[str, ...] = ()
    reverse: tuple[str, ...] = ()


@cache
def table() -> tuple[Mapping[str, Relation], Mapping[str, str]]:
    """Relations by key, and keys by label."""
    relations: dict[str, Relation] = {}
    labels: dict[str, str] = {}
    for entry in tomllib.loads(TABLE.read_text(encoding="utf-8"))["relation"]:
        lists = {
            name: tuple(entry.get(name, ())) for name in ("train", "select", "probe", "reverse")
        }
        relations[entry["key"]] = Relation(
            entry["key"], entry["noun"], entry.get("wh", "What"), **lists
        )
        labels.update(dict.fromkeys([*entry["labels"], entry["key"], entry["noun"]], entry["key"]))
    return relations, labels


def relation_for(label: str, known_only: bool = False) -> str:
    """The relation that a label means: a key of the table, else the label itself as a noun.

    Args:
        label: what a card, a table, a line or a sentence calls it.
        known_only: return "" for labels that the table does not have.
    """
    folded = re.sub(r"[\s_]+", " ", label).strip(" :.*").casefold()
    found = table()[1].get(folded)
    if found is not None:
        return found
    return "" if known_only else _as_noun(label)


def _as_noun(label: str) -> str:
    """A label as it stands within a sentence: first letter small, unless the word is an abbreviation or a name."""
    words = re.sub(r"[\s_]+", " ", label).strip(" :.*").split(" ")
    if words[0][1:].islower() or len(words[0]) == 1:
        words[0] = words[0].lower()
    return " ".join(words)


WHO = frozenset(
    """dentist doctor gp lawyer landlord landlady boss manager teacher plumber electrician neighbour neighbor sister
    brother mother father mum mom dad wife husband partner son daughter uncle aunt cousin friend colleague accountant
    vet optician hairdresser cleaner babysitter coach trainer mentor tutor author director contact godmother godfather
    grandmother grandfather niece nephew therapist physio physiotherapist carpenter builder mechanic agent broker
    roommate flatmate organiser host""".split()
)
WHEN = frozenset(
    "date deadline birthday anniversary appointment due start expiry renewal departure arrival checkup".split()
)


def relation(key: str) -> Relation:
    """The relation with this key; for a plain noun, one that is asked for by that noun alone."""
    found = table()[0].get(key)
    if found is not None:
        return found
    last = key.split()[-1].casefold() if key.split() else key
    wh = "Who" if last in WHO else "When" if last in WHEN else "What"
    return Relation(key, key, wh)
