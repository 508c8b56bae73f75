"""The one thing that leaves this room: a `Document`, a normalised fulltext with what is known about it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime


class Domain(enum.StrEnum):
    """A named group of sources with an adapter of its own."""

    MAIL = "mail"
    NOTES = "notes"
    CHATS = "chats"
    FILES = "files"
    PEOPLE = "people"
    PHOTOS = "photos"


class Role(enum.StrEnum):
    """Why a stretch of a document's text is set apart: kept and searchable, but not studied as its author's words."""

    QUOTED = "quoted"
    SIGNATURE = "signature"
    DISCLAIMER = "disclaimer"
    BOILERPLATE = "boilerplate"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a document's text: characters start (included) to end (excluded), and why it is set apart."""

    start: int
    end: int
    role: Role


@dataclass(frozen=True, slots=True)
class Turn:
    """One voice in a conversation or one message of a thread.

    Attributes:
        speaker: the name as the source gives it; "" when unknown.
        start, end: characters of the document's text that are this speaker's words.
        at: when it was said, with a time zone where the source has one.
    """

    speaker: str
    start: int
    end: int
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """One normalised fulltext.

    Attributes:
        origin: where it came from: the path, with `#part` for a message in a mailbox or a row of a database.
        domain: which adapter studies it.
        kind: the format, one lower-case word ("markdown", "eml", "mbox", "ics", "vcf", "chatgpt", …).
        title: subject, heading or file name; never empty.
        text: the fulltext: Unicode NFC, "\\n" line ends, no NUL, no lone surrogates.
        author: who wrote it, as "Name <address>" or a name; "" when unknown.
        recipients: to whom it was addressed.
        date: when it was written (mail: sent; event: start), with a time zone where the source has one.
        language: BCP 47 primary tag, "" when unknown.
        thread: what binds messages of one conversation together; "" when alone.
        tags: labels and keywords that the person gave it.
        properties: what the format states without a model, in order: ("Phone", "+47 …"), ("Start", "2026-05-01 10:00")…
        spans: stretches set apart, sorted, not overlapping.
        turns: voices, in order, for chats and threads.
        parent: origin of the document that this one is attached to; "" when it stands alone.
    """

    origin: str
    domain: Domain
    kind: str
    title: str
    text: str
    author: str = ""
    recipients: tuple[str, ...] = ()
    date: datetime | None = None
    language: str = ""
    thread: str = ""
    tags: tuple[str, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()
    spans: tuple[Span, ...] = ()
    turns: tuple[Turn, ...] = field(default=())
    parent: str = ""
