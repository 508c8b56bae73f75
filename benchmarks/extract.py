"""Measure the extractors: what they find, how fast they are, what isolation costs, how much memory they take.

    python -m benchmarks.extract [--json] [--samples FOLDER] [--megabytes N] [--files N]

Nothing is typed in by hand: every number printed comes from this run, on this machine. A samples folder has an
`index.json` as `tests/extractors/samples` has.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psutil

from extractors import language, quotes, registry
from extractors.document import Document
from extractors.formats import mbox
from extractors.normalise import clean
from extractors.options import Options
from extractors.sandbox import Limits, Pool
from extractors.worker import finished
from personald.config import WatchSettings
from personald.ingest.reader import Reader
from personald.keys import DeviceKeys, MemoryKeyStore
from personald.sensitive import detect
from personald.store import Store
from personald.store.intake import nothing_sensitive

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "tests" / "extractors" / "samples"
LABELLED = ROOT / "tests" / "extractors" / "labelled_mails.json"
WORDS = (
    "the ferry leaves at nine from northern quay and crossing takes forty minutes bring a coat because wind is cold in may"
    " Ida said that boiler was serviced by Hansen on Monday invoice number due next week please call before noon"
).split()


def main(arguments: list[str]) -> int:
    """Run all measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    parser.add_argument(
        "--megabytes", type=int, default=400, help="size of the mailbox that is streamed"
    )
    parser.add_argument("--files", type=int, default=6000, help="number of Markdown files")
    chosen = parser.parse_args(arguments)
    figures: dict[str, Any] = {
        "samples": measure_samples(chosen.samples),
        "quotes": measure_quotes(),
        "mixed": measure_mixed(chosen.samples),
        "markdown": measure_markdown(chosen.files),
        "into the store": measure_into_store(chosen.files),
        "mbox": measure_mbox(chosen.megabytes),
    }
    if chosen.json:
        print(json.dumps(figures, indent=1))
    else:
        show(figures)
    return 0


def _read_here(path: Path, options: Options) -> None:
    """Read a file in this process, without any isolation, as far as a worker would take it."""
    with path.open("rb") as stream:
        form = registry.recognise(path, stream.read(65536))
    assert form is not None
    for item in form.extract(path, str(path), options):
        if isinstance(item, Document):
            finished(item)


def measure_samples(folder: Path) -> dict[str, Any]:
    """Read every sample: phrases found of those expected, forbidden ones found, and time, by format."""
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    missing: list[str] = []
    seconds: dict[str, float] = defaultdict(float)
    crashes = 0
    with Pool(Limits()) as pool:
        for sample in json.loads((folder / "index.json").read_text()):
            began = time.perf_counter()
            extraction = pool.extract(folder / sample["file"])
            seconds[sample["format"]] += time.perf_counter() - began
            told = "\n".join("\n".join((d.title, d.author, d.text)) for d in extraction.documents)
            bare = " ".join(told.split())
            row = found[sample["format"]]
            for phrase in sample["must_contain"]:
                row[1] += 1
                if " ".join(phrase.split()) in bare:
                    row[0] += 1
                else:
                    missing.append(f"{sample['file']}: {phrase}")
            row[2] += sum(phrase in told for phrase in sample["must_not_contain"])
            crashes += extraction.failure is not None and extraction.failure.kind.value in (
                "crash",
                "timeout",
                "memory",
            )
    return {
        "phrases_found": sum(row[0] for row in found.values()),
        "phrases_expected": sum(row[1] for row in found.values()),
        "forbidden_found": sum(row[2] for row in found.values()),
        "readers_lost": crashes,
        "missing": missing,
        "by_format": {name: {"found": row[0], "expected": row[1], "seconds": round(seconds[name], 3)} for name, row in sorted(found.items())},
    }  # fmt: skip


def measure_quotes() -> dict[str, Any]:
    """Split the labelled mails; a mail counts when exactly the writer's own words are left."""
    mails = json.loads(LABELLED.read_text(encoding="utf-8"))["messages"]
    right = 0
    for mail in mails:
        text = clean(mail["text"])
        pieces, position = [], 0
        for span in quotes.set_apart(text):
            if span.role.value in mail["roles"]:
                pieces.append(text[position : span.start])
                position = span.end
        own = "".join([*pieces, text[position:]])
        right += own.split() == clean(mail["own"]).split()
    return {"mails": len(mails), "exact": right, "share": round(right / len(mails), 4)}


def measure_markdown(count: int) -> dict[str, Any]:
    """Read many small notes in one process without isolation, then in one and in two confined workers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = _write_notes(folder / "notes", count)
        cache = folder / "cache"
        language.keep_model_in(cache)
        language.tag(
            "The first text loads the model of languages, which is not what is measured here."
        )
        options = Options(folder)
        plain = _Clock()
        for path in paths:
            _read_here(path, options)
        plain.stop()
        confined = {}
        for workers in (1, 2):
            with Pool(workers=workers, cache=cache) as pool:
                for _ in pool.extract_many(paths[: 64 * workers]):
                    pass
                clock = confined[workers] = _Clock()
                read = sum(len(extraction.documents) for _, extraction in pool.extract_many(paths))
                clock.stop()
                assert read == count
    one = confined[1]
    return {
        "files": count,
        "files_per_second_in_process": round(count / plain.wall),
        "files_per_second_one_worker": round(count / one.wall),
        "files_per_second_two_workers": round(count / confined[2].wall),
        "processor_ms_per_file_in_process": round(1000 * plain.own / count, 3),
        "processor_ms_per_file_worker": round(1000 * one.children / count, 3),
        "processor_ms_per_file_parent": round(1000 * one.own / count, 3),
        "isolation_cost_in_worker": round(1 - plain.own / one.children, 3),
        "isolation_cost_with_parent": round(1 - plain.own / (one.children + one.own), 3),
    }


def measure_into_store(count: int) -> dict[str, Any]:
    """Bring many small notes into a store as the daemon does, with two workers: found, read, sealed, written.

    Once without looking for sensitive matter and once with it, as the daemon does.
    """
    figures: dict[str, Any] = {"files": count}
    with tempfile.TemporaryDirectory() as name:
        notes = Path(name) / "notes"
        _write_notes(notes, count)
        for detector, what in ((nothing_sensitive, "unsearched"), (detect, "searched")):
            store = Store.create(
                Path(name) / what / "store.db", DeviceKeys.create(MemoryKeyStore()), detect=detector
            )
            reader = Reader(
                store, lambda: Pool(workers=2, cache=Path(name) / "cache"), WatchSettings()
            )
            warm = Path(name) / f"warm {what}"
            _write_notes(warm, 64)
            reader.read_all(store.add_source(warm))
            clock = _Clock()
            counts = reader.read_all(store.add_source(notes))
            store.flush()
            clock.stop()
            assert counts.new == count
            reader.rest()
            store.close()
            figures[f"files_per_second_{what}"] = round(count / clock.wall)
            figures[f"processor_ms_per_file_{what}_workers"] = round(
                1000 * clock.children / count, 3
            )
            figures[f"processor_ms_per_file_{what}_daemon"] = round(1000 * clock.own / count, 3)
            spent = clock.own + clock.children
            figures[f"processor_ms_per_file_{what}_together"] = round(1000 * spent / count, 3)
            figures[f"cores_kept_busy_{what}"] = round(spent / clock.wall, 2)
    return figures


def _write_notes(folder: Path, count: int) -> list[Path]:
    """Write notes of a kilobyte with front matter, in folders of some."""
    chance = random.Random(1)
    paths = []
    for number in range(count):
        path = folder / f"{number % 50}" / f"note {number}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        body = " ".join(chance.choices(WORDS, k=150))
        path.write_text(
            f"---\ntitle: Note {number}\ntags: [a, b]\n---\n# Note {number}\n\n{body}.\n"
        )
        paths.append(path)
    return paths


def measure_mixed(folder: Path, rounds: int = 15) -> dict[str, Any]:
    """Read the samples of all formats again and again, in this process and in a confined worker."""
    paths = [folder / sample["file"] for sample in json.loads((folder / "index.json").read_text())]
    paths = [path for path in paths if path.suffix not in (".png", ".pdf")] * rounds
    with tempfile.TemporaryDirectory() as name, Pool(choices={"read_pictures": False}) as pool:
        options = Options(Path(name), read_pictures=False)
        for clock_wanted in (False, True):
            plain = _Clock()
            for path in paths if clock_wanted else paths[: len(paths) // rounds]:
                _read_here(path, options)
            plain.stop()
        for _ in pool.extract_many(paths[: len(paths) // rounds]):
            pass
        confined = _Clock()
        assert sum(1 for _ in pool.extract_many(paths)) == len(paths)
        confined.stop()
    return {
        "files": len(paths),
        "processor_ms_per_file_in_process": round(1000 * plain.own / len(paths), 3),
        "processor_ms_per_file_worker": round(1000 * confined.children / len(paths), 3),
        "processor_ms_per_file_parent": round(1000 * confined.own / len(paths), 3),
        "isolation_cost_in_worker": round(1 - plain.own / confined.children, 3),
        "isolation_cost_with_parent": round(1 - plain.own / (confined.children + confined.own), 3),
    }


class _Clock:
    """Wall time, and processor time of this process and of its children, from its making until `stop`.

    On a machine that others use too, wall time says little; processor time says what the work costs.
    """

    def __init__(self) -> None:
        self._start = (time.perf_counter(), time.process_time(), _children_seconds())
        self.wall = self.own = self.children = 0.0

    def stop(self) -> None:
        now = (time.perf_counter(), time.process_time(), _children_seconds())
        self.wall, self.own, self.children = (
            max(after - before, 1e-9) for before, after in zip(self._start, now, strict=True)
        )


def _children_seconds() -> float:
    """Return the processor seconds that the living children of this process have used."""
    times = (child.cpu_times() for child in psutil.Process().children(recursive=True))
    return sum(used.user + used.system for used in times)


def measure_mbox(megabytes: int) -> dict[str, Any]:
    """Stream a mailbox like a takeout's: short mails, of which some carry large attachments."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "All mail.mbox"
        messages = _write_mailbox(path, megabytes * 1_000_000)
        size = path.stat().st_size
        splitting = _Clock()
        with path.open("rb") as stream:
            split = sum(1 for _ in mbox.split(stream))
        splitting.stop()
        assert split == messages
        note = Path(name) / "warm up.md"
        note.write_text(
            "The first text loads the model of languages, which is not what is measured here."
        )
        with Pool() as pool, _peak() as peak:
            pool.extract(note)
            whole = _Clock()
            documents = sum(isinstance(item, Document) for item in pool.stream(path))
            whole.stop()
    return {
        "megabytes": round(size / 1e6),
        "messages": messages,
        "documents": documents,
        "megabytes_per_second_splitting": round(size / 1e6 / splitting.wall, 1),
        "megabytes_per_second_to_documents": round(size / 1e6 / whole.wall, 1),
        "megabytes_per_processor_second_splitting": round(size / 1e6 / splitting.own, 1),
        "megabytes_per_processor_second_to_documents": round(size / 1e6 / whole.children, 1),
        "messages_per_second": round(messages / whole.wall),
        "worker_peak_megabytes": round(peak["bytes"] / 1e6),
    }


def _write_mailbox(path: Path, size: int) -> int:
    """Write mails of about 3 kB, every tenth with a picture or document of 0.2 to 2 MB, until the size is reached."""
    chance = random.Random(2)
    count = 0
    blob = chance.randbytes(2_000_000)
    with path.open("wb") as box:
        while box.tell() < size:
            count += 1
            mail = EmailMessage()
            mail["From"] = f"Person {count % 90} <p{count % 90}@example.org>"
            mail["To"] = "Ola Nordmann <ola@example.no>"
            mail["Subject"] = f"About {' '.join(chance.choices(WORDS, k=4))}"
            mail["Date"] = f"Mon, 4 May 2026 {count % 24:02}:{count % 60:02}:00 +0200"
            mail["Message-ID"] = f"<{count}@example.org>"
            lines = [" ".join(chance.choices(WORDS, k=12)) for _ in range(25)]
            quoted = [f"> {' '.join(chance.choices(WORDS, k=11))}" for _ in range(12)]
            mail.set_content(
                "\n".join(
                    [
                        *lines,
                        "",
                        "On Sun, 3 May 2026 at 18:00, Ola <ola@example.no> wrote:",
                        *quoted,
                    ]
                )
                + "\n"
            )
            if count % 10 == 0:
                data = blob[: chance.randrange(200_000, 2_000_000)]
                mail.add_attachment(
                    data, maintype="image", subtype="jpeg", filename=f"IMG_{count}.jpg"
                )
            box.write(b"From p@example.org Mon May  4 10:20:00 2026\n" + mail.as_bytes() + b"\n")
    return count


@contextmanager
def _peak() -> Iterator[dict[str, int]]:
    """Sample the memory of this process's children while the block runs."""
    peak = {"bytes": 0}
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(0.05):
            for child in psutil.Process().children(recursive=True):
                try:
                    peak["bytes"] = max(peak["bytes"], child.memory_info().rss)
                except psutil.Error:
                    continue

    thread = threading.Thread(target=sample, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def show(figures: dict[str, Any]) -> None:
    """Print the figures as lines."""
    samples = figures["samples"]
    print(f"samples: {samples['phrases_found']} of {samples['phrases_expected']} phrases, {samples['forbidden_found']} forbidden, {samples['readers_lost']} readers lost")  # fmt: skip
    for line in samples["missing"]:
        print(f"  missing  {line}")
    for name, row in samples["by_format"].items():
        print(f"  {name:10} {row['found']:3} of {row['expected']:3}  {row['seconds']:7.3f} s")
    print(
        f"quoted replies and signatures: {figures['quotes']['exact']} of {figures['quotes']['mails']} exact ({figures['quotes']['share']:.3f})"
    )
    for group in ("mixed", "markdown", "into the store", "mbox"):
        print(group)
        for name, value in figures[group].items():
            print(f"  {name.replace('_', ' '):34} {value}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
