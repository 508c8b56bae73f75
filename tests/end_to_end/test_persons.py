"""The made-up persons are sound: real formats, enough of each, and every probe's answer is on file."""

from __future__ import annotations

import email
import email.policy
import json
import mailbox
import re
import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

PERSONS = Path(__file__).parent / "persons"
NAMES = ("amara", "ingrid", "tomasz")
UNKNOWN = "I don't know."
PROBE_KINDS = {"recall", "paraphrase", "reverse", "multi_hop", "neighbour", "abstain"}
MONTHS = "January February March April May June July August September October November December"


def comparable(text: str) -> str:
    """Fold case, drop possessives, punctuation and articles, as the answers are compared."""
    folded = re.sub(r"['’]s\b", "", unicodedata.normalize("NFKC", text).casefold())
    close = re.sub(r"(?<=\w)[.,:'’](?=\w)", "", folded)
    spaced = "".join(" " if unicodedata.category(sign).startswith("P") else sign for sign in close)
    return " ".join(word for word in spaced.split() if word not in {"a", "an", "the"})


def readable(path: Path) -> str:
    """Return a file's text; contacts and calendars unfolded, with their dates also in words."""
    text = path.read_bytes().decode("utf-8")
    if path.suffix not in {".ics", ".vcf"}:
        return text
    unfolded = text.replace("\r\n ", "").replace("\\,", ",")
    dates = re.findall(r"(?:DTSTART|BDAY)[^:]*:\d{4}-?(\d\d)-?(\d\d)", unfolded)
    words = [f"{int(day)} {MONTHS.split()[int(month) - 1]}" for month, day in dates]
    return "\n".join([re.sub("[:;]", " ", unfolded), *words])


def probes_of(name: str) -> list[dict[str, Any]]:
    lines = (PERSONS / f"{name}.probes.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def files_of(name: str) -> list[Path]:
    return sorted(path for path in (PERSONS / name).rglob("*") if path.is_file())


@pytest.mark.parametrize("name", NAMES)
def test_a_person_keeps_files_of_every_kind(name: str) -> None:
    files = files_of(name)
    kinds = Counter(path.suffix for path in files)
    assert 25 <= len(files) <= 40
    assert set(kinds) == {".md", ".txt", ".eml", ".mbox", ".ics", ".vcf", ".json"}
    assert {path.relative_to(PERSONS / name).parts[0] for path in files} == {
        "notes",
        "files",
        "mail",
        "people",
        "chats",
    }
    headed = [path for path in files if path.suffix == ".md" and readable(path).startswith("---\n")]
    assert 0 < len(headed) < kinds[".md"]


@pytest.mark.parametrize("name", NAMES)
def test_mails_have_the_headers_of_real_mails(name: str) -> None:
    for path in files_of(name):
        if path.suffix != ".eml":
            continue
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        assert not message.defects, path
        for header in ("From", "To", "Subject", "Date", "Message-ID"):
            assert message[header], (path, header)
        sent = message["Date"]
        assert sent.startswith(sent.datetime.strftime("%a, %d")), path


@pytest.mark.parametrize("name", NAMES)
def test_the_mailbox_opens_with_every_message(name: str) -> None:
    (path,) = [path for path in files_of(name) if path.suffix == ".mbox"]
    box = mailbox.mbox(path, create=False)
    assert len(box) >= 5
    assert all(message["Message-ID"] and message["From"] for message in box)
    box.close()


@pytest.mark.parametrize("name", NAMES)
def test_the_conversations_hang_together_from_leaf_to_root(name: str) -> None:
    (path,) = [path for path in files_of(name) if path.suffix == ".json"]
    for conversation in json.loads(path.read_text(encoding="utf-8")):
        mapping = conversation["mapping"]
        node, roles = conversation["current_node"], []
        while node is not None:
            message = mapping[node]["message"]
            roles.append(message["author"]["role"] if message else "root")
            node = mapping[node]["parent"]
        assert roles[-2:] == ["system", "root"]
        assert roles[0] == "assistant"
        assert roles.count("user") >= 2


@pytest.mark.parametrize("name", NAMES)
def test_every_answer_is_on_file(name: str) -> None:
    haystack = " | ".join(comparable(readable(path)) for path in files_of(name))
    for probe in probes_of(name):
        if probe["kind"] == "abstain":
            assert probe["answers"] == [UNKNOWN], probe
        else:
            needles = [comparable(answer) for answer in probe["answers"]]
            assert any(f" {needle} " in f" {haystack} " for needle in needles), probe


@pytest.mark.parametrize("name", NAMES)
def test_probes_cover_every_kind_and_ask_nothing_twice(name: str) -> None:
    probes = probes_of(name)
    assert len(probes) >= 50
    assert all(set(probe) == {"question", "answers", "kind", "domain"} for probe in probes)
    assert len({probe["question"] for probe in probes}) == len(probes)
    kinds = Counter(probe["kind"] for probe in probes)
    assert set(kinds) == PROBE_KINDS
    assert min(kinds.values()) >= 5
    assert {probe["domain"] for probe in probes} == {"notes", "files", "mail", "people", "chats"}
