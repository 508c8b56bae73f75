"""Recognise formats by their first bytes: small tests on a bounded head, nothing is parsed.

Each test takes a file's lower-case name and its first bytes (at most 64 KiB) and says yes or no. A name is consulted
only where bytes alone would mislead: a Markdown note may begin with "To: " like a mail does.
"""

from __future__ import annotations

import re
from collections.abc import Callable

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

_MAIL_FIRST = re.compile(
    rb"(?:return-path|received|from|to|subject|date|message-id|delivered-to|mime-version|x-[\w-]+|content-type|reply-to|sender"
    rb"|dkim-signature|authentication-results|arc-[\w-]+|cc|bcc|in-reply-to|references|user-agent|importance|thread-topic)[ \t]*:",
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
    if not head.startswith(b"From ") or name.endswith(TEXT_NAMES):
        return False
    line, _, rest = head.partition(b"\n")
    following = rest[:300].lstrip(b"\r")
    return bool(re.search(rb"\d{4}|\d:\d\d|@", line[:300])) and (
        following.startswith(b"\n")
        or b":" in following.partition(b"\n")[0]
        or name.endswith((".mbox", "mbox"))
    )


def is_mail(name: str, head: bytes) -> bool:
    """Recognise one mail: it begins with header lines, of which at least two are ones that mails have."""
    if name.endswith(".eml"):
        return True
    if name.endswith((*TEXT_NAMES, ".txt", ".emlx", ".vcf", ".ics", ".mbox")):
        return False
    if not _MAIL_FIRST.match(head):
        return False
    block = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
    lines = block.splitlines()
    if len(lines) < 2 or not all(_HEADER.match(line) for line in lines[:20] if line):
        return False
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


def _bare(head: bytes) -> bytes:
    for mark in (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"):
        head = head.removeprefix(mark)
    return head.lstrip(b" \t\r\n")
