"""Rich text (RTF 1.9.1): paragraphs, tables, lists, footnotes and comments, every font in its own code page.

Written by hand: the best library measured (striprtf) drops footnotes, loses whole documents after some groups, and takes
two seconds a megabyte. This reads in one pass, in linear time, with a stack of groups as the specification has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from extractors.document import Document, Domain
from extractors.files import read_whole
from extractors.formats.plain import title_of
from extractors.normalise import clean, one_line
from extractors.options import MEBI, Options
from extractors.results import CannotRead, FailureKind, Item, Skip

MAX_BYTES = 128 * MEBI
MAX_DEPTH = 10_000

_TOKEN = re.compile(
    r"\\([a-zA-Z]{1,32})(-?\d{1,10})?[ ]?|\\'([0-9a-fA-F]{2})|\\([^a-zA-Z'])|([{}])|([^\\{}\r\n]+)|[\r\n]+|\\"
)

# Groups whose text is no text of the document.
_DESTINATIONS_WITHOUT_TEXT = frozenset(
    "colortbl stylesheet pict objdata fldinst themedata colorschememapping latentstyles datastore xmlnstbl listtable"
    " listoverridetable rsidtbl generator mmathPr filetbl revtbl pgptbl userprops blipuid blipid xe tc private datafield"
    " bkmkstart bkmkend atnid atnauthor atndate atnref atntime nonshppict shpgrp wgrffmtfilter objclass objname passwordhash"
    " formfield ffname fontemb fontfile falt panose template password operator company category manager creatim revtim"
    " printim buptim comment doccomm hlinkbase keywords vern version edmins nofpages nofwords nofchars nofcharsws id"
    " listname levelnumbers leveltext pnseclvl xmlopen xmlattrname xmlattrvalue protusertbl ftnsep ftnsepc aftnsep aftnsepc"
    " svb do docvar htmltag mhtmltag sp sn sv".split()
)
# Groups marked to be ignored by readers that do not know them, which hold text all the same.
_STARRED_WITH_TEXT = frozenset(
    "shpinst annotation shptxt upr ud fldrslt pn pntxta pntxtb pnseclvl".split()
)
_INFO_FIELDS = frozenset(("title", "author", "subject"))

_MARGINS = frozenset("header headerl headerr headerf footer footerl footerr footerf".split())

_BREAKS = {
    "par": "\n",
    "line": "\n",
    "sect": "\n",
    "page": "\n",
    "column": "\n",
    "row": "\n",
    "nestrow": "\n",
}
_SIGNS = {
    "tab": "\t",
    "cell": " | ",
    "nestcell": " | ",
    "emdash": "—",
    "endash": "–",
    "bullet": "•",
    "lquote": "‘",
    "rquote": "’",
    "ldblquote": "“",
    "rdblquote": "”",
    "emspace": " ",
    "enspace": " ",
    "qmspace": " ",
}

# \fcharset → code page (RTF 1.9.1, "Font Table").
_CHARSETS = {
    0: "cp1252", 2: "cp1252", 77: "mac_roman", 78: "shift_jis", 128: "cp932", 129: "cp949", 130: "johab", 134: "gb18030",
    136: "big5", 161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
    222: "cp874", 238: "cp1250", 254: "cp437", 255: "cp850",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Group:
    """What holds inside a pair of braces."""

    destination: str = ""
    skipped: bool = False
    codec: str = "cp1252"
    fallback: int = 1  # \uc: how many characters stand in for a Unicode one
    hidden: bool = False
    html_rtf: bool = False


class _Reader:
    """Reads a document; `text()` and `fields` hold what was found."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self._pieces: list[str] = []
        self._notes: list[str] = []
        self._margins: list[str] = []
        self._codec = "cp1252"
        self._fonts: dict[int, str] = {}
        self._font = 0
        self._group = _Group()
        self._stack: list[_Group] = []
        self._bytes = bytearray()
        self._starred = False
        self._skip_characters = 0
        self._surrogate = 0

    def read(self, source: str) -> None:
        position = 0
        while position < len(source):
            match = _TOKEN.match(source, position)
            if match is None:
                return
            position = match.end()
            word, number, byte, symbol, brace, text = match.groups()
            if word is not None:
                if word == "bin" and number:
                    position += max(int(number), 0)
                    continue
                self._word(word, int(number) if number else None)
            elif byte is not None:
                self._byte(int(byte, 16))
            elif brace is not None:
                self._flush()
                self._skip_characters = 0
                if brace == "{":
                    if len(self._stack) >= MAX_DEPTH:
                        raise CannotRead("its groups are nested too deep", FailureKind.TOO_DEEP)
                    self._stack.append(self._group)
                elif self._stack:
                    self._leave(self._stack.pop())
                self._starred = False
            elif symbol is not None:
                self._symbol(symbol)
            elif text is not None:
                self._text(text)
        self._flush()

    def text(self) -> str:
        body = re.sub(r" \| *(?=\n)", "", "".join(self._pieces))
        notes = [one_line(note, 5000) for note in self._notes]
        margins = dict.fromkeys(filter(None, (one_line(margin, 1000) for margin in self._margins)))
        return "\n".join([body, *(["", "Notes:", *notes] if any(notes) else []), *margins])

    def _word(self, word: str, number: int | None) -> None:
        if word == "u" and number is not None:
            self._unicode(number)
            return
        self._flush()
        group = self._group
        if (self._starred and word not in _STARRED_WITH_TEXT) or word in _DESTINATIONS_WITHOUT_TEXT:
            self._group = replace(group, skipped=True, destination=word)
        elif word in (
            "fonttbl",
            "info",
            "footnote",
            "annotation",
            *_MARGINS,
            *_INFO_FIELDS,
        ):
            self._enter(word)
        elif word == "f" and number is not None:
            self._font = number
            if group.destination != "fonttbl":
                self._group = replace(group, codec=self._fonts.get(number, self._codec))
        elif word == "fcharset" and number is not None:
            self._fonts[self._font] = _CHARSETS.get(number, self._codec) if number else self._codec
        elif word in ("ansicpg", "cpg") and number is not None:
            codec = _codec(f"cp{number}")
            if word == "ansicpg":
                self._codec = codec
                self._group = replace(group, codec=codec)
            else:
                self._fonts[self._font] = codec
        elif word in ("mac", "pc", "pca"):
            self._codec = {"mac": "mac_roman", "pc": "cp437", "pca": "cp850"}[word]
            self._group = replace(group, codec=self._codec)
        elif word == "plain":
            self._group = replace(group, hidden=False, codec=self._fonts.get(0, self._codec))
        elif word == "uc" and number is not None:
            self._group = replace(group, fallback=max(number, 0))
        elif word in ("v", "deleted"):
            self._group = replace(group, hidden=number != 0)
        elif word == "htmlrtf":
            self._group = replace(group, html_rtf=number != 0)
        elif word in _BREAKS:
            self._put(_BREAKS[word])
        elif word in _SIGNS:
            self._text(_SIGNS[word])
        self._starred = False

    def _enter(self, word: str) -> None:
        if word in _MARGINS:
            self._margins.append("")
        if word in ("footnote", "annotation"):
            self._notes.append("")
        inside_info = self._group.destination == "info" or word == "info"
        if word in _INFO_FIELDS and not inside_info:
            return
        self._group = replace(self._group, destination=word)

    def _leave(self, outer: _Group) -> None:
        self._group = outer

    def _symbol(self, symbol: str) -> None:
        if symbol == "*":
            self._starred = True
            return
        shown = {"~": " ", "_": "-", "-": "", "\n": "\n", "\r": "\n"}.get(symbol)
        if shown in ("\n",):
            self._flush()
            self._put("\n")
        else:
            self._text(symbol if shown is None and symbol in "{}\\" else shown or "")

    def _unicode(self, number: int) -> None:
        self._flush()
        code = number & 0xFFFF
        if 0xD800 <= code < 0xDC00:
            self._surrogate = code
        elif 0xDC00 <= code < 0xE000:
            if self._surrogate:
                self._put(chr(0x10000 + ((self._surrogate - 0xD800) << 10) + code - 0xDC00))
            self._surrogate = 0
        # Symbol fonts lie in the private use area.
        elif not 0xF000 <= code <= 0xF0FF:
            self._put(chr(code))
        self._skip_characters = self._group.fallback

    def _byte(self, value: int) -> None:
        if self._skip_characters:
            self._skip_characters -= 1
            return
        self._bytes.append(value)

    def _text(self, text: str) -> None:
        if self._skip_characters:
            taken = min(self._skip_characters, len(text))
            self._skip_characters -= taken
            text = text[taken:]
        if not text:
            return
        # Bytes above 0x7F may be halves of a character whose other half is a plain letter.
        raw = text.encode("latin-1", "ignore")
        if (self._bytes and len(raw) == len(text)) or (
            len(raw) == len(text) and not text.isascii()
        ):
            self._bytes += raw
        else:
            self._flush()
            self._put(text)

    def _flush(self) -> None:
        if self._bytes:
            data = bytes(self._bytes)
            self._bytes.clear()
            self._put(data.decode(self._group.codec, "replace"))

    def _put(self, text: str) -> None:
        group = self._group
        if group.skipped or group.hidden or group.html_rtf:
            return
        if group.destination in _INFO_FIELDS:
            self.fields[group.destination] = self.fields.get(group.destination, "") + text
        elif group.destination in ("footnote", "annotation"):
            self._notes[-1] += text
        elif group.destination in _MARGINS:
            self._margins[-1] += text
        elif group.destination not in ("fonttbl", "info"):
            self._pieces.append(text)


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a rich text file."""
    reader = _Reader()
    reader.read(read_whole(path, MAX_BYTES).decode("latin-1"))
    text = clean(reader.text()).strip("\n")
    if not text.strip():
        yield Skip("no text")
        return
    title, author = (one_line(reader.fields.get(name, "")) for name in ("title", "author"))
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind="rtf",
        title=title or title_of(path),
        text=text,
        author=author,
        properties=tuple(
            (name, value) for name, value in (("Title", title), ("Author", author)) if value
        ),
    )


def to_text(source: str) -> str:
    """Return the readable text of rich text given as Latin-1, one character for each byte."""
    reader = _Reader()
    reader.read(source)
    return clean(reader.text()).strip("\n")


def _codec(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        return "cp1252"
    return name
