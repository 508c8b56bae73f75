"""Bytes → text: byte-order marks, declared encodings and their misnomers, detection, repair of mojibake.

The order follows what was measured to lose least: a byte-order mark, strict UTF-8, what is declared, then chardet.
UTF-8 goes before the declared encoding because text that is valid UTF-8 with bytes above 0x7F is hardly ever anything
else, while mail declared as Latin-1 often is UTF-8.
"""

from __future__ import annotations

import codecs
import re

# Longest first: the UTF-32 LE mark begins with the UTF-16 LE one.
BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

# Names found in real mail and pages that Python's codecs do not know, or that mean a superset in practice
# (WHATWG Encoding Standard, "Names and labels": iso-8859-1 and us-ascii are read as windows-1252, and so on).
ALIASES = {
    "iso-8859-1": "cp1252",
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "ansi_x3.4-1968": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-8-i": "cp1255",
    "iso-8859-8-e": "cp1255",
    "tis-620": "cp874",
    "ks_c_5601-1987": "cp949",
    "ks_c_5601": "cp949",
    "euc-kr": "cp949",
    "x-sjis": "cp932",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "windows-31j": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "big5": "big5hkscs",
    "x-mac-roman": "mac_roman",
    "macintosh": "mac_roman",
    "x-mac-cyrillic": "mac_cyrillic",
    "unicode": "utf-16",
    "unicode-1-1-utf-7": "utf-7",
    "x-unknown": "",
    "unknown-8bit": "",
    "8bit": "",
    "default": "",
    "utf8mb4": "utf-8",
}

# Encodings whose decoders accept anything or run code paths meant for escapes; never taken from a declaration.
REFUSED = frozenset({"unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined"})

# Enough for a sure guess, little enough to be quick.
DETECTION_BYTES = 64 * 1024
# What UTF-8 read as windows-1252 looks like: a lead byte's letter, then a continuation byte's sign.
_MOJIBAKE = re.compile(r"[ÂÃÅÐÑâð][\u0080-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_MOJIBAKE_MAX_CHARACTERS = 200_000
# Under this confidence a guess of an encoding that is seldom met is mostly wrong, as is one that puts Greek or Cyrillic
# letters inside of Latin words: both are then taken for windows-1252. Of 88 stretches of 12 to 240 characters in 22
# languages and encodings, chardet's word alone decoded 74 right, with these two rules 83.
_UNSURE = 0.15
_MIXED = re.compile("[A-Za-z][\u0370-\u04ff]|[\u0370-\u04ff][A-Za-z]")
_FREQUENT = frozenset(
    "cp1250 cp1251 cp1252 cp1253 cp1254 cp1255 cp1256 cp874 cp866 koi8-r iso8859-1 iso8859-2 iso8859-7 iso8859-15 mac-roman"
    " cp932 shift_jis euc_jp cp949 euc_kr gb18030 gbk gb2312 big5 big5hkscs".split()
)
# A declaration that text has no byte above 0x7F says nothing about text that has some.
_ASCII_NAMES = frozenset(("ascii", "us-ascii", "ansi_x3.4-1968"))


def decode(data: bytes, declared: str = "") -> str:
    """Decode bytes of unknown or doubtful encoding; never raises.

    Args:
        data: the bytes.
        declared: the encoding that the file states, "" when it states none; names unknown to Python are ignored.

    Returns:
        The text; bytes that fit nothing become U+FFFD.
    """
    for mark, name in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    codec = known_codec(declared)
    # 7-bit encodings with escapes are valid UTF-8 too: what is declared must win there.
    if codec.startswith(("iso2022", "utf-7", "hz")) and data.isascii():
        return data.decode(codec, "replace")
    wide = _wide_codec(data)
    if wide:
        return data.decode(wide, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    mere_ascii = declared.strip().strip("\"'").lower() in _ASCII_NAMES
    if codec and codec not in ("utf-8", "utf-16", "utf-32") and not mere_ascii:
        try:
            return data.decode(codec)
        except UnicodeDecodeError:
            if codec not in ("cp1252", "ascii"):
                return data.decode(codec, "replace")
    return _decode_detected(data, fallback=codec)


def narrowed(data: bytes) -> bytes:
    """Return text in UTF-16 or UTF-32 as UTF-8, all other bytes unchanged."""
    wide = any(data.startswith(mark) for mark, name in BYTE_ORDER_MARKS if name != "utf-8")
    return decode(data).encode("utf-8", "replace") if wide or _wide_codec(data) else data


def known_codec(name: str) -> str:
    """Return the Python codec that a declared encoding means, "" when it means none."""
    wanted = name.strip().strip("\"'").lower()
    wanted = ALIASES.get(wanted, wanted)
    if not wanted:
        return ""
    try:
        found = codecs.lookup(wanted)
    except (LookupError, ValueError, UnicodeError):
        return ""
    # Codecs such as base64 or zip turn bytes into bytes; they are no text encodings.
    if not found._is_text_encoding or found.name in REFUSED:
        return ""
    return found.name


def repair_mojibake(text: str) -> str:
    """Undo UTF-8 that was read as a one-byte encoding somewhere on its way ("CafÃ©" → "Café"), by ftfy."""
    if text.isascii() or len(text) > _MOJIBAKE_MAX_CHARACTERS or not _MOJIBAKE.search(text):
        return text
    import ftfy

    # A thread can hold broken lines and whole ones; the library mends a text only where all of it is broken alike.
    return "\n".join(
        ftfy.fix_encoding(line) if _MOJIBAKE.search(line) else line for line in text.split("\n")
    )


def looks_binary(head: bytes) -> bool:
    """Tell whether the first bytes of a file belong to no text in any encoding."""
    if not head or any(head.startswith(mark) for mark, _ in BYTE_ORDER_MARKS):
        return False
    if b"\0" in head:
        return not _wide_codec(head)
    # DEL and C0 controls other than tab, line ends, form feed, backspace and escape (ISO-2022).
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > len(head) // 50


_CONTROLS = bytes((*range(1, 8), 11, *range(14, 27), *range(28, 32), 127))


def _wide_codec(data: bytes) -> str:
    """Recognise UTF-16 without a mark: nearly every second byte is zero, on one side only."""
    sample = data[:4096]
    if b"\0" not in sample or len(sample) < 4:
        return ""
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > half * 0.6 and even < half * 0.05:
        return "utf-16-le"
    if even > half * 0.6 and odd < half * 0.05:
        return "utf-16-be"
    return ""


def _decode_detected(data: bytes, fallback: str) -> str:
    import chardet

    guess = chardet.detect(data[:DETECTION_BYTES])
    codec = known_codec(guess.get("encoding") or "") or fallback or "cp1252"
    if codec == "utf-8" and fallback not in ("", "utf-8"):
        codec = fallback
    if codec not in _FREQUENT and (guess.get("confidence") or 0.0) < _UNSURE:
        codec = "cp1252"
    text = data.decode(codec, "replace")
    if codec in ("cp1251", "cp1253", "koi8-r", "cp866") and _mixes_scripts(text):
        return data.decode("cp1252", "replace")
    return text


def _mixes_scripts(text: str) -> bool:
    sample = text[:DETECTION_BYTES]
    return 2 * len(_MIXED.findall(sample)) > sum(not letter.isascii() for letter in sample)
