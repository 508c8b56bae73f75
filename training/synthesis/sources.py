"""What the readers are given: documents of the store, and what is known of their owner."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from extractors.document import Document, Role

ADDRESS = re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+")


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document of the store.

    Attributes:
        id: its identity in the store, the same through versions and renames.
        version: 1, 2, 3 …; a higher one supersedes the lower.
        document: what was read.
        held_back: (start, end) of stretches of its text that must not be studied: secrets, and sensitive matters that
            the person has not allowed.
        vouched: the person has said that what it states holds, whoever wrote it.
    """

    id: str
    version: int
    document: Document
    held_back: tuple[tuple[int, int], ...] = ()
    vouched: bool = False

    def studied(self) -> list[tuple[int, int]]:
        """(start, end) of the stretches that are the author's own words and may be studied."""
        apart = [
            (span.start, span.end)
            for span in self.document.spans
            if span.role in (Role.QUOTED, Role.DISCLAIMER, Role.BOILERPLATE, Role.CODE)
        ]
        stretches: list[tuple[int, int]] = []
        place = 0
        for start, end in sorted([*apart, *self.held_back]):
            if start > place:
                stretches.append((place, start))
            place = max(place, end)
        if place < len(self.document.text):
            stretches.append((place, len(self.document.text)))
        return stretches

    def may_study(self, start: int, end: int) -> bool:
        """Whether this whole stretch lies among those that may be studied."""
        return any(low <= start and end <= high for low, high in self.studied())


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose files these are, folded.

    Attributes:
        names, addresses: their own.
        knows: addresses of people whom they know: their contacts, and those to whom they wrote.
    """

    names: frozenset[str] = frozenset()
    addresses: frozenset[str] = frozenset()
    knows: frozenset[str] = frozenset()

    def is_named(self, text: str) -> bool:
        """Whether a name, an address or "Name <address>" is the owner's."""
        found = ADDRESS.search(text)
        if found and found.group().casefold() in self.addresses:
            return True
        name = name_of(text).casefold()
        return bool(name) and (name in self.names or name in {"user", "me", "you", "i"})


def name_of(person: str) -> str:
    """The name in "Name <address>"; the part before the @ of a bare address, words capitalised."""
    name = re.sub(r"<[^>]*>", "", person).strip().strip("\"'")
    if name and "@" not in name:
        return name
    found = ADDRESS.search(person)
    if not found:
        return ""
    return " ".join(
        word.capitalize() for word in re.split(r"[._+\-]+", found.group().split("@")[0]) if word
    )


def owner_of(documents: Iterable[SourceDocument], names: Sequence[str] = ()) -> Owner:
    """Whose files these are: as the settings say, else whoever the mails were most often written to.

    Args:
        documents: all documents of the person.
        names: names or addresses from the settings.
    """
    documents = list(documents)
    owner = _named(names) if names else _most_addressed(documents)
    return replace(owner, knows=_acquaintances(documents, owner))


def _named(names: Sequence[str]) -> Owner:
    return Owner(
        frozenset(name_of(name).casefold() for name in names if name_of(name)),
        frozenset(found.group().casefold() for name in names if (found := ADDRESS.search(name))),
    )


def _most_addressed(documents: Iterable[SourceDocument]) -> Owner:
    """Whoever takes part in the most mails; nobody below three."""
    seen: Counter[str] = Counter()
    called: dict[str, Counter[str]] = {}
    for source in documents:
        document = source.document
        if document.domain != "mail":
            continue
        for person in {*document.recipients, document.author}:
            found = ADDRESS.search(person)
            if found:
                address = found.group().casefold()
                seen[address] += 1
                if "<" in person:
                    called.setdefault(address, Counter())[name_of(person)] += 1
    if not seen:
        return Owner()
    address, times = seen.most_common(1)[0]
    if times < 3:
        return Owner()
    name = called.get(address, Counter()).most_common(1)
    return Owner(frozenset({name[0][0].casefold()} if name else ()), frozenset({address}))


def _acquaintances(documents: Iterable[SourceDocument], owner: Owner) -> frozenset[str]:
    """Addresses on the owner's contact cards, and those of people to whom they wrote themselves."""
    known: set[str] = set()
    for source in documents:
        document = source.document
        if document.kind == "contact":
            texts = [value for _, value in document.properties]
        elif document.domain == "mail" and owner.is_named(document.author):
            texts = list(document.recipients)
        else:
            continue
        known.update(found.casefold() for text in texts for found in ADDRESS.findall(text))
    return frozenset(known)
