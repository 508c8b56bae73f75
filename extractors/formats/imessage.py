"""Messages of macOS (`chat.db`): conversations by chat, tapbacks and machinery left out, speakers named from Contacts.

Since macOS 13 the text column is often empty and the words are in `attributedBody`, a typedstream archive; only its first
string is needed, so just that is read: after the class name NSString and the bytes 84 01 2B a length (one byte, or 81 and
two, or 82 and four, little-endian) and UTF-8.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from extractors.formats.address_book import AddressBook, address_book
from extractors.formats.conversation import OWNER, Message, conversations
from extractors.formats.databases import apple_moment, columns, open_copy, pick
from extractors.normalise import one_line
from extractors.options import Options
from extractors.results import CannotRead, Item, Skip

_STRING = re.compile(rb"NS(?:Mutable)?String.{0,40}?\x84\x01\x2b", re.DOTALL)
_END_OF_STRING = b"\x86\x84"
# Tapbacks point at the message they belong to: 2000–2006 added, 3000–3006 taken back.
_TAPBACKS = range(2000, 4000)


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read all chats; a conversation's origin is `path#chat/moment`."""
    with open_copy(path, options) as connection:
        known = columns(connection, "message")
        if "attributedBody" not in known and "text" not in known:
            raise CannotRead("it is no database of Messages that is known here")
        book = address_book(path, options)
        skipped = 0
        for chat in connection.execute(
            "SELECT ROWID AS id, guid, display_name, chat_identifier FROM chat ORDER BY ROWID"
        ):
            people = [
                _person(str(row["id"]), book)
                for row in connection.execute(
                    "SELECT handle.id AS id FROM chat_handle_join JOIN handle ON handle.ROWID = handle_id WHERE chat_id = ?",
                    (chat["id"],),
                )
            ]
            name = (
                one_line(str(chat["display_name"] or ""))
                or ", ".join(people[:5])
                or str(chat["chat_identifier"])
            )
            found: list[Message] = []
            for row in connection.execute(_query(known), (chat["id"],)):
                words = _words(row)
                if row["kind"] in _TAPBACKS or not words:
                    skipped += 1
                    continue
                speaker = OWNER if row["mine"] else _person(str(row["handle"] or ""), book)
                found.append(Message(speaker, words, apple_moment(row["date"])))
            yield from conversations(
                found, name, f"{origin}#{chat['guid'] or chat['id']}", "imessage", options
            )
    if skipped:
        yield Skip("reaction or message without words", skipped)


def attributed_text(body: bytes) -> str:
    """Return the text of an `attributedBody`, "" when it holds none.

    A length that overruns its text occurs in the wild; the bytes are then cut where the string's end is marked.
    """
    match = _STRING.search(body)
    if match is None or match.end() >= len(body):
        return ""
    position = match.end()
    length = body[position]
    position += 1
    if length in (0x81, 0x82):
        width = 2 if length == 0x81 else 4
        length = int.from_bytes(body[position : position + width], "little")
        position += width
    data = body[position : position + length]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.partition(_END_OF_STRING)[0].decode("utf-8", "replace")


def _query(known: frozenset[str]) -> str:
    return f"""
        SELECT message.text AS text, message.{pick(known, "attributedBody", "text")} AS body, message.date AS date,
               message.is_from_me AS mine, handle.id AS handle,
               message.{pick(known, "associated_message_type", "ROWID")} AS kind
        FROM chat_message_join JOIN message ON message.ROWID = message_id
        LEFT JOIN handle ON handle.ROWID = message.handle_id
        WHERE chat_id = ? ORDER BY message.date, message.ROWID"""


def _words(row: sqlite3.Row) -> str:
    text = row["text"]
    if not text and isinstance(row["body"], bytes):
        text = attributed_text(row["body"])
    # U+FFFC stands for an attachment.
    return str(text or "").replace("\ufffc", "").strip()


def _person(handle: str, book: AddressBook) -> str:
    return book.known(handle) or handle
