"""Recognise formats by their first bytes: small tests on a bounded head, nothing is parsed.

Each test takes a file's lower-case name and its first bytes (at most 64 KiB) and says yes or no. A name is consulted
only where bytes alone would mislead: a Markdown note may begin with "To: " like a mail does.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from extractors.charset import narrowed
from extractors.formats import whatsapp_header
from extractors.formats.whatsapp_header import Style

Sniffer = Callable[[str, bytes], bool]

# Names whose owners mean text, whatever the first lines look like.
TEXT_NAMES = (
    ".md",
    ".markdown",
    ".mdown",
    ".org",
    ".csv",
    ".tsv",
    ".tex",
    ".rst",
    ".py",
    ".c",
    ".h",
    ".js",
    ".html",
    ".htm",
)

ZIP = b"PK\x03\x04"
SQLITE = b"SQLite format 3\0"  # sqlite.org, "Database File Format", 1.3
# The file types of sections and of tables of contents (MS-ONESTORE, 2.3.1: guidFileType).
ONE_NOTE = b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3"
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # MS-CFB, 2.2

_MAIL_FIRST = re.compile(
    rb"(?:return-path|received|from|to|subject|date|message-id|delivered-to|mime-version|x-[\w-]+|content-type|reply-to|sender"
    rb"|content-transfer-encoding|content-disposition|dkim-signature|authentication-results|arc-[\w-]+|cc|bcc|in-reply-to|references|user-agent|importance|thread-topic)[ \t]*:",
    re.IGNORECASE,
)
# A part saved without its mail begins with the headers of RFC 2045, which nothing else begins with.
_MIME_ENTITY = re.compile(
    rb"content-(?:type:[ \t]*[a-z]+/[\w.+-]+|transfer-encoding:[ \t]*(?:7bit|8bit|binary|base64|quoted-printable)\b)"
    rb"|mime-version:[ \t]*1\.0",
    re.IGNORECASE,
)
_MAIL_SURE = re.compile(
    rb"^(?:from|date|message-id|received|mime-version|subject|return-path|content-type|to)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_HEADER = re.compile(rb"[!-9;-~]+[ \t]*:|[ \t]")


def never(name: str, head: bytes) -> bool:
    """Recognise nothing: for formats known by name alone."""
    return False


def starts_with(*prefixes: bytes) -> Sniffer:
    """Make a test for fixed first bytes."""

    def sniff(name: str, head: bytes) -> bool:
        return head.startswith(prefixes)

    return sniff


def text_begins(*words: bytes) -> Sniffer:
    """Make a test for first words, upper case, after a byte-order mark and blanks."""

    def sniff(name: str, head: bytes) -> bool:
        return _bare(head)[:200].upper().startswith(words)

    return sniff


def is_mbox(name: str, head: bytes) -> bool:
    """Recognise a mailbox: an envelope line, then a header line or a blank one."""
    if not head.startswith(b"From ") or name.endswith((*TEXT_NAMES, ".eml")):
        return False
    line, _, rest = head.partition(b"\n")
    following = rest[:300].lstrip(b"\r")
    return bool(re.search(rb"\d{4}|\d:\d\d|@", line[:300])) and (
        following.startswith(b"\n")
        or b":" in following.partition(b"\n")[0]
        or name.endswith((".mbox", "mbox"))
    )


def is_mail(name: str, head: bytes) -> bool:
    """Recognise one mail: it begins with header lines, of which at least two are ones that mails have, or with MIME's."""
    if name.endswith(".eml"):
        return True
    if name.endswith((*TEXT_NAMES, ".txt", ".emlx", ".vcf", ".ics", ".mbox")):
        return False
    head = narrowed(head).lstrip(b" \t\r\n\xef\xbb\xbf")
    if not _MAIL_FIRST.match(head):
        return False
    block = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    lines = block.splitlines()
    if not all(_HEADER.match(line) for line in lines[:8] if line):
        return False
    if _MIME_ENTITY.match(block):
        return True
    return len({match.group().lower() for match in _MAIL_SURE.finditer(block)}) >= 2


def json_with(*keys: bytes, first: bytes = b"[{") -> Sniffer:
    """Make a test for JSON text that begins with one of the characters `first` and mentions all of `keys`."""

    def sniff(name: str, head: bytes) -> bool:
        bare = _bare(head)
        return (
            bare[:1] in (first[:1], first[1:2])
            and bare[:1] != b""
            and all(key in head for key in keys)
        )

    return sniff


def is_html(name: str, head: bytes) -> bool:
    """Recognise a page, in one-byte encodings and in UTF-16."""
    if name.endswith((".md", ".markdown", ".txt", ".eml", ".org", ".mhtml", ".mht")):
        return False
    bare = _bare(head)
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        bare = bare.replace(b"\0", b"")
    bare = re.sub(rb"\A(?:<!--.*?-->\s*|<\?xml[^>]*>\s*)*", b"", bare[:4096], flags=re.DOTALL)
    return bool(re.match(rb"<(?:!doctype\s+html|html|head|body)\b", bare, re.IGNORECASE))


def is_whatsapp(name: str, head: bytes) -> bool:
    """Recognise an export: its first filled lines begin with moments of one style, and one of them names a speaker."""
    if not name.endswith((".txt", ".text")) and "whatsapp" not in name:
        return False
    text = head[:4000].decode("utf-8", "ignore")
    lines = [line for line in text.splitlines() if line.strip("\ufeff \t")][:8]
    first = whatsapp_header.header(lines[0]) if lines else None
    if first is None:
        return False
    if first.style in (Style.BRACKET, Style.DASH):
        return True
    # Logs of programs begin in the other styles too.
    return "chat" in name or "talk" in name or "whatsapp" in name


def is_agent_log(name: str, head: bytes) -> bool:
    """Recognise JSON lines of which the first few have a role and content, or are known beginnings."""
    if name.endswith((".jsonl", ".ndjson")):
        return any(
            mark in head
            for mark in (b'"role"', b'"sessionId"', b'"session_meta"', b'"user.message"')
        )
    return (
        name.endswith(".json")
        and head[:1] == b"{"
        and b'"sessionId"' in head
        and b'"messages"' in head
    )


def is_signal(name: str, head: bytes) -> bool:
    """Recognise Signal's own export in JSON lines, and signal-export's."""
    if name.endswith(".jsonl") and b'"recipient"' in head and b'"version"' in head[:4096]:
        return True
    first = head.partition(b"\n")[0]
    return head[:1] == b"{" and all(
        key in first for key in (b'"sender"', b'"body"', b'"quote"', b'"reactions"')
    )


def is_slack_day(name: str, head: bytes) -> bool:
    """Recognise one day of a channel: a list of messages with Slack's time stamps."""
    bare = _bare(head)
    return (
        bare[:1] == b"["
        and b'"type"' in head
        and bool(re.search(rb'"ts"\s*:\s*"\d{10}\.\d{4,6}"', head))
    )


def contains_early(mark: bytes) -> Sniffer:
    """Make a test for a mark within the first kilobyte."""

    def sniff(name: str, head: bytes) -> bool:
        return mark in head[:1024]

    return sniff


def is_pdf(name: str, head: bytes) -> bool:
    """Recognise a PDF: its mark stands within the first kilobyte (ISO 32000-1, implementation note 13)."""
    return b"%PDF-" in head[:1024]


def is_outlook(name: str, head: bytes) -> bool:
    """Recognise a saved message of Outlook: a compound file that is called so, or holds a message's streams."""
    if not head.startswith(COMPOUND):
        return False
    return name.endswith(".msg") or "__properties_version1.0".encode("utf-16-le") in head


def is_office(folder: bytes, *suffixes: str) -> Sniffer:
    """Make a test for an OOXML package: by its first entries, else by its name."""

    def sniff(name: str, head: bytes) -> bool:
        if not head.startswith(ZIP):
            return False
        inside = re.search(rb"PK\x03\x04.{26}" + re.escape(folder), head, re.DOTALL) is not None
        listed = b"[Content_Types].xml" in head or b"_rels/.rels" in head
        return (inside and listed) or name.endswith(tuple(f".{suffix}" for suffix in suffixes))

    return sniff


def is_open_document(name: str, head: bytes) -> bool:
    """Recognise OpenDocument: its first entry is its media type, stored as it is (OpenDocument 1.3 part 2, 3.3)."""
    if not head.startswith(ZIP):
        return b"<office:document " in head[:2000]
    named = name.endswith((".odt", ".ods", ".odp", ".ott", ".ots", ".otp"))
    return named or b"mimetypeapplication/vnd.oasis.opendocument" in head[:200]


def is_epub(name: str, head: bytes) -> bool:
    """Recognise a book: its first entry is its media type, stored as it is (EPUB 3.3, 4.3.4)."""
    return head.startswith(ZIP) and (
        b"mimetypeapplication/epub+zip" in head[:200] or name.endswith(".epub")
    )


def is_tar(name: str, head: bytes) -> bool:
    """Recognise a tar: its mark stands at 257 (POSIX.1-2017, pax, ustar Interchange Format)."""
    return head[257:262] == b"ustar"


def is_picture(name: str, head: bytes) -> bool:
    """Recognise a picture by its first bytes."""
    if head.startswith(
        (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*")
    ):
        return True
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return True
    return head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"avif")


def is_compound(*suffixes: str) -> Sniffer:
    """Make a test for compound files, told apart by their names."""

    def sniff(name: str, head: bytes) -> bool:
        return head.startswith(COMPOUND) and name.endswith(
            tuple(f".{suffix}" for suffix in suffixes)
        )

    return sniff


def is_zip_called(*suffixes: str) -> Sniffer:
    """Make a test for zips, told apart by their names: a key may also be one of a cipher."""

    def sniff(name: str, head: bytes) -> bool:
        return head.startswith(ZIP) and name.endswith(tuple(f".{suffix}" for suffix in suffixes))

    return sniff


def is_database(*names: str) -> Sniffer:
    """Make a test for SQLite databases, told apart by their names."""

    def sniff(name: str, head: bytes) -> bool:
        return head.startswith(SQLITE) and name.endswith(names)

    return sniff


def is_reminders(name: str, head: bytes) -> bool:
    """Recognise a database of Reminders: `Data-` and an identifier, or `Data-local`."""
    return head.startswith(SQLITE) and name.startswith("data-") and name.endswith(".sqlite")


def is_named_json(wanted: str, key: bytes) -> Sniffer:
    """Make a test for a JSON file without a suffix, by its name and a key."""

    def sniff(name: str, head: bytes) -> bool:
        return name == wanted and _bare(head)[:1] == b"{" and key in head

    return sniff


def is_mhtml(name: str, head: bytes) -> bool:
    """Recognise a saved page: its suffix, or Chrome's and Firefox's first header and `multipart/related`."""
    if not name.endswith((".mhtml", ".mht")):
        return False
    return b":" in head[:200]


def _bare(head: bytes) -> bytes:
    if b" " < head[:1] < b"\xef":
        return head
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        head = head.removeprefix(mark)
    return head.lstrip(b" \t\r\n")
