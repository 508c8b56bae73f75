"""What is certain without a model: contact cards, calendar entries, mail headers, front matter."""

from __future__ import annotations

import re
from collections.abc import Iterator

from training.material import Fact
from training.synthesis.facts import make, spoken_form
from training.synthesis.relations import relation_for
from training.synthesis.sources import Owner, SourceDocument, name_of

CONTACT_KINDS = {"contact"}
EVENT_KINDS = {"event", "task"}
LABEL_TYPE = re.compile(r"(.+?) \((.+)\)$")

PLAIN_TYPES = {"mobile", "cell", "home", "pref", "voice", "internet", "other", "main", "iphone"}
"""Types of an entry of a contact that need no saying: "phone number", not "cell phone number"."""

GENERIC_SUBJECTS = re.compile(r"^(re|fwd?|aw|sv|wg)\s*:", re.IGNORECASE)


def read(source: SourceDocument, owner: Owner) -> Iterator[Fact]:
    """The facts that the format of the document states by itself."""
    kind = source.document.kind
    if kind in CONTACT_KINDS:
        found = contact(source)
    elif kind in EVENT_KINDS:
        found = event(source)
    elif source.document.domain == "mail":
        found = mail(source, owner)
    else:
        return
    yield from (fact for fact in found if fact is not None)


def contact(source: SourceDocument) -> Iterator[Fact | None]:
    """A contact card: who has which phone number, address, birthday, employer."""
    document = source.document
    seen: set[str] = set()
    for label, value in document.properties:
        if label in ("Name", "Note") or not value.strip():
            continue
        match = LABEL_TYPE.match(label)
        bare, kind = (match[1], match[2].casefold()) if match else (label, "")
        relation = relation_for(bare)
        if kind and kind not in PLAIN_TYPES and relation in ("phone", "email", "address"):
            relation = f"{kind} {'phone number' if relation == 'phone' else relation}"
        if relation in seen:
            continue
        seen.add(relation)
        yield make(source, document.title, relation, value, f"{label}: {value}")


def event(source: SourceDocument) -> Iterator[Fact | None]:
    """A calendar entry: when it is, where, with whom."""
    document = source.document
    properties = dict(document.properties)
    for label, relation in (
        ("Start", "event start"),
        ("Due", "deadline"),
        ("Location", "event place"),
    ):
        value = properties.get(label)
        if value:
            yield make(source, document.title, relation, value, f"{label}: {value}")
    organiser = properties.get("Organizer", "")
    if name_of(organiser):
        yield make(
            source, document.title, "event organiser", name_of(organiser), f"Organizer: {organiser}"
        )


def mail(source: SourceDocument, owner: Owner) -> Iterator[Fact | None]:
    """A mail's headers: who wrote about what, and when."""
    document = source.document
    properties = dict(document.properties)
    sender, subject = name_of(document.author), properties.get("Subject", "")
    if (
        not sender
        or owner.is_named(document.author)
        or len(subject.split()) < 2
        or GENERIC_SUBJECTS.match(subject)
    ):
        return
    quote = f"From: {properties.get('From', '')}"
    asked = [
        f'Who wrote to me about "{subject}"?',
        f'Who sent the mail "{subject}"?',
        f'Whose mail is "{subject}"?',
    ]
    yield make(source, subject, "mail sender", sender, quote, questions=asked)
    if document.date is not None and properties.get("Date"):
        day, forms = spoken_form(document.date.date().isoformat())
        asked = [
            f'When did {sender} write about "{subject}"?',
            f'When did the mail "{subject}" come?',
        ]
        yield make(
            source,
            subject,
            "mail date",
            day,
            f"Date: {properties['Date']}",
            questions=asked,
            accepted=forms,
        )
