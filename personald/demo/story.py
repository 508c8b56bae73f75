"""The steps of the demo, in order, and what was measured on the way."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from personald.demo.devices import DemoFailed, Device, words_found
from personald.demo.picture import Bars, draw

PERSON = Path(__file__).parent / "person"
PROBES = Path(__file__).parent / "probes.jsonl"

# Words that stand in one document each and in nothing of the program's own: none of them may be found under a home.
CANARIES = ["Havørn", "Padraig Conneely", "Vaksalaskolan", "QX7T2M", "elderflower", "Albariño"]

# What both devices are asked at the end: two things that were always there, one that was edited while the daemon ran,
# one that was deleted then, and one that nobody was ever told.
QUESTIONS = (
    "What is Aoife Brennan's phone number?",
    "How long is the new boat?",
    "What is the locker of the gym contract?",
    "What is the booking reference of the Vienna trip?",
    "What is Brendan Colville's email address?",
)

Say = Callable[[str], None]


@dataclass(slots=True)
class Measured:
    """What the demo measured; printed as its last table.

    Attributes:
        files, documents: what was read.
        rows: name → what was seen, in the order of the story.
        bars: recall before and after, for each domain.
        answers: question → (first device's answer, second device's answer).
        seconds: how long each step took.
        failures: promises that did not hold, one line each.
    """

    files: int = 0
    documents: int = 0
    rows: dict[str, str] = field(default_factory=dict)
    bars: list[Bars] = field(default_factory=list)
    answers: dict[str, tuple[str, str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)


class Story:
    """One telling of the demo.

    Args:
        folder: an empty folder that is the demo's to fill.
        picture: where the PNG goes.
        say: tells the person what happens.
        clock: seconds, monotonic.
    """

    def __init__(
        self, folder: Path, picture: Path, say: Say, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.measured = Measured()
        self._picture = picture
        self._say = say
        self._clock = clock
        self._files = folder / "Nora's files"
        shared = folder / "shared folder"
        shared.mkdir()
        self._study = Device("study", folder / "study", shared)
        self._laptop = Device("laptop", folder / "laptop", shared)

    def tell(self) -> Measured:
        """Run all steps.

        Raises:
            DemoFailed: a step did not do what it shows.
        """
        begun = self._clock()
        try:
            with self._step("reading", "A made-up person's files are watched and read"):
                self._read()
            with self._step(
                "watching", "A file is edited, one is deleted, one is renamed, while it runs"
            ):
                self._change()
        finally:
            self._study.stop()
        with self._step("training", "Each domain's memory is trained, tested and judged"):
            self._train()
        with self._step("sync", "The adapters travel, sealed, to a second device"):
            self._sync()
        with self._step("asking", "Both devices are asked"):
            self._ask()
        with self._step(
            "probing",
            "The person's own questions are asked, most of them in words that were never trained",
        ):
            self._probe()
        with self._step("canaries", "No word of a document stands in any file"):
            self._search_canaries()
        draw(self.measured.bars, self._picture)
        self.measured.seconds["all"] = self._clock() - begun
        return self.measured

    @contextmanager
    def _step(self, name: str, title: str) -> Iterator[None]:
        self._say(f"\n{title} …")
        begun = self._clock()
        yield
        self.measured.seconds[name] = self._clock() - begun

    def _read(self) -> None:
        shutil.copytree(PERSON, self._files)
        self.measured.files = sum(path.is_file() for path in self._files.rglob("*"))
        self._study.init()
        self._study.call("source", "add", str(self._files), "--yes")
        self._study.start()
        documents = self._study.wait_for_documents(self.measured.files)
        self.measured.documents = documents
        counts = self._study.call("status")["documents"]
        self._say(
            f"  {self.measured.files} files gave {documents} documents; {counts['failed']} failed"
        )
        if counts["failed"] or documents < self.measured.files:
            raise DemoFailed(f"{self.measured.files} files gave only {documents} documents.")
        self.measured.rows["files → documents"] = f"{self.measured.files} → {documents}"

    def _change(self) -> None:
        gym = self._files / "Papers" / "gym contract.txt"
        gym.write_text(gym.read_text().replace("Locker: 77", "Locker: 203"))
        (self._files / "Notes" / "Vienna trip.md").unlink()
        house = self._files / "Notes" / "House.md"
        house.rename(house.with_name("The house in Fuchsia Lane.md"))
        begun = self._clock()
        self._wait_until("the edit", lambda: self._finds("203", "gym contract"))
        self._wait_until("the deletion", lambda: not self._finds("Lerchenfeld", "Vienna"))
        self._wait_until("the new name", lambda: self._finds("Vaillant", "Fuchsia Lane.md"))
        seconds = self._clock() - begun
        self._say(f"  all three are in the store after {seconds:.1f} s")
        self.measured.rows["edit, deletion, renaming seen after"] = f"{seconds:.1f} s"

    def _train(self) -> None:
        report = self._study.call("train", "--force", "--compare", allowed=(0, 4))["domains"]
        for domain, result in report.items():
            self._judge(domain, result)
        facts = sum(int(result["facts"]) for result in report.values())
        self.measured.rows["facts learnt"] = str(facts)
        for name, label in LABELS.items():
            self.measured.rows[label] = _pooled(report, name)
        retention = [
            value
            for result in report.values()
            if (value := result["metrics"].get("retention")) is not None
        ]
        if retention:
            lowest = min(retention)
            self.measured.rows["retention of the base's skills (lowest domain)"] = f"{lowest:.3f}"
        self.measured.rows["the base alone, on the facts"] = _pooled(report, "recall", "base")
        plain = "plain next-token training, as many steps"
        self.measured.rows[plain] = _pooled(report, "recall", "plain")

    def _judge(self, domain: str, result: Mapping[str, Any]) -> None:
        metrics = result["metrics"]
        said = result.get("result", result.get("ending"))
        self._say(f"  {domain}: {result['facts']} facts, {said} in {result['seconds']:.0f} s")
        for reason in (result["verdict"] or {}).get("reasons", ()):
            self._say(f"    {reason}")
            self.measured.failures.append(f"{domain}: {reason}")
        if "recall" in metrics:
            self.measured.bars.append(
                Bars(
                    domain,
                    _value((metrics.get("base") or {}).get("recall")),
                    _value((metrics.get("plain") or {}).get("recall")),
                    _value(metrics["recall"]),
                    _value(metrics.get("paraphrase")),
                    int(result["facts"]),
                )
            )

    def _sync(self) -> None:
        self._laptop.init()
        code = self._study.call("device", "pair")["code"]
        self._laptop.call("device", "accept", code)
        self._study.call("sync", "now")
        received = self._laptop.call("sync", "now")["received"]
        installed = [item["domain"] for item in received if item["outcome"] == "installed"]
        active = self._study.call("adapters", "list")["adapters"]
        serving = sorted(item["domain"] for item in active if item["state"] == "active")
        self._say(f"  the second device verified and installed: {', '.join(sorted(installed))}")
        if sorted(installed) != serving:
            raise DemoFailed(f"{serving} serve here, but the second device installed {installed}.")
        self.measured.rows["adapters on the second device"] = f"{len(installed)} of {len(serving)}"

    def _ask(self) -> None:
        for question in QUESTIONS:
            here, there = _side_by_side(
                partial(self._study.call, "ask", question),
                partial(self._laptop.call, "ask", question, "--no-retrieval"),
            )
            self.measured.answers[question] = (here["answer"], there["answer"])
            self._say(f"  {question}\n    study: {here['answer']}\n    laptop: {there['answer']}")

    def _probe(self) -> None:
        both, alone = _side_by_side(
            partial(self._study.call, "eval", "--probes", str(PROBES)),
            partial(
                self._study.call, "eval", "--probes", str(PROBES), "--no-retrieval", quiet=True
            ),
        )
        for label, result in (
            ("own questions, memory and retrieval", both),
            ("own questions, memory alone", alone),
        ):
            right = sum(item["correct"] for item in result["items"])
            wrong = sum(
                not item["correct"] and not item["answer"].startswith("I don't know")
                for item in result["items"]
            )
            line = f"{right} of {result['n']} right, {wrong} wrong, the rest “I don't know.”"
            self._say(f"  {label}: {line}")
            self.measured.rows[label] = line

    def _search_canaries(self) -> None:
        for device in (self._study, self._laptop):
            found = words_found(device.home, CANARIES) + words_found(device.shared, CANARIES)
            if found:
                raise DemoFailed(f"{', '.join(found)} stand in the clear under {device.home}.")
        self.measured.rows["planted words found in any file"] = f"0 of {len(CANARIES)}"

    def _finds(self, word: str, title: str) -> bool:
        results = self._study.call("search", word)["results"]
        return any(title in item["origin"] for item in results)

    def _wait_until(self, what: str, holds: Callable[[], bool], seconds: float = 30.0) -> None:
        deadline = self._clock() + seconds
        while not holds():
            if self._clock() > deadline:
                raise DemoFailed(f"{what} was not noticed within {seconds:.0f} s.")
            time.sleep(0.2)


def _side_by_side(*calls: Callable[[], dict[str, Any]]) -> list[dict[str, Any]]:
    """The results of calls that do not wait for one another: each is a process, and there are two cores."""
    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


LABELS = {
    "recall": "edit success (trained kinds of wording)",
    "paraphrase": "generalisation (held-out wordings)",
    "abstain": "abstention (what cannot be known)",
    "locality": "locality (unrelated answers unchanged)",
}


def _value(share: Mapping[str, Any] | None) -> float:
    return float(share["value"]) if share else 0.0


def _pooled(report: Mapping[str, Any], name: str, model: str = "") -> str:
    """The share over all domains' probes together, of the trained model or of another one it is compared with."""
    shares = []
    for result in report.values():
        metrics = (result["metrics"].get(model) or {}) if model else result["metrics"]
        if metrics.get(name):
            shares.append(metrics[name])
    of = sum(int(share["n"]) for share in shares)
    right = sum(int(share["right"]) for share in shares)
    return f"{right / of:.3f}  ({right} of {of})" if of else "not measured"
