"""JSON exports of messengers: Telegram, Messenger and Instagram, Slack."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from extractors.files import read_whole
from extractors.formats.address_book import AddressBook, address_book
from extractors.formats.assistants import from_number, load_json
from extractors.formats.conversation import Message, conversations
from extractors.formats.plain import title_of
from extractors.normalise import from_timestamp, one_line, parse_date
from extractors.options import MEBI, Options
from extractors.results import CannotRead, Item, Skip

MAX_BYTES = 512 * MEBI
MAX_USERS_BYTES = 32 * MEBI
_UNDATED = datetime.min.replace(tzinfo=UTC)
_SLACK_LINK = re.compile(r"<([^<>|\n]{1,2000})(?:\|([^<>\n]{0,500}))?>")


def extract_telegram(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read Telegram's `result.json`: one chat, or all of an account."""
    loaded = load_json(path, MAX_BYTES)
    if not isinstance(loaded, dict):
        raise CannotRead("it holds no chats")
    names = _telegram_contacts(loaded, address_book(path, options))
    chats = loaded.get("chats")
    listed = chats.get("list") if isinstance(chats, dict) else None
    for number, chat in enumerate(_tables(listed if isinstance(listed, list) else [loaded])):
        messages = chat.get("messages")
        name = one_line(
            str(
                chat.get("name")
                or ("Saved messages" if chat.get("type") == "saved_messages" else "")
            )
        )
        part = f"{origin}#{chat.get('id', number)}" if listed is not None else origin
        found = [
            Message(
                _named(entry.get("from") or entry.get("from_id"), names),
                _telegram_words(entry.get("text")),
                from_number(entry.get("date_unixtime")) or parse_date(str(entry.get("date") or "")),
            )
            for entry in _tables(messages)
            if entry.get("type", "message") == "message"
        ]
        yield from conversations(found, names.get(name, name), part, "telegram", options)


def _telegram_contacts(loaded: Mapping[str, object], book: AddressBook) -> dict[str, str]:
    """Return name in Telegram → name in the address book, of the account's contacts by their numbers."""
    contacts = loaded.get("contacts")
    names: dict[str, str] = {}
    for contact in _tables(contacts.get("list") if isinstance(contacts, dict) else None):
        own = one_line(f"{contact.get('first_name') or ''} {contact.get('last_name') or ''}")
        names[own] = book.known(str(contact.get("phone_number") or "")) or own
    return names


def _named(value: object, names: Mapping[str, str]) -> str:
    shown = one_line(str(value or ""))
    return names.get(shown, shown)


def extract_meta(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read `message_1.json` of a Messenger or Instagram export; newest first there, its UTF-8 written as Latin-1."""
    loaded = load_json(path, MAX_BYTES)
    if not isinstance(loaded, dict):
        raise CannotRead("it holds no messages")
    book = address_book(path, options)
    found: list[tuple[float, Message]] = []
    for entry in _tables(loaded.get("messages")):
        words = entry.get("content")
        stamp = entry.get("timestamp_ms")
        if isinstance(words, str) and isinstance(stamp, int | float) and not entry.get("is_unsent"):
            speaker = one_line(_meta_text(str(entry.get("sender_name") or "")))
            speaker = book.known(f"@{speaker}", speaker) or speaker
            found.append((stamp, Message(speaker, _meta_text(words), from_timestamp(stamp / 1000))))
    found.sort(key=lambda pair: pair[0])
    people = [
        _meta_text(str(person.get("name") or "")) for person in _tables(loaded.get("participants"))
    ]
    name = one_line(_meta_text(str(loaded.get("title") or ""))) or ", ".join(people[:5])
    kind = "instagram" if "instagram" in str(path).lower() else "messenger"
    yield from conversations((message for _, message in found), name, origin, kind, options)


def extract_slack(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read one day of a channel of a Slack export; names come from `users.json` two levels up, where it lies there."""
    loaded = load_json(path, MAX_BYTES)
    users = _slack_users(_slack_file(path, options), address_book(path, options))
    found: list[tuple[datetime, Message]] = []
    machines = 0
    for entry in _tables(loaded):
        profile = entry.get("user_profile")
        given = profile.get("real_name") if isinstance(profile, dict) else None
        if entry.get("subtype") not in (None, "thread_broadcast", "me_message", "file_share"):
            machines += 1
            continue
        user = str(entry.get("user") or "")
        speaker = one_line(str(users.get(user) or given or user))
        at = from_number(entry.get("ts"))
        # An answer stands behind what it answers, whatever was said meanwhile (Slack's "thread_ts").
        place = from_number(entry.get("thread_ts")) or at or _UNDATED
        words = _slack_words(str(entry.get("text") or ""), users)
        found.append((place, Message(speaker, words, at)))
    if machines:
        yield Skip("message of a program", machines)
    # A folder is a channel; a file of a day that lies alone has only its own name.
    folder = PurePosixPath(origin.rpartition("#")[2]).parent.name
    channel = folder if re.fullmatch(r"\d{4}-\d\d-\d\d", path.stem) else title_of(path)
    found.sort(key=lambda placed: (placed[0], placed[1].at or _UNDATED))
    messages = (message for _, message in found)
    yield from conversations(messages, f"#{channel}", origin, "slack", options)


def _tables(value: object) -> Iterable[Mapping[str, object]]:
    return (entry for entry in value if isinstance(entry, dict)) if isinstance(value, list) else ()


def _telegram_words(value: object) -> str:
    """Join a text that is a string, or a list of strings and of tables with a `text` (links, mentions, bold words)."""
    if isinstance(value, str):
        return value
    pieces = value if isinstance(value, list) else []
    return "".join(
        piece if isinstance(piece, str) else str(piece.get("text", ""))
        for piece in pieces
        if isinstance(piece, str | dict)
    )


def _meta_text(value: str) -> str:
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _slack_file(path: Path, options: Options) -> bytes:
    """Return `users.json`, which lies above the channels' folders, on disk or in the archive; b"" where it is not."""
    if options.neighbour is not None:
        return options.neighbour("../users.json") or b""
    try:
        return read_whole(path.parent.parent / "users.json", MAX_USERS_BYTES)
    except CannotRead:
        return b""


def _slack_users(data: bytes, book: AddressBook) -> dict[str, str]:
    try:
        loaded = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    names: dict[str, str] = {}
    for user in _tables(loaded):
        profile = user.get("profile")
        told = profile if isinstance(profile, dict) else {}
        name = book.known(str(told.get("email") or ""), str(told.get("phone") or ""))
        own = told.get("real_name") or user.get("real_name") or user.get("name") or ""
        names[str(user.get("id"))] = one_line(name or str(own))
    return names


def _slack_words(words: str, users: Mapping[str, str]) -> str:
    """Write mentions, channels and links as people see them (Slack's "Formatting text")."""

    def shown(match: re.Match[str]) -> str:
        target, label = match.group(1), match.group(2)
        if target.startswith("@"):
            return f"@{users.get(target[1:]) or label or target[1:]}"
        if target.startswith(("#", "!")):
            return f"{target[0] if target[0] == '#' else '@'}{label or target[1:]}"
        return f"{label} ({target})" if label and label != target else target

    return html.unescape(_SLACK_LINK.sub(shown, words))
