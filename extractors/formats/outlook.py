"""Outlook's own files (.msg): headers, body and attachments, by python-oxmsg.

The library is young: it does not know some code pages by the names that Outlook writes ("windows-874"), so those names
are taught to Python's codecs first. A body that exists only as compressed rich text is unpacked by compressed_rtf.
"""

from __future__ import annotations

import codecs
import email.utils
import functools
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from extractors import charset, quotes
from extractors.compose import Composer
from extractors.document import Document, Domain
from extractors.files import open_regular
from extractors.formats import html, mime
from extractors.formats.attachments import attached_documents
from extractors.formats.mail import MAX_ATTACHMENT_BYTES, bare_subject
from extractors.formats.plain import title_of
from extractors.formats.rtf import to_text as rich_text
from extractors.normalise import clean, one_line
from extractors.options import Options
from extractors.results import CannotRead, Failure, FailureKind, Item, Skip

# MS-OXPROPS: PidTagRtfCompressed, PidTagTransportMessageHeaders, PidTagInternetMessageId, PidTagDisplayTo, …Cc
# … PidTagMessageCodepage, PidTagInternetCodepage
_CODE_PAGE, _BODY_CODE_PAGE = 0x3FFD, 0x3FDE
_PICTURES = (".jpg", ".jpeg", ".png", ".gif", ".bmp")
_RTF, _HEADERS, _MESSAGE_ID, _TO, _CC = 0x1009, 0x007D, 0x1035, 0x0E04, 0x0E03
# The address of a mailbox inside Exchange ("/O=FIRM/OU=…/CN=IDA"): nothing that a person knows.
_EXCHANGE = re.compile(r" ?</o=[^<>]*>", re.IGNORECASE)


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read one saved message of Outlook."""
    from oxmsg import Message

    _teach_code_pages()
    with open_regular(path):
        pass
    try:
        message = Message.load(str(path))
        subject = one_line(_restored(message, message.subject))
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise CannotRead("it is no message of Outlook that can be read") from error
    sender = _EXCHANGE.sub(
        "", one_line(mime.decode_words(_restored(message, message.sender)).replace('"', ""))
    )
    recipients = _recipients(message)
    sent = _sent(message)
    properties = (
        ("From", sender),
        ("To", ", ".join(recipients)),
        ("Date", sent.strftime("%Y-%m-%d %H:%M %z").strip() if sent else ""),
        ("Subject", subject),
    )
    composer = Composer()
    for name, value in properties:
        if value:
            composer.add(f"{name}: {value}")
    body = _body(message)
    composer.add_composed(body, quotes.set_apart(body) if body else ())
    yield Document(
        origin=origin,
        domain=options.domain or Domain.MAIL,
        kind="msg",
        title=subject or title_of(path),
        text=composer.text() or title_of(path),
        author=sender,
        recipients=recipients,
        date=sent,
        thread=_text(message, _MESSAGE_ID).strip("<>") or bare_subject(subject),
        properties=tuple((name, value) for name, value in properties if value),
        spans=composer.spans(),
    )
    if not options.reduced:
        yield from _attachments(message, origin, options)


def _attachments(message: Any, origin: str, options: Options) -> Iterator[Item]:
    try:
        for attachment in message.attachments:
            name = one_line(_restored(message, attachment.file_name), 200)
            data = attachment.file_bytes
            if not name or not data or name.lower().endswith(_PICTURES):
                continue
            if len(data) > MAX_ATTACHMENT_BYTES:
                yield Skip("large attachment")
                continue
            yield from attached_documents(data, name, origin, options)
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        yield Failure("its attachments are damaged", FailureKind.DAMAGED, f"{origin}#attachments")


def _body(message: Any) -> str:
    plain = message.body
    if plain and plain.strip():
        return clean(plain).strip("\n")
    page = message.html_body
    if page and page.strip():
        return html.to_text(page)
    packed = message.properties.binary_prop_value(_RTF)
    if not packed:
        return ""
    from compressed_rtf import decompress

    try:
        source = decompress(packed).decode("latin-1")
    except (ValueError, IndexError) as error:
        raise CannotRead("its text is packed in a way that cannot be read") from error
    return rich_text(source)


def _recipients(message: Any) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for recipient in message.recipients:
        name = one_line(_restored(message, recipient.name))
        address = one_line(recipient.email_address or "")
        found[
            f"{name} <{address}>"
            if name and "@" in address and name != address
            else name or address
        ] = None
    return tuple(person for person in found if person) or tuple(
        filter(None, (one_line(_text(message, _TO)),))
    )


def _restored(message: Any, text: str | None) -> str:
    """Decode a text of a message that states no code page for its headers by the one of its body.

    The library reads such texts as ISO 8859-15; the bytes they were can be had back from that.
    """
    known = message.properties
    stated = known.int_prop_value(_CODE_PAGE)
    if not text or text.isascii() or stated or known.string_props_are_unicode:
        return text or ""
    try:
        raw = text.encode("iso-8859-15")
    except UnicodeEncodeError:
        return text
    page = known.int_prop_value(_BODY_CODE_PAGE)
    return charset.decode(raw, f"cp{page}" if page else "")


def _sent(message: Any) -> datetime | None:
    if isinstance(message.sent_date, datetime):
        return message.sent_date
    headers = _text(message, _HEADERS)
    value = mime.header(mime.parse(headers.encode("utf-8", "replace")), "Date") if headers else ""
    try:
        return email.utils.parsedate_to_datetime(value) if value else None
    except (ValueError, TypeError):
        return None


def _text(message: Any, number: int) -> str:
    value = message.properties.str_prop_value(number)
    return value if isinstance(value, str) else ""


@functools.cache
def _teach_code_pages() -> None:
    def find(name: str) -> codecs.CodecInfo | None:
        lowered = name.lower().replace("_", "-")
        return (
            codecs.lookup(f"cp{lowered[8:]}")
            if lowered.startswith("windows-") and lowered[8:].isdigit()
            else None
        )

    codecs.register(find)
