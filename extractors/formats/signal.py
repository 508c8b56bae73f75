"""Signal's exports where they are plain: its own `main.jsonl`, and what signal-export writes from Signal Desktop.

Signal's own is one table a line, in the form of its backups (Backup.proto of libsignal as JSON): `recipient`, `chat` and
`chatItem`, which refer to one another by numbers. signal-export writes one `data.json` for each chat, a message a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path

from extractors.files import open_regular
from extractors.formats.address_book import AddressBook, address_book
from extractors.formats.conversation import OWNER, Message, conversations
from extractors.normalise import from_timestamp, one_line, parse_date
from extractors.options import MEBI, Options
from extractors.results import CannotRead, FailureKind, Item, Skip

MAX_LINE = 16 * MEBI
_NAMES = ("systemGivenName", "systemFamilyName"), ("profileGivenName", "profileFamilyName")


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read an export: all chats of an account, or one."""
    book = address_book(path, options)
    account = _Account(book)
    alone: list[Message] = []
    passed = 0
    for line in _lines(path):
        if line is None:
            passed += 1
        elif "chatItem" in line or "recipient" in line or "chat" in line:
            passed += account.take(line)
        elif words := str(line.get("body") or "").strip():
            sender = one_line(str(line.get("sender") or ""))
            at = parse_date(str(line.get("date") or ""))
            alone.append(Message(book.known(sender) or sender, words, at))
        elif "sender" in line:
            passed += 1
    if not alone and not account.chats:
        raise CannotRead("it holds no messages")
    if passed:
        yield Skip("reaction or message without words", passed)
    yield from conversations(alone, one_line(path.parent.name), origin, "signal", options)
    for chat, messages in account.chats.items():
        messages.sort(key=lambda message: message.at.timestamp() if message.at else 0.0)
        yield from conversations(
            messages, account.chat_name(chat), f"{origin}#{chat}", "signal", options
        )


class _Account:
    """Gathers people, chats and messages, which come in this order."""

    def __init__(self, book: AddressBook) -> None:
        self._book = book
        self._people: dict[str, str] = {}
        self._chat_people: dict[str, str] = {}
        self.chats: dict[str, list[Message]] = {}

    def take(self, line: Mapping[str, object]) -> int:
        """Take one line; returns 1 when it is a message without words."""
        recipient, chat, item = (line.get(name) for name in ("recipient", "chat", "chatItem"))
        if isinstance(recipient, dict):
            self._people[str(recipient.get("id"))] = self._person(recipient)
        elif isinstance(chat, dict):
            self._chat_people[str(chat.get("id"))] = str(chat.get("recipientId"))
        elif isinstance(item, dict):
            words = _words(item)
            if not words:
                return 1
            speaker = (
                OWNER if "outgoing" in item else self._people.get(str(item.get("authorId")), "")
            )
            messages = self.chats.setdefault(str(item.get("chatId")), [])
            messages.append(Message(speaker, words, _moment(item.get("dateSent"))))
        return 0

    def chat_name(self, chat: str) -> str:
        """Return the name of a chat: its group's, or the other person's."""
        return self._people.get(self._chat_people.get(chat, ""), "")

    def _person(self, recipient: Mapping[str, object]) -> str:
        if "self" in recipient:
            return OWNER
        group = recipient.get("group")
        if isinstance(group, dict):
            title = _inside(group, "snapshot", "title", "title")
            return one_line(title if isinstance(title, str) else "")
        contact = recipient.get("contact")
        if not isinstance(contact, dict):
            return ""
        number = str(contact.get("e164") or "")
        number = f"+{number}" if number.isdigit() else number
        names = (" ".join(str(contact.get(part) or "") for part in parts) for parts in _NAMES)
        own = next((name for name in map(one_line, names) if name), "")
        return self._book.known(number) or own or number


def _lines(path: Path) -> Iterator[Mapping[str, object] | None]:
    """Yield the tables of a file's lines, None for a line that is none."""
    with open_regular(path) as stream:
        while line := stream.readline(MAX_LINE + 1):
            if len(line) > MAX_LINE:
                raise CannotRead("one of its lines is too long", FailureKind.TOO_LARGE)
            if not line.strip():
                continue
            try:
                loaded = json.loads(line)
            except (ValueError, RecursionError):
                loaded = None
            yield loaded if isinstance(loaded, dict) else None


def _words(item: Mapping[str, object]) -> str:
    text = _inside(item, "standardMessage", "text", "body")
    return text.strip() if isinstance(text, str) else ""


def _inside(table: Mapping[str, object], *names: str) -> object:
    value: object = table
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _moment(value: object) -> datetime | None:
    """Return a moment for milliseconds since 1970, which JSON forms of Protocol Buffers write as strings."""
    shown = str(value or "")
    return from_timestamp(int(shown) / 1000) if shown.isdigit() and len(shown) < 16 else None
