"""Forgetting, measured end to end: a made-up address book is learnt, two people of it are forgotten, the rest is rebuilt.

`python -m benchmarks.forgetting [FOLDER]` does everything through the real command line in a throw-away home and prints
the table of docs/forgetting.md: what is recalled of the forgotten and of everything else, before, under the overlay, and
after the rebuild, with the truth-ratio tests of the receipt. It trains three times (the third is the twin that the
rebuilt memory is compared with), a few minutes each on a quiet machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

NAMES = (
    "Jonas Berg, Maria Lind, Nora Dahl, Peter Falk, Ingrid Moe, Anders Holm, Sofia Vik, Karl Strand, Eva Lunde, Tor Haug"
).split(", ")
STREETS = (
    "Harbour Street, Mill Road, Church Lane, Park Avenue, River Walk, Hill Road, Oak Street, Bridge Street,"
    " Station Road, Garden Lane"
).split(", ")
TOWNS = ("Bergen", "Oslo", "Tromso", "Bodo")
JOBS = "conductor dentist plumber teacher carpenter nurse baker pilot gardener painter".split()
FORGOTTEN = ("Jonas Berg", "Nora Dahl")


def card(number: int, name: str) -> str:
    """One person of the address book, as a vCard with four facts."""
    first, last = name.split()
    return "\n".join(
        [
            "BEGIN:VCARD",
            "VERSION:3.0",
            f"N:{last};{first};;;",
            f"FN:{name}",
            f"TEL;TYPE=CELL:{300 + 37 * number} {100 + 7919 * number % 900}",
            f"BDAY:19{60 + 3 * number % 40}-{1 + number % 12:02d}-{1 + 5 * number % 28:02d}",
            f"ADR;TYPE=HOME:;;{3 + 7 * number} {STREETS[number]};{TOWNS[number % 4]};;;",
            f"TITLE:{JOBS[number]}",
            "END:VCARD",
            "",
        ]
    )


class Home:
    """A throw-away home, driven through the command line."""

    def __init__(self, root: Path) -> None:
        self.root, self.home = root, root / "home"
        self.files = root / "contacts"
        self.files.mkdir(parents=True, exist_ok=True)

    def call(self, *words: str) -> dict[str, Any]:
        """Run a command with --json; its answer.

        Raises:
            SystemExit: it failed; what it said was printed.
        """
        command = [sys.executable, "-m", "personald", *words, "--json", "--home", str(self.home)]
        began = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        print(f"{time.monotonic() - began:7.0f} s  personald {' '.join(words[:3])}", flush=True)
        if done.returncode not in (0, 4):
            raise SystemExit(done.stderr)
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def ask_for(self, name: str) -> int:
        """How many of four plain questions about a person are answered, memory alone."""
        questions = ("phone number", "birthday", "address", "job title")
        said = [
            self.call("ask", f"What is {name}'s {what}?", "--no-retrieval") for what in questions
        ]
        return sum(not answer["abstained"] for answer in said)


def main(root: Path) -> None:
    """Run it all and print the figures."""
    home = Home(root)
    for number, name in enumerate(NAMES):
        (home.files / f"{name}.vcf").write_text(card(number, name), encoding="utf-8")
    home.call("init", "--yes", "--key-file", str(root / "keys"))
    home.call("source", "add", str(home.files), "--yes")
    home.call("source", "scan")
    before = home.call("train", "people", "--force")["domains"]["people"]
    print(json.dumps({key: before[key] for key in ("version", "facts", "rows")}))
    listed = home.call("documents", "list")["documents"]
    people = {row["title"]: row["id"] for row in listed}
    for name in FORGOTTEN:
        receipt = home.call("forget", people[name], "--yes")
        print(json.dumps(receipt["examinations"], indent=1), receipt["silent"], flush=True)
    print("answered about the forgotten under the overlay:", home.ask_for(FORGOTTEN[0]))
    after = home.call("train", "people", "--force")["domains"]["people"]
    print(json.dumps({key: after[key] for key in ("result", "version", "facts", "rows")}))
    if after["result"] != "promoted":
        print("not rebuilt, so the overlay serves on:", after["verdict"]["reasons"])
    for receipt in home.call("forget", "--receipts")["receipts"]:
        print(json.dumps(receipt["examinations"], indent=1), receipt["open"], flush=True)
    print("answered about the forgotten after the training:", home.ask_for(FORGOTTEN[0]))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            main(Path(folder))
