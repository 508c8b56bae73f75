"""MIME: messages parsed, walked and decoded without trusting them.

The parser is the standard library's `email` with its compat32 policy: as accurate as the newer policy on real mail,
several times faster, and not quadratic in hostile headers. Headers and charsets are decoded here, because that policy
leaves them raw.
"""

from __future__ import annotations

import base64
import binascii
import email
import email.utils
import itertools
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.message import Message

from extractors import charset
from extractors.normalise import clean, one_line
from extractors.results import CannotRead, FailureKind

MAX_DEPTH = 60
MAX_HEADER = 64 * 1024
MAX_ADDRESSES = 200

_ENCODED_WORD = re.compile(r"=\?([\w.:-]{1,40})(?:\*[\w-]+)?\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)\s+(=\?)")
_NO_BASE64 = re.compile(rb"[A-Za-z]{2,} +[A-Za-z]{2,} +[A-Za-z]{2,}")
_PARAMETER_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """One leaf of a message's tree.

    Attributes:
        message: the leaf.
        type: its content type, lower case ("text/plain").
        name: its file name, "" when it has none.
        attached: True when it is meant to be a file of its own, not part of the body.
        containers: content types of the multiparts around it, outermost first.
    """

    message: Message
    type: str
    name: str
    attached: bool
    containers: tuple[str, ...]


def parse(data: bytes) -> Message:
    """Parse a message; one that a text editor saved as UTF-16 is brought to UTF-8 first.

    Raises:
        CannotRead: multiparts are nested deeper than the parser goes.
    """
    try:
        return email.message_from_bytes(charset.narrowed(data))
    except RecursionError as error:
        raise CannotRead("its parts are nested too deep", FailureKind.TOO_DEEP) from error


def header(message: Message, name: str, limit: int = 2000) -> str:
    """Return a header decoded and on one line, "" when it is absent."""
    value = raw_header(message, name)
    return one_line(decode_words(value), limit) if value else ""


def raw_header(message: Message, name: str) -> str:
    """Return a header with its encoded words undecoded, "" when it is absent."""
    return next(raw_headers(message, name), "")


def raw_headers(message: Message, name: str) -> Iterator[str]:
    """Yield all headers of one name, encoded words undecoded, bytes above 0x7F decoded as best they can be."""
    wanted = name.lower()
    for found, value in message.raw_items():
        if found.lower() == wanted:
            text = str(value)[:MAX_HEADER]
            # The parser keeps bytes above 0x7F as lone surrogates.
            yield (
                text if text.isascii() else charset.decode(text.encode("utf-8", "surrogateescape"))
            )


def decode_words(value: str) -> str:
    """Decode RFC 2047 encoded words; text around them, and words that are broken, are left as they stand.

    Adjacent words of one encoding are joined as bytes first, for senders that cut inside a character.
    """
    if "=?" not in value:
        return value
    value = _BETWEEN_WORDS.sub(r"\1\2", value)
    pieces: list[str] = []
    pending = b""
    pending_charset = ""
    position = 0
    for match in _ENCODED_WORD.finditer(value):
        name, coding, payload = match.group(1).lower(), match.group(2).lower(), match.group(3)
        data = _decode_word(coding, payload)
        if pending and (match.start() != position or name != pending_charset):
            pieces.append(charset.decode(pending, pending_charset))
            pending = b""
        pieces.append(value[position : match.start()])
        pending, pending_charset = pending + data, name
        position = match.end()
    if pending:
        pieces.append(charset.decode(pending, pending_charset))
    pieces.append(value[position:])
    return "".join(pieces)


def addresses(message: Message, *names: str) -> tuple[str, ...]:
    """Return the people of address headers, each as "Name <address>", or what of it there is."""
    found: dict[str, None] = {}
    for name in names:
        for value in itertools.islice(raw_headers(message, name), 20):
            # Decoding comes after splitting, so that a comma inside an encoded name does not split it.
            for shown, address in _split_addresses(value):
                person = _person(decode_words(shown), address)
                if person:
                    found[person] = None
                if len(found) >= MAX_ADDRESSES:
                    return tuple(found)
    return tuple(found)


def date(message: Message) -> datetime | None:
    """Return when a message was sent, by its Date header."""
    value = header(message, "Date")
    if not value:
        return None
    try:
        return email.utils.parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def leaves(message: Message, max_parts: int) -> Iterator[Part]:
    """Walk a message's tree without recursion and yield its leaves in order; an enclosed message is a leaf.

    Raises:
        CannotRead: more than `max_parts` parts, or nested deeper than `MAX_DEPTH`.
    """
    stack: list[tuple[Message, tuple[str, ...]]] = [(message, ())]
    seen = 0
    while stack:
        node, containers = stack.pop()
        seen += 1
        if seen > max_parts:
            raise CannotRead(f"it has more than {max_parts} parts", FailureKind.TOO_LARGE)
        kind = node.get_content_type()
        if len(containers) > MAX_DEPTH:
            raise CannotRead("its parts are nested too deep", FailureKind.TOO_DEEP)
        children = node.get_payload() if node.is_multipart() else None
        if isinstance(children, list) and kind != "message/rfc822":
            inner = (*containers, kind)
            stack.extend(
                (child, inner) for child in reversed(children) if isinstance(child, Message)
            )
            continue
        yield Part(node, kind, file_name(node), _attached(node, kind), containers)


def file_name(part: Message) -> str:
    """Return a part's file name, decoded, "" when it has none; never with folders in it."""
    try:
        name = part.get_filename() or ""
        if "\ufffd" in name:
            name = _decoded_headers(part).get_filename() or name
    except (LookupError, ValueError, TypeError):
        return ""
    name = one_line(decode_words(name), 200)
    return name.replace("\\", "/").rsplit("/", 1)[-1].replace("\0", "").strip(". ")


def _decoded_headers(part: Message) -> Message:
    """Return the headers that name a part with their raw bytes decoded; the parser gives U+FFFD for each of them."""
    decoded = Message()
    for name in ("Content-Disposition", "Content-Type"):
        value = raw_header(part, name)
        if value:
            decoded[name] = value
    return decoded


def payload(part: Message) -> bytes:
    """Return a leaf's bytes with the transfer encoding undone, as far as it goes."""
    coding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if coding == "base64":
        content = part.get_payload()
        data = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else b""
        # Programs that declare base64 and send plain text give themselves away by their blanks.
        return data if _NO_BASE64.search(data[:2000]) else decode_base64(data)
    # Undecoded, the parser would have bytes above 0x7F replaced by what the declared charset makes of them.
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def text(part: Message) -> str:
    """Return a text leaf's text, with format=flowed undone (RFC 3676); not yet normalised otherwise."""
    decoded = charset.repair_mojibake(charset.decode(payload(part), declared_charset(part)))
    decoded = clean_line_ends(decoded)
    kind = str(part.get("Content-Type", "")).lower()
    if "flowed" in kind:
        return unflow(decoded, delete_space="delsp=yes" in kind.replace(" ", "").replace('"', ""))
    return decoded


def declared_charset(part: Message) -> str:
    """Return the charset that a part declares, "" when it declares none."""
    match = _PARAMETER_CHARSET.search(str(part.get("Content-Type", ""))[:MAX_HEADER])
    return match.group(1) if match else ""


def unflow(body: str, delete_space: bool = False) -> str:
    """Join the soft-broken lines of format=flowed text, quoted paragraphs each at their depth (RFC 3676, 4)."""
    paragraphs: list[str] = []
    open_depth = -1
    for line in body.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        content = line[depth:]
        if content.startswith(" "):
            content = content[1:]
        signature = content == "-- "
        if open_depth == depth and not signature:
            paragraphs[-1] += content
        else:
            paragraphs.append(
                ("> " if depth else "").rjust(depth + 1, ">") + content if depth else content
            )
        soft = content.endswith(" ") and not signature
        if soft and delete_space:
            paragraphs[-1] = paragraphs[-1][:-1]
        open_depth = depth if soft else -1
    return "\n".join(paragraphs)


def decode_base64(data: bytes) -> bytes:
    """Decode base64 as far as it goes: foreign characters are dropped, missing padding is added."""
    try:
        return base64.b64decode(data)
    except (binascii.Error, ValueError):
        kept = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
        kept = kept[: len(kept) - 1] if len(kept) % 4 == 1 else kept
        return base64.b64decode(kept + b"=" * (-len(kept) % 4))


def clean_line_ends(value: str) -> str:
    """Return text with "\\n" line ends, blanks at line ends kept (format=flowed needs them)."""
    return value.replace("\r\n", "\n").replace("\r", "\n")


def _decode_word(coding: str, data: str) -> bytes:
    raw = data.encode("utf-8", "replace")
    if coding == "b":
        return decode_base64(raw)
    return quopri.decodestring(raw.replace(b"_", b" "), header=False)


def _split_addresses(value: str) -> list[tuple[str, str]]:
    # Interpreters with the strict mode of CVE-2023-27043 drop a whole header for one odd address; what is wanted here
    # is what a person reads in it.
    if getattr(email.utils, "supports_strict_parsing", False):
        return email.utils.getaddresses([value], strict=False)
    return email.utils.getaddresses([value])


def _person(name: str, address: str) -> str:
    name, address = one_line(name, 200).strip("'\" "), one_line(clean(address), 200)
    if name and address and name != address:
        return f"{name} <{address}>"
    return address or name


def _attached(part: Message, kind: str) -> bool:
    disposition = str(part.get("Content-Disposition", "")).strip().lower()
    if disposition.startswith("attachment"):
        return True
    if kind in ("text/plain", "text/html"):
        return (
            disposition.startswith("inline") and bool(part.get_filename()) and "name" in disposition
        )
    return True
