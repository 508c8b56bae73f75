"""Notes that the person told us to remember: documents like all others, but of a source that is no place on a disk.

Their words are nowhere but in the sealed store. Nothing watches this source or looks it through, so nothing takes its
documents for vanished; they leave by `personald forget`, or with the source by `personald source remove`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from extractors.document import Document, Domain
from extractors.normalise import clean, one_line
from personald.errors import UsageError
from personald.store import Source, Store
from personald.store.records import FileStat

KIND = "remembered"
PLACE = Path("remembered")
TITLE_CHARACTERS = 60
MOST_CHARACTERS = 100_000


def watched(sources: Iterable[Source]) -> list[Source]:
    """The sources that are places on a disk."""
    return [source for source in sources if source.kind != KIND]


def remember(store: Store, text: str, domain: Domain, now: datetime) -> Document:
    """Store a note of the owner's own.

    Args:
        store: the writing side.
        text: what to remember; it is normalised as extractors do.
        domain: which memory studies it.
        now: when it was said, with a time zone.

    Raises:
        UsageError: there is nothing in it, or far too much.
    """
    said = clean(text).strip()
    if not any(sign.isalnum() for sign in said):
        raise UsageError("There is nothing to remember.", 'personald remember "The key is …"')
    if len(said) > MOST_CHARACTERS:
        raise UsageError(
            f"That is longer than {MOST_CHARACTERS:,} characters.",
            "Put it into a file, and watch that: personald source add PATH",
        )
    # A name that never comes back: a note that was forgotten may be told again.
    path = PLACE / f"{now:%Y%m%dT%H%M%S}-{os.urandom(4).hex()}"
    document = Document(
        origin=str(path),
        domain=domain,
        kind=KIND,
        title=one_line(said, TITLE_CHARACTERS),
        text=said,
        author="me",
        date=now,
    )
    data = said.encode()
    source = store.add_source(PLACE, domain=None, kind=KIND)
    stat = FileStat(len(data), int(now.timestamp() * 1e9))
    store.put_file(source.id, path, stat, hashlib.sha256(data).digest(), [document])
    store.flush()
    return document
