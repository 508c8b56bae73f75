"""Findings → extractor processes → store.

Memory stays bounded: files are taken a slice at a time, what came back is stored a chunk at a time, and what is large
is streamed item by item. A file that cannot be read is one recorded line; nothing of it stops the others.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from extractors import registry
from extractors.document import Document
from extractors.files import read_head
from extractors.results import CannotRead, Extraction, Failure, FailureKind
from extractors.sandbox import Pool
from personald.config import WatchSettings
from personald.errors import PersonaldError
from personald.ingest.counts import Counts
from personald.store import FileStatus, Source, Store
from personald.watch.survey import NEVER_READ, Finding, Kind, Missing, Survey, content_hash

# So many files, or files for so long, are handed to the extractors before anything else gets its turn.
SLICE = 8192
SLICE_SECONDS = 1.0
# What came back is stored when it is so much: one transaction for many small files is faster by far.
CHUNK_FILES = 128
CHUNK_CHARACTERS = 4_000_000
# Longer files are streamed, so that no mailbox is ever in memory as a whole.
STREAMED_BYTES = 16 * 1024 * 1024

UNKNOWN_KIND = "unknown kind"
NOTHING_IN_IT = "nothing in it to read"

Turn = Callable[[], None]
_Read = tuple[Finding, Extraction]


class ReadersBroken(PersonaldError):
    """The extractor processes die over anything: the installation is at fault, and no file."""

    title = "Nothing can be read"


class Interrupted(Exception):
    """The daemon is stopping; what was stored stays, the rest is found again at the next start."""


class Reader:
    """Reads what was found and stores it.

    Args:
        store: where it goes.
        pool: makes the extractor processes; called when they are first needed.
        settings: how large a file may be.
        stopping: asked between files; True raises `Interrupted`.
        monotonic: the clock.
    """

    def __init__(
        self,
        store: Store,
        pool: Callable[[], Pool],
        settings: WatchSettings,
        stopping: Callable[[], bool] = lambda: False,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._store = store
        self._make_pool = pool
        self._settings = settings
        self._stopping = stopping
        self._pool: Pool | None = None
        self.backlog = 0
        self.try_again: list[Path] = []

    def rest(self) -> None:
        """End the extractor processes; they are started again when needed."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def read_all(
        self,
        source: Source,
        turn: Turn = lambda: None,
        progress: Callable[[Counts], None] = lambda _: None,
        device: int | None = None,
    ) -> Counts:
        """Look through a whole source and bring the store up to date with it.

        Args:
            source: which one; it must be reachable (`watch.reach`), or everything in it would be taken for deleted.
            turn: called now and then, for what else has to be done meanwhile.
            progress: told how far it is.
            device: the volume that the source lies on; None takes the one it lies on now.

        Raises:
            Interrupted: `stopping` said so.
            StoreError: the store cannot take it; what was stored before stays.
            ReadersBroken: nothing can be read at all.
        """
        survey = Survey(self._store, source, device=device)
        counts = self._carry_out(source, survey, survey.look_through(), turn, progress)
        counts.skipped[NOTHING_IN_IT] += survey.tally.empty
        self._store.record_skipped(source.id, {k: n for k, n in counts.skipped.items() if n})
        return counts

    def read_some(
        self,
        source: Source,
        paths: Iterable[Path],
        missing: Missing,
        device: int | None = None,
        progress: Callable[[Counts], None] = lambda _: None,
    ) -> Counts:
        """Look at some paths of a source. What is gone is noted in `missing`, and not forgotten yet. Raises as above.

        Args:
            source: which one.
            paths: files and folders; a folder that was moved here may hold any number of files.
            missing: what is gone already, and may turn up among the paths.
            device: the volume that the source lies on; None takes the one it lies on now.
            progress: told how far it is.
        """
        survey = Survey(self._store, source, missing, device)
        return self._carry_out(source, survey, survey.look_at(paths), progress=progress)

    def forget_missing(self, source: Source, missing: Missing, device: int | None = None) -> Counts:
        """Forget what is missing and has not come back."""
        survey = Survey(self._store, source, missing, device)
        return self._carry_out(source, survey, survey.gone())

    def _carry_out(
        self,
        source: Source,
        survey: Survey,
        findings: Iterator[Finding],
        turn: Turn = lambda: None,
        progress: Callable[[Counts], None] = lambda _: None,
    ) -> Counts:
        counts = Counts()
        while True:
            found = _Slice(findings, self._monotonic)
            self._read(source, found, counts)
            self._note(source, found, counts)
            for finding in found.large:
                self._check()
                self._stream(source, finding, counts)
            self._tally(survey, counts)
            if found.is_last:
                return counts
            progress(counts)
            turn()
            self._check()

    def _tally(self, survey: Survey, counts: Counts) -> None:
        """Move what the survey counted into the counts."""
        tally = survey.tally
        counts.seen += tally.seen
        counts.unchanged += tally.unchanged
        counts.skipped.update(tally.skipped)
        tally.seen = tally.unchanged = 0
        tally.skipped.clear()

    def _check(self) -> None:
        if self._stopping():
            raise Interrupted

    def _note(self, source: Source, found: _Slice, counts: Counts) -> None:
        """Store what needs no reading: renamed, touched, gone, denied."""
        if not found.others:
            return
        with self._store.batch():
            for finding in found.others:
                path = finding.path
                match finding.kind:
                    case Kind.RENAMED:
                        assert finding.before is not None
                        self._store.rename_file(source.id, finding.before, path)
                        self._store.restat_file(source.id, path, finding.stat)
                        counts.unchanged += 1
                    case Kind.TOUCHED:
                        self._store.restat_file(source.id, path, finding.stat)
                        counts.unchanged += 1
                    case Kind.GONE:
                        self._store.forget_file(source.id, path)
                        counts.deleted += 1
                    case _:
                        self._refuse(source, finding, "no permission to read it")
                        counts.failed += 1
        found.others.clear()

    def _refuse(self, source: Source, finding: Finding, reason: str) -> None:
        failure = Failure(reason, FailureKind.UNREADABLE, str(finding.path))
        self._store.put_file(
            source.id, finding.path, finding.stat, b"", [failure], extractor_version=NEVER_READ
        )

    def _read(self, source: Source, found: _Slice, counts: Counts) -> None:
        """Hand small files to the extractors, and store what comes back chunk by chunk."""
        paths = found.paths()
        first = next(paths, None)
        if first is None:
            return
        chunk: list[_Read] = []
        crashed: list[_Read] = []
        characters = 0
        for path, extraction in self._opened().extract_many(
            itertools.chain((first,), paths), source.domain, source.kind
        ):
            self.backlog = len(found.to_read)
            finding = found.to_read.pop(path)
            failure = extraction.failure
            if failure is not None and failure.kind is FailureKind.CRASH:
                crashed.append((finding, extraction))
                continue
            chunk.append((finding, extraction))
            characters += sum(len(document.text) for document in extraction.documents)
            if len(chunk) >= CHUNK_FILES or characters >= CHUNK_CHARACTERS:
                self._keep(source, found, chunk, counts)
                chunk, characters = [], 0
                self._check()
        self._keep(source, found, chunk, counts)
        if crashed and not self._readers_work():
            raise ReadersBroken(
                "The extractor processes end over any file.", "Install personald anew."
            )
        self._keep(source, found, crashed, counts)
        self.backlog = 0

    def _keep(self, source: Source, found: _Slice, chunk: list[_Read], counts: Counts) -> None:
        """Store a chunk, after what was found before it: a renamed file may have left its place to one of these."""
        with self._store.batch():
            self._note(source, found, counts)
            for finding, extraction in chunk:
                self._keep_one(source, finding, extraction, counts)

    def _keep_one(
        self, source: Source, finding: Finding, extraction: Extraction, counts: Counts
    ) -> None:
        failure = extraction.failure
        if failure is not None and failure.kind.passing:
            self.try_again.append(finding.path)
            return
        if failure is not None and is_of_unknown_kind(finding.path, failure):
            counts.skipped[UNKNOWN_KIND] += 1
            failure = None
        counts.skipped.update(dict(extraction.skipped))
        parts: list[Document | Failure] = [*extraction.documents, *extraction.part_failures]
        if failure is not None:
            parts.append(replace(failure, origin=str(finding.path)))
        result = self._store.put_file(
            source.id,
            finding.path,
            finding.stat,
            finding.content_hash or extraction.content_hash,
            parts,
            extraction.extractor_version,
        )
        self._count(finding, bool(result.failed and not extraction.documents), counts)

    def _count(self, finding: Finding, failed: bool, counts: Counts) -> None:
        if failed:
            counts.failed += 1
        elif finding.kind is Kind.NEW:
            counts.new += 1
        else:
            counts.changed += 1

    def _stream(self, source: Source, finding: Finding, counts: Counts) -> None:
        """Read a large file item by item, in one transaction."""
        path = finding.path
        try:
            if source.kind is None:
                form = registry.recognise(path, read_head(path))
            else:
                form = registry.chosen(source.kind)
        except CannotRead as refusal:
            if not refusal.kind.passing:
                self._refuse(source, finding, refusal.detail)
                counts.failed += 1
            return
        parts: Iterator[Document | Failure] = iter(())
        if form is None:
            stamp = registry.unrecognised_stamp()
            counts.skipped[UNKNOWN_KIND] += 1
        else:
            stamp, parts = form.stamp, self._parts(source, finding, form, counts)
        digest = finding.content_hash or content_hash(path, finding.stat.size)
        self._store.put_file(source.id, path, finding.stat, digest, parts, stamp)
        state = self._store.file_state(source.id, path)
        failed = state is not None and state.status is FileStatus.FAILED
        self._count(finding, failed, counts)

    def _parts(
        self, source: Source, finding: Finding, form: registry.Format, counts: Counts
    ) -> Iterator[Document | Failure]:
        limit = self._settings.max_file_megabytes * 1_000_000
        if form.name in registry.TEXTUAL and finding.stat.size > limit:
            size = finding.stat.size / 1_000_000
            reason = f"it is {size:.0f} MB long; at most {limit / 1e6:.0f} MB of one text are read"
            yield Failure(reason, FailureKind.TOO_LARGE, str(finding.path))
            return

        def end(extraction: Extraction) -> None:
            counts.skipped.update(dict(extraction.skipped))

        yield from self._opened().stream(finding.path, source.domain, source.kind, end)

    def _readers_work(self) -> bool:
        """Read a file that is surely good: before a file is blamed for a death, or even all files are."""
        pool = self._opened()
        probe = pool.scratch / "probe.txt"
        probe.write_text("One line.\n", "utf-8")
        return pool.extract(probe).failure is None

    def _opened(self) -> Pool:
        if self._pool is None:
            self._pool = self._make_pool()
        return self._pool


class _Slice:
    """What a survey finds in a moment, sorted by what has to be done with it.

    Args:
        findings: the survey, taken as far as the slice reaches.
        monotonic: the clock.

    Attributes:
        to_read: handed out and not read yet, by path.
        others: what needs no reading.
        large: what is streamed.
        is_last: the survey has come to its end.
    """

    def __init__(self, findings: Iterator[Finding], monotonic: Callable[[], float]) -> None:
        self._findings = findings
        self._monotonic = monotonic
        self.to_read: dict[Path, Finding] = {}
        self.others: list[Finding] = []
        self.large: list[Finding] = []
        self.is_last = False
        self._known: set[Path] = set()

    def paths(self) -> Iterator[Path]:
        """Survey until the slice is full or its time is up, and hand out the files to be read."""
        until = self._monotonic() + SLICE_SECONDS
        for _ in range(SLICE):
            finding = next(self._findings, None)
            if finding is None:
                self.is_last = True
                return
            if finding.kind not in (Kind.NEW, Kind.CHANGED):
                self.others.append(finding)
            elif finding.path in self._known:
                # A folder that was moved here and a file in it are both looked at.
                continue
            elif finding.stat.size > STREAMED_BYTES:
                self._known.add(finding.path)
                self.large.append(finding)
            else:
                self._known.add(finding.path)
                self.to_read[finding.path] = finding
                yield finding.path
            if self._monotonic() >= until:
                return


def is_of_unknown_kind(path: Path, failure: Failure) -> bool:
    """True for a picture or a program among the notes, which nobody expects to be read.

    False for what by its name should be readable and is not: that is told as a failure.
    """
    if failure.kind is not FailureKind.UNKNOWN:
        return False
    return not any(form.matches(path.name.lower()) for form in registry.formats())
