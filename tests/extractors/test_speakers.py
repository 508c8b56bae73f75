"""Speakers of every chat that holds numbers, addresses or handles are named as the person's contacts name them."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from pathlib import Path

import pytest

from extractors.document import Document
from extractors.formats.address_book import AddressBook
from extractors.sandbox import Pool
from tests.extractors.conftest import only


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with an address book."""
    folder = tmp_path / "Library/Application Support/AddressBook/Sources/A"
    folder.mkdir(parents=True)
    with sqlite3.connect(folder / "AddressBook-v22.abcddb") as db:
        db.executescript(
            """CREATE TABLE ZABCDRECORD (Z_PK INTEGER, ZFIRSTNAME TEXT, ZLASTNAME TEXT);
               CREATE TABLE ZABCDPHONENUMBER (ZOWNER INTEGER, ZFULLNUMBER TEXT);
               CREATE TABLE ZABCDEMAILADDRESS (ZOWNER INTEGER, ZADDRESS TEXT);
               CREATE TABLE ZABCDSOCIALPROFILE (ZOWNER INTEGER, ZUSERNAME TEXT);
               INSERT INTO ZABCDRECORD VALUES (1, 'Ida', 'Berg');
               INSERT INTO ZABCDPHONENUMBER VALUES (1, '22 33 44 55');
               INSERT INTO ZABCDEMAILADDRESS VALUES (1, 'Ida@Example.no');
               INSERT INTO ZABCDSOCIALPROFILE VALUES (1, 'ida_b');"""
        )
    return tmp_path


def speakers(document: Document) -> list[str]:
    return [turn.speaker for turn in document.turns]


MOMENT = 1777881600
SIGNAL = [
    {"version": "1", "backupTimeMs": "1777881600000"},
    {"recipient": {"id": "1", "self": {}}},
    {"recipient": {"id": "2", "contact": {"e164": "4722334455", "profileGivenName": "idab"}}},
    {"recipient": {"id": "3", "contact": {"e164": "4799999999", "profileGivenName": "Ola"}}},
    {"chat": {"id": "7", "recipientId": "2"}},
    {"chatItem": {"chatId": "7", "authorId": "2", "dateSent": f"{MOMENT}000", "incoming": {}, "standardMessage": {"text": {"body": "Hello"}}}},
    {"chatItem": {"chatId": "7", "authorId": "1", "dateSent": f"{MOMENT + 1}000", "outgoing": {}, "standardMessage": {"text": {"body": "Hi"}}}},
    {"chatItem": {"chatId": "7", "authorId": "2", "dateSent": f"{MOMENT + 2}000", "incoming": {}, "standardMessage": {"attachments": [{}]}}},
]  # fmt: skip
EXPORTS: dict[str, tuple[str, str]] = {
    "WhatsApp": ("WhatsApp Chat with +47 22 33 44 55.txt", "04/05/2026, 10:00 - +47 22 33 44 55: Hello\n04/05/2026, 10:01 - Me: Hi"),
    "Telegram": ("result.json", json.dumps({
        "contacts": {"list": [{"first_name": "idab", "last_name": "", "phone_number": "004722334455"}]},
        "chats": {"list": [{"name": "idab", "id": 7, "messages": [
            {"type": "message", "date_unixtime": str(MOMENT), "from": "idab", "text": "Hello"},
            {"type": "message", "date_unixtime": str(MOMENT + 1), "from": "Me", "text": "Hi"}]}]}})),
    "Signal": ("main.jsonl", "\n".join(map(json.dumps, SIGNAL))),
    "signal-export": ("data.json", "\n".join(
        json.dumps({"date": f"2026-05-04 10:0{n}:00", "sender": who, "body": body, "quote": "", "sticker": "", "reactions": [], "attachments": []})
        for n, (who, body) in enumerate([("+4722334455", "Hello"), ("Me", "Hi")]))),
    "Slack": ("export/general/2026-05-04.json", json.dumps([
        {"type": "message", "user": "U1", "text": "Hello", "ts": f"{MOMENT}.000100", "user_profile": {"real_name": "idab"}},
        {"type": "message", "user": "U2", "text": "Hi", "ts": f"{MOMENT + 1}.000100", "user_profile": {"real_name": "Me"}}])),
    "Instagram": ("instagram/message_1.json", json.dumps({"participants": [{"name": "ida_b"}], "title": "ida_b", "messages": [
        {"sender_name": "Me", "timestamp_ms": (MOMENT + 1) * 1000, "content": "Hi"},
        {"sender_name": "ida_b", "timestamp_ms": MOMENT * 1000, "content": "Hello"}]})),
}  # fmt: skip


@pytest.mark.parametrize("messenger", EXPORTS)
def test_a_speaker_has_the_contacts_name_in_every_messenger(
    messenger: str, home: Path, pool: Pool
) -> None:
    name, content = EXPORTS[messenger]
    path = home / "Documents" / name
    path.parent.mkdir(parents=True)
    path.write_text(content)
    if messenger == "Slack":
        users = [{"id": "U1", "profile": {"email": "ida@example.no", "real_name": "idab"}}]
        (home / "Documents/export/users.json").write_text(json.dumps(users))
    document = only(pool.extract(path))
    assert speakers(document) == ["Ida Berg", "Me"]
    assert document.text == "Ida Berg: Hello\nMe: Hi"


def test_slacks_answers_stand_behind_what_they_answer(tmp_path: Path, pool: Pool) -> None:
    said = (
        ("Who has the key?", 0, None),
        ("Lunch?", 60, None),
        ("I have it", 120, 0),
        ("Yes", 180, 60),
    )
    messages = [
        {"type": "message", "user": "ida", "text": text, "ts": f"{MOMENT + after}.000100"}
        | ({} if root is None else {"thread_ts": f"{MOMENT + root}.000100"})
        for text, after, root in said
    ]
    path = tmp_path / "general" / "2026-05-04.json"
    path.parent.mkdir()
    path.write_text(json.dumps(messages))
    chat = only(pool.extract(path))
    lines = [line.removeprefix("ida: ") for line in chat.text.splitlines()]
    assert lines == ["Who has the key?", "I have it", "Lunch?", "Yes"]


def test_outside_of_a_home_the_chats_own_names_stay(tmp_path: Path, pool: Pool) -> None:
    path = tmp_path / "main.jsonl"
    path.write_text(EXPORTS["Signal"][1])
    extraction = pool.extract(path)
    assert speakers(only(extraction)) == ["idab", "Me"]
    assert extraction.skipped == (("reaction or message without words", 1),)


def test_a_handle_of_two_people_names_neither() -> None:
    book = AddressBook([("+47 22 33 44 55", "Ida"), ("0047 22334455", "Ola"), ("a@b.no", "Ola")])
    assert book.known("22334455") == ""
    assert book.known("22334455", "A@b.no") == "Ola"
    assert book.known("Route 22334455") == ""


def zipped(path: Path, entries: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def test_an_export_of_slack_is_read_in_its_archive_with_the_names_beside_it(
    home: Path, pool: Pool
) -> None:
    users = [{"id": "U1", "profile": {"email": "ida@example.no"}}, {"id": "U2", "real_name": "Me"}]
    path = zipped(
        home / "Downloads/export.zip",
        {"users.json": json.dumps(users), "general/2026-05-04.json": EXPORTS["Slack"][1]},
    )
    chats = [d for d in pool.extract(path).documents if d.kind == "slack"]
    assert [speakers(chat) for chat in chats] == [["Ida Berg", "Me"]]
    assert chats[0].title.startswith("#general")


def test_an_export_of_an_iphone_is_called_after_its_archive(home: Path, pool: Pool) -> None:
    words = "[04/05/2026, 10:00:00] +47 22 33 44 55: Hello"
    chat = only(pool.extract(zipped(home / "WhatsApp Chat - Sailing.zip", {"_chat.txt": words})))
    assert speakers(chat) == ["Ida Berg"]
    assert dict(chat.properties)["Chat"] == "Sailing"
