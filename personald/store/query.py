"""The language of a search: words, "exact phrases", beginnings*, -exclusions, and fields.

``boiler "second floor" valv* -sale domain:mail person:ada since:2026-01-01 until:2026-03-31``

Whatever a person types is a query: what is not understood is taken as words, and nothing of it reaches SQLite except
words in quotation marks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from extractors.document import Domain
from personald.errors import UsageError
from personald.store.scripts import is_unspaced, prepare, words

_ITEM = re.compile(
    r'(-?)(?:(domain|person|from|since|after|until|before):)?(?:"([^"]*)"|(\S+))', re.I
)
_PERSON_FIELDS = ("person", "from")
_SINCE_FIELDS = ("since", "after")
MAX_TERMS = 32


@dataclass(frozen=True, slots=True)
class Term:
    """One thing to find.

    Attributes:
        words: one word, or the words of a phrase in order; prepared, as the index divides them.
        prefix: the last word is only the beginning of one.
        excluded: what must not be there.
    """

    words: tuple[str, ...]
    prefix: bool = False
    excluded: bool = False

    def expression(self) -> str:
        """Return the term in the query language of FTS5: a quoted string, with * for a prefix."""
        return f'"{" ".join(self.words)}"' + ("*" if self.prefix else "")


@dataclass(frozen=True, slots=True)
class Query:
    """A search, understood.

    Attributes:
        terms: what to find.
        domain: only in this domain.
        persons: only where each of these is author, recipient or speaker.
        since, until: only documents dated in this span, `until` excluded.
    """

    terms: tuple[Term, ...]
    domain: Domain | None = None
    persons: tuple[Term, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


def parse(
    text: str,
    *,
    domain: Domain | None = None,
    person: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Query:
    """Understand what a person typed; arguments given by options count like fields in the text.

    Raises:
        UsageError: a domain or a date in a field is none.
    """
    terms: list[Term] = []
    persons = [*_person(person)] if person else []
    for minus, field, phrase, word in _ITEM.findall(text):
        value = phrase or word
        name = field.lower()
        if name == "domain":
            domain = _domain(value)
        elif name in _PERSON_FIELDS:
            persons += _person(value)
        elif name in _SINCE_FIELDS:
            since = _date(value)
        elif name:
            until = _date(value) + timedelta(days=1)
        else:
            terms += _terms(value, phrase=bool(phrase), excluded=bool(minus))
    return Query(tuple(terms[:MAX_TERMS]), domain, tuple(persons), since, until)


def _terms(value: str, *, phrase: bool, excluded: bool) -> list[Term]:
    prefix = value.endswith("*") and not phrase
    found = words(prepare(value))
    if not found:
        return []
    # One word that the index divides (a hyphen, an apostrophe, a script without spaces) is meant as one thing.
    together = phrase or any(map(is_unspaced, found)) or len(found) > 1
    if together:
        return [Term(tuple(found), prefix, excluded)]
    return [Term((found[0],), prefix, excluded)]


def _person(value: str) -> list[Term]:
    found = words(prepare(value))
    return [Term(tuple(found))] if found else []


def _domain(value: str) -> Domain:
    try:
        return Domain(value.lower())
    except ValueError:
        raise UsageError(
            f"there is no domain {value!r}", f"Domains are {', '.join(Domain)}."
        ) from None


def _date(value: str) -> datetime:
    """Return the beginning of a day, month or year; a day without a time zone is taken as UTC."""
    for pattern in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            return datetime.strptime(value, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise UsageError(f"{value!r} is not a date", "Write it as 2026-05-31, 2026-05 or 2026.")
