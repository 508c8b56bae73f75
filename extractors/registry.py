"""Every format that can be read, in one table, and the recognition of a file: by its content first, then by its name."""

from __future__ import annotations

import fnmatch
import functools
import importlib
import importlib.metadata
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from extractors import charset
from extractors.document import Domain
from extractors.files import HEAD_BYTES
from extractors.options import Options
from extractors.results import CannotRead, FailureKind, Item
from extractors.signatures import (
    ONE_NOTE,
    Sniffer,
    contains_early,
    is_agent_log,
    is_compound,
    is_database,
    is_epub,
    is_html,
    is_mail,
    is_mbox,
    is_mhtml,
    is_named_json,
    is_office,
    is_open_document,
    is_outlook,
    is_pdf,
    is_picture,
    is_reminders,
    is_signal,
    is_slack_day,
    is_tar,
    is_whatsapp,
    is_zip_called,
    json_with,
    never,
    starts_with,
    text_begins,
)

ENTRY_POINTS = "personald.extractors"


@dataclass(frozen=True, slots=True)
class Format:
    """A format that can be read.

    Attributes:
        name: one lower-case word.
        domain: the domain its documents have unless the person chose another.
        version: grows when its reading changes, so that its documents are read again.
        module: where its function lives, imported at use and only in workers.
        patterns: shell patterns of lower-case file names.
        sniff: test on the name and the first bytes; one that says yes wins over names.
        function: the function in the module.
        described: what the person sees ("Markdown note").
    """

    name: str
    domain: Domain
    version: int
    module: str
    patterns: tuple[str, ...] = ()
    sniff: Sniffer = never
    function: str = "extract"
    described: str = ""

    @property
    def stamp(self) -> int:
        """Format and version in one number: the CRC-32 of the name, and the version in the low 12 bits."""
        return zlib.crc32(self.name.encode()) << 12 | self.version

    def matches(self, name: str) -> bool:
        """Tell whether a lower-case file name is one of the format's."""
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.patterns)

    def extract(self, path: Path, origin: str, options: Options) -> Iterator[Item]:
        """Read a file; called in workers only. Raises CannotRead, and whatever the format's library raises."""
        items: Iterator[Item] = _function(self.module, self.function)(path, origin, options)
        return items


@functools.cache
def _function(module: str, name: str) -> Callable[[Path, str, Options], Iterator[Item]]:
    found: Callable[[Path, str, Options], Iterator[Item]] = getattr(
        importlib.import_module(module), name
    )
    return found


_ROOM = "extractors.formats"

CODE_NAMES = tuple(
    f"*.{suffix}"
    for suffix in "py pyi js mjs jsx ts tsx c h cc cpp hpp cxx m mm swift rs go java kt kts scala rb php pl pm lua r jl hs ml mli"
    " clj ex exs erl cs fs vb sql sh bash zsh fish ps1 bat cmake make mk gradle toml yaml yml ini cfg conf rst adoc asciidoc bib proto"
    " graphql tf nix el lisp scm vim dart zig v vhd asm s f90 f m4 tcl cls sty xml xsl".split()
)

# Order matters: the first whose content test says yes, else the first whose name fits.
FORMATS: tuple[Format, ...] = (
    Format("vcf", Domain.PEOPLE, 2, f"{_ROOM}.contacts", ("*.vcf", "*.vcard"), text_begins(b"BEGIN:VCARD"), described="contacts"),
    Format("ics", Domain.PEOPLE, 2, f"{_ROOM}.calendar", ("*.ics", "*.ical", "*.icalendar", "*.vcs"), text_begins(b"BEGIN:VCALENDAR"), described="calendar"),
    Format("emlx", Domain.MAIL, 2, f"{_ROOM}.emlx", ("*.emlx",), described="mail of Apple Mail"),
    Format("msg", Domain.MAIL, 2, f"{_ROOM}.outlook", ("*.msg",), is_outlook, described="mail of Outlook"),
    Format("mbox", Domain.MAIL, 2, f"{_ROOM}.mbox", ("*.mbox", "mbox"), is_mbox, described="mailbox"),
    Format("chatgpt", Domain.CHATS, 2, f"{_ROOM}.assistants", (), json_with(b'"mapping"', b'"message"', b'"parent"'), "extract_chatgpt", "ChatGPT export"),
    Format("claude", Domain.CHATS, 2, f"{_ROOM}.assistants", (), json_with(b'"chat_messages"', b'"uuid"'), "extract_claude", "Claude export"),
    Format("claude-projects", Domain.CHATS, 1, f"{_ROOM}.assistants", (), json_with(b'"prompt_template"', b'"docs"'), "extract_claude_projects", "projects of a Claude export"),
    Format("signal", Domain.CHATS, 1, f"{_ROOM}.signal", (), is_signal, described="Signal export"),
    Format("agent", Domain.CHATS, 2, f"{_ROOM}.agents", (), is_agent_log, described="session of an agent"),
    Format("whatsapp", Domain.CHATS, 2, f"{_ROOM}.whatsapp", (), is_whatsapp, described="WhatsApp export"),
    Format("telegram", Domain.CHATS, 2, f"{_ROOM}.messengers", (), json_with(b'"messages"', b'"date_unixtime"', first=b"{{"), "extract_telegram", "Telegram export"),
    Format("meta", Domain.CHATS, 2, f"{_ROOM}.messengers", (), json_with(b'"participants"', b'"timestamp_ms"', first=b"{{"), "extract_meta", "Messenger or Instagram export"),
    Format("slack", Domain.CHATS, 3, f"{_ROOM}.messengers", (), is_slack_day, "extract_slack", "Slack export"),
    Format("keep", Domain.NOTES, 1, f"{_ROOM}.keep", (), json_with(b'"userEditedTimestampUsec"', first=b"{{"), described="Google Keep note"),
    Format("enex", Domain.NOTES, 2, f"{_ROOM}.evernote", ("*.enex",), contains_early(b"<en-export"), described="Evernote export"),
    Format("apple-notes", Domain.NOTES, 1, f"{_ROOM}.apple_notes", (), is_database("notestore.sqlite"), described="Apple Notes"),
    Format("imessage", Domain.CHATS, 2, f"{_ROOM}.imessage", (), is_database("chat.db"), described="Messages"),
    Format("mac-contacts", Domain.PEOPLE, 1, f"{_ROOM}.macos", (), is_database(".abcddb"), "extract_contacts", "Contacts of macOS"),
    Format("mac-calendar", Domain.PEOPLE, 1, f"{_ROOM}.macos", (), is_database("calendar.sqlitedb"), "extract_calendar", "Calendar of macOS"),
    Format("mac-reminders", Domain.PEOPLE, 1, f"{_ROOM}.macos", (), is_reminders, "extract_reminders", "Reminders of macOS"),
    Format("history", Domain.FILES, 1, f"{_ROOM}.browsers", (), is_database("history.db", "history", "places.sqlite"), "extract_history", "browser history"),
    Format("chrome-bookmarks", Domain.FILES, 1, f"{_ROOM}.browsers", (), is_named_json("bookmarks", b'"roots"'), "extract_chrome_bookmarks", "bookmarks of Chrome"),
    Format("safari-bookmarks", Domain.FILES, 1, f"{_ROOM}.browsers", ("bookmarks.plist",), function="extract_safari_bookmarks", described="bookmarks of Safari"),
    Format("webarchive", Domain.FILES, 1, f"{_ROOM}.saved_pages", ("*.webarchive",), function="extract_webarchive", described="saved page"),
    Format("mhtml", Domain.FILES, 1, f"{_ROOM}.saved_pages", ("*.mhtml", "*.mht"), is_mhtml, "extract_mhtml", "saved page"),
    Format("mail", Domain.MAIL, 2, f"{_ROOM}.mail", ("*.eml",), is_mail, described="mail"),
    Format("pdf", Domain.FILES, 2, f"{_ROOM}.pdf", ("*.pdf",), is_pdf, described="PDF"),
    Format("docx", Domain.FILES, 2, f"{_ROOM}.office", ("*.docx", "*.docm", "*.dotx"), is_office(b"word/", "docx", "docm", "dotx"), "extract_word", "Word document"),
    Format("pptx", Domain.FILES, 2, f"{_ROOM}.office", ("*.pptx", "*.pptm", "*.ppsx"), is_office(b"ppt/", "pptx", "pptm", "ppsx"), "extract_slides", "PowerPoint slides"),
    Format("xlsx", Domain.FILES, 2, f"{_ROOM}.sheets", ("*.xlsx", "*.xlsm", "*.xlsb", "*.xls"), is_office(b"xl/", "xlsx", "xlsm", "xlsb"), described="Excel workbook"),
    Format("odf", Domain.FILES, 2, f"{_ROOM}.opendocument", ("*.odt", "*.ods", "*.odp", "*.ott", "*.fodt", "*.fods", "*.fodp"), is_open_document, described="OpenDocument file"),
    Format("doc", Domain.FILES, 2, f"{_ROOM}.legacy", ("*.doc", "*.dot"), is_compound("doc", "dot"), "extract_word", "old Word document"),
    Format("ppt", Domain.FILES, 1, f"{_ROOM}.legacy", ("*.ppt", "*.pps"), is_compound("ppt", "pps"), "extract_slides", "old PowerPoint slides"),
    Format("epub", Domain.FILES, 2, f"{_ROOM}.epub", ("*.epub",), is_epub, described="book"),
    Format("rtf", Domain.FILES, 1, f"{_ROOM}.rtf", ("*.rtf",), starts_with(b"{\\rtf"), described="rich text"),
    Format("iwork", Domain.FILES, 1, f"{_ROOM}.iwork", ("*.pages", "*.numbers"), is_zip_called("pages", "numbers", "key"), described="Pages, Numbers or Keynote"),
    Format("fb2", Domain.FILES, 1, f"{_ROOM}.fictionbook", ("*.fb2",), contains_early(b"<FictionBook"), described="book"),
    Format("pst", Domain.MAIL, 1, f"{_ROOM}.unread", ("*.pst", "*.ost"), starts_with(b"!BDN"), "extract_outlook_store", "store of Outlook"),
    Format("onenote", Domain.NOTES, 1, f"{_ROOM}.unread", ("*.one", "*.onepkg", "*.onetoc2"), starts_with(ONE_NOTE), "extract_onenote", "OneNote section"),
    Format("zip", Domain.FILES, 2, f"{_ROOM}.archive", ("*.zip", "*.bear2bk", "*.textpack"), starts_with(b"PK\x03\x04", b"PK\x05\x06"), described="archive"),
    Format("tar", Domain.FILES, 1, f"{_ROOM}.archive", ("*.tar", "*.jex"), is_tar, "extract_tar", "archive"),
    Format("packed", Domain.FILES, 1, f"{_ROOM}.archive", ("*.gz", "*.tgz", "*.bz2", "*.xz"), starts_with(b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0"), "extract_packed", "packed file"),
    Format("picture", Domain.PHOTOS, 1, f"{_ROOM}.pictures", ("*.png", "*.jpg", "*.jpeg", "*.webp", "*.tif", "*.tiff", "*.bmp", "*.gif", "*.heic"), is_picture, described="picture"),
    Format("html", Domain.FILES, 2, f"{_ROOM}.html", ("*.html", "*.htm", "*.xhtml"), is_html, described="web page"),
    Format("markdown", Domain.NOTES, 2, f"{_ROOM}.markdown", ("*.md", "*.markdown", "*.mdown", "*.mkd"), described="Markdown note"),
    Format("org", Domain.NOTES, 2, f"{_ROOM}.org", ("*.org",), described="Org file"),
    Format("csv", Domain.FILES, 1, f"{_ROOM}.sheets", ("*.csv", "*.tsv"), function="extract_separated", described="table"),
    Format("subtitles", Domain.FILES, 1, f"{_ROOM}.textual", ("*.srt", "*.vtt", "*.ass", "*.ssa", "*.sub"), function="extract_subtitles", described="subtitles"),
    Format("latex", Domain.FILES, 1, f"{_ROOM}.textual", ("*.tex", "*.latex", "*.ltx"), function="extract_latex", described="LaTeX"),
    Format("notebook", Domain.FILES, 1, f"{_ROOM}.textual", ("*.ipynb",), function="extract_notebook", described="notebook"),
    Format("json", Domain.FILES, 1, f"{_ROOM}.textual", ("*.json", "*.jsonl", "*.ndjson"), function="extract_json", described="JSON"),
    Format("code", Domain.FILES, 1, f"{_ROOM}.textual", CODE_NAMES, function="extract_code", described="source code"),
    Format("text", Domain.NOTES, 1, f"{_ROOM}.plain", ("*.txt", "*.text", "readme*", "notes", "todo"), described="text"),
)  # fmt: skip


@functools.cache
def formats() -> tuple[Format, ...]:
    """Return all formats: those of third parties (entry points that are a `Format`) before our own."""
    return (*_foreign()[0], *FORMATS)


def broken_entry_points() -> tuple[str, ...]:
    """Return one line for each third party's format that could not be loaded; all else works without it."""
    return _foreign()[1]


@functools.cache
def _foreign() -> tuple[tuple[Format, ...], tuple[str, ...]]:
    found: list[Format] = []
    broken: list[str] = []
    for entry in importlib.metadata.entry_points(group=ENTRY_POINTS):
        try:
            loaded = entry.load()
        except Exception as error:
            # Foreign code may raise anything at all when it is imported.
            broken.append(f"the extractor {entry.name} cannot be loaded ({type(error).__name__})")
            continue
        if isinstance(loaded, Format):
            found.append(loaded)
        else:
            broken.append(f"the extractor {entry.name} is no format")
    return tuple(found), tuple(broken)


def recognise(path: Path, head: bytes) -> Format | None:
    """Find the format of a file.

    Args:
        path: where it lies; only its name is looked at.
        head: its first bytes, at most `HEAD_BYTES`.

    Returns:
        The format, or None for an empty file and for one that nothing here reads.
    """
    if not head:
        return None
    name = path.name.lower()
    for form in _sniffing():
        if form.sniff(name, head):
            return form
    binary = charset.looks_binary(head[:4096])
    found = _by_name(name)
    if found is not None:
        # What is text by name but not by content is a file with a wrong name.
        return None if binary and found.name in TEXTUAL else found
    return named("text") if not binary and not path.suffix else None


@functools.cache
def _sniffing() -> tuple[Format, ...]:
    return tuple(form for form in formats() if form.sniff is not never)


def _by_name(name: str) -> Format | None:
    suffix = name.rpartition(".")[2] if "." in name else ""
    known = _suffixes().get(suffix)
    return known or next((form for form in formats() if form.matches(name)), None)


@functools.cache
def _suffixes() -> dict[str, Format]:
    """Return the formats whose pattern is a suffix alone, by it: thousands of files a second ask for these."""
    found: dict[str, Format] = {}
    for form in formats():
        for pattern in form.patterns:
            if pattern.startswith("*.") and not set(pattern[2:]) & set("*?[."):
                found.setdefault(pattern[2:], form)
    return found


# Formats that are nothing but text in their file.
TEXTUAL = frozenset(
    (
        "markdown",
        "text",
        "html",
        "vcf",
        "ics",
        "org",
        "csv",
        "subtitles",
        "latex",
        "json",
        "notebook",
        "code",
    )
)


def named(name: str) -> Format:
    """Return a format by name. Raises KeyError."""
    for form in formats():
        if form.name == name:
            return form
    raise KeyError(name)


def chosen(kind: str) -> Format:
    """Return the format that a person chose by name.

    Raises:
        CannotRead: it is not installed any more.
    """
    try:
        return named(kind)
    except KeyError:
        raise CannotRead(
            f"it shall be read as {kind}, and no such format is installed", FailureKind.UNREADABLE
        ) from None


@functools.cache
def unrecognised_stamp() -> int:
    """Return the stamp of files that nothing reads; it changes when formats are added, so that they are tried again."""
    names = ",".join(form.name for form in formats())
    return zlib.crc32(f"unrecognised:{names}".encode()) << 12


@functools.cache
def current_stamps() -> frozenset[int]:
    """Return the stamps of all formats as they are now."""
    return frozenset(form.stamp for form in formats()) | {unrecognised_stamp()}


def is_current(extractor_version: int) -> bool:
    """Tell whether a file read under this stamp needs no new reading: its format has not changed since."""
    return extractor_version in current_stamps()


__all__ = [
    "FORMATS",
    "HEAD_BYTES",
    "Format",
    "chosen",
    "current_stamps",
    "formats",
    "is_current",
    "named",
    "recognise",
    "unrecognised_stamp",
]
