"""Look at a place that the person wants to add: what it holds, in which domain, with a sample and an estimate.

Names and, of a bounded number of files, the first bytes are looked at here; the sample itself is read by workers.
"""

from __future__ import annotations

import collections
from dataclasses import dataclass
from pathlib import Path

from extractors import registry
from extractors.document import Domain
from extractors.files import read_head
from extractors.folders import Entry, Passed, walk
from extractors.results import CannotRead
from extractors.sandbox import Pool

SNIFF_BYTES = 16 * 1024
MAX_FILES_COUNTED = 200_000
MAX_FILES_SNIFFED = 400
SAMPLES = 5
MAX_SAMPLE_BYTES = 32 * 1024 * 1024
# What one worker reads in a second of small notes, and of large files, rounded down from what `benchmarks/extract.py`
# measures: an estimate that is beaten pleases more than one that is missed.
FILES_PER_SECOND = 1000
BYTES_PER_SECOND = 8_000_000


@dataclass(frozen=True, slots=True)
class Guess:
    """What a place holds.

    Attributes:
        domain: the domain of most of its bytes that can be read; FILES where nothing is recognised.
        kind: the format of most of its files ("markdown", "mbox"), "" where nothing is recognised.
        titles: titles of a few documents, read from it.
        files: how many files can be read.
        bytes: how long they are together.
        formats: format name → number of files, most first.
        skipped: reason → count of what will be passed over.
        seconds: about how long the first reading takes.
        complete: False when the place holds more files than were counted.
    """

    domain: Domain
    kind: str
    titles: tuple[str, ...]
    files: int
    bytes: int
    formats: tuple[tuple[str, int], ...]
    skipped: tuple[tuple[str, int], ...]
    seconds: float
    complete: bool = True


def guess(path: Path, pool: Pool | None = None, kind: str | None = None) -> Guess:
    """Look at a file or folder.

    Args:
        path: the place.
        pool: reads the sample; without one there are no titles.
        kind: the name of the format that all its files shall be read as, None to recognise each. Raises KeyError when
            there is none of that name.
    """
    forced = registry.named(kind) if kind else None
    formats: collections.Counter[str] = collections.Counter()
    weights: collections.Counter[Domain] = collections.Counter()
    skipped: collections.Counter[str] = collections.Counter()
    samples: list[Path] = []
    files = size = seen = 0
    sniffed = 0
    complete = True
    by_suffix: dict[str, registry.Format | None] = {}
    for entry in walk(path):
        if isinstance(entry, Passed):
            skipped[entry.reason] += 1
            continue
        seen += 1
        if seen > MAX_FILES_COUNTED:
            complete = False
            break
        suffix = entry.path.suffix.lower()
        if forced is not None:
            form: registry.Format | None = forced
        elif sniffed < MAX_FILES_SNIFFED or suffix not in by_suffix:
            sniffed += 1
            form = by_suffix[suffix] = _sniffed(entry)
        else:
            form = by_suffix[suffix]
        if form is None:
            skipped["unknown kind"] += 1
            continue
        files += 1
        size += entry.status.st_size
        formats[form.name] += 1
        # A mailbox of a gigabyte outweighs the text file beside it; ten notes outweigh one large manual.
        weights[form.domain] += 1 + min(entry.status.st_size, 1 << 30) // (1 << 20)
        if len(samples) < SAMPLES and entry.status.st_size <= MAX_SAMPLE_BYTES:
            samples.append(entry.path)
    return Guess(
        domain=weights.most_common(1)[0][0] if weights else Domain.FILES,
        kind=formats.most_common(1)[0][0] if formats else "",
        titles=_titles(samples, pool, kind) if pool is not None else (),
        files=files,
        bytes=size,
        formats=tuple(formats.most_common()),
        skipped=tuple(skipped.most_common()),
        seconds=files / FILES_PER_SECOND + size / BYTES_PER_SECOND,
        complete=complete,
    )


def _sniffed(entry: Entry) -> registry.Format | None:
    try:
        return registry.recognise(entry.path, read_head(entry.path, SNIFF_BYTES))
    except CannotRead:
        return None


def _titles(samples: list[Path], pool: Pool, kind: str | None) -> tuple[str, ...]:
    titles: list[str] = []
    for path in samples:
        titles.extend(document.title for document in pool.extract(path, kind=kind).documents[:2])
    return tuple(titles[:SAMPLES])
