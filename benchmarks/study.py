"""What there is to study, and whether linked facts are learnt as such: `python -m benchmarks.study`.

Without arguments: how many facts the rules read from each made-up person's folder, from how many documents, what was
left out and why, and how many of the person's probes have their answer among the facts. With `--sample N`, N facts of
each person, drawn by hash, are printed with their quotes, to be judged by eye. With `--hops` a small person whose facts
lead on to contact cards is trained on the embedded base, and the shares of right answers are printed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from pathlib import Path

from benchmarks.answers import probes_of
from benchmarks.persons import FOLDERS, documents_of
from extractors.document import Document, Domain
from personald.copies import without_copies
from training.dataset import Dataset, StudySettings
from training.matching import matches
from training.material import Kind, Probe, asked
from training.syllabus import Syllabus
from training.synthesis.sources import SourceDocument

LINKS = (
    ("dentist", "Anna Weiss", "555 118", "12 March"), ("landlord", "Ola Vik", "902 441", "3 July"),
    ("plumber", "Karl Lindqvist", "417 553", "28 May"), ("lawyer", "Maria Lind", "311 207", "9 April"),
    ("vet", "Signe Dahl", "668 190", "17 October"), ("optician", "Paul Renner", "240 775", "30 January"),
    ("accountant", "Ruth Ellingsen", "733 028", "21 August"), ("hairdresser", "Lena Vogt", "586 314", "6 June"),
    ("electrician", "Tomas Berg", "194 862", "14 November"), ("doctor", "Hanne Solberg", "807 639", "25 February"),
)  # fmt: skip
FRIENDS = ("Nora", "Jonas", "Erik", "Ingeborg", "Astrid")


def datasets(documents: list[SourceDocument]) -> dict[str, Dataset]:
    """Domain → its dataset, by the rules alone."""
    domains = sorted({str(source.document.domain) for source in documents})
    return {
        domain: Syllabus.of(domain, documents, StudySettings(), pocket=True).dataset()
        for domain in domains
    }


def covered(sets: dict[str, Dataset], probes: list[Probe]) -> int:
    """How many of these questions have their answer among the facts' values; an upper bound on what memory can tell."""
    values = [form for found in sets.values() for fact in found.facts for form in fact.accepted]
    return sum(any(matches(value, probe.answers) for value in values) for probe in probes)


def read_probes(path: Path) -> list[Probe]:
    """The answerable probes of a person."""
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Probe(Kind(line["kind"]), asked(line["question"]), tuple(line["answers"]))
        for line in lines
        if line["kind"] != Kind.ABSTAIN
    ]


def count(names: list[str]) -> None:
    """Print how much is read from each person."""
    print("| person | domain | documents | with facts | facts | facts a document | left out |")
    print("|---|---|---|---|---|---|---|")
    for name in names:
        documents = without_copies(documents_of(name))
        sets = datasets(documents)
        for domain, found in sets.items():
            own = [source for source in documents if source.document.domain == domain]
            taught = {fact.document for fact in found.facts}
            left_out = "; ".join(f"{why} {n}" for why, n in found.dropped.items() if n)
            print(
                f"| {name} | {domain} | {len(own)} | {len(taught)} | {len(found.facts)} | {len(found.facts) / len(own):.1f} | {left_out} |"
            )
        probes = read_probes(probes_of(name))
        print(f"| {name} | all | {covered(sets, probes)} of {len(probes)} answers are facts |")


def sample(name: str, wanted: int) -> None:
    """Print facts to be judged by eye."""
    found = [fact for held in datasets(documents_of(name)).values() for fact in held.facts]
    found.sort(key=lambda fact: hashlib.sha256(fact.identity.encode()).digest())
    for fact in found[:wanted]:
        asked_as = (
            fact.questions[0] if fact.questions else f"{fact.subject or 'I'}: {fact.relation}"
        )
        quote = " ".join(fact.quote.split())
        print(f"- {asked_as} → {fact.value}   «{quote}»")


def small_person() -> list[SourceDocument]:
    """Notes whose values are names, and a contact card for each name."""
    documents = []
    for number, (role, name, phone, birthday) in enumerate(LINKS):
        whose = "My" if number % 2 else f"{FRIENDS[number // 2]}'s"
        note = f"{whose} {role} is {name}."
        documents.append(_document(f"note {number}", Domain.NOTES, "markdown", role, note))
        pairs = (("Name", name), ("Phone", phone), ("Birthday", birthday))
        card = "\n".join([name, *(f"{label}: {value}" for label, value in pairs[1:])])
        documents.append(_document(f"card {number}", Domain.PEOPLE, "contact", name, card, pairs))
    return documents


def _document(
    name: str,
    domain: Domain,
    kind: str,
    title: str,
    text: str,
    properties: tuple[tuple[str, str], ...] = (),
) -> SourceDocument:
    identity = hashlib.sha256(name.encode()).hexdigest()[:32]
    document = Document(f"/{name}", domain, kind, title, text, properties=properties)
    return SourceDocument(identity, 1, document)


def hops() -> None:
    """Train the small person's notes and print what came of it."""
    from training.settings import TrainingSettings
    from training.worker import Job, run

    settings = TrainingSettings(study=StudySettings(owner=("Ingrid Moe",)))
    began = time.process_time()
    with tempfile.TemporaryDirectory() as home:
        job = Job("notes", settings=settings)
        outcome = run(job, small_person(), b"k" * 32, Path(home))
    print(f"{outcome.facts} facts, {outcome.rows} rows, {time.process_time() - began:.0f} CPU-s")
    for metric, value in outcome.metrics.items():
        if isinstance(value, dict) and "value" in value:
            print(f"{metric}: {value}")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("persons", nargs="*", choices=[*FOLDERS, []], help="whom; all by default")
    parser.add_argument("--sample", type=int, default=0, help="print so many facts of each")
    parser.add_argument("--hops", action="store_true", help="train linked facts")
    options = parser.parse_args()
    if options.hops:
        hops()
    elif options.sample:
        for name in options.persons or FOLDERS:
            sample(name, options.sample)
    else:
        count(options.persons or list(FOLDERS))


if __name__ == "__main__":
    main()
