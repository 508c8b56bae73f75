"""The moment at the beginning of a message in WhatsApp's exports, as phones write it in each language and region.

Android writes `23/06/2018, 01:55 p.m. - Name: words`, iPhones write `[15-01-20 02:22:56] Name: words`. Order, separators,
digits, halves of the day and the words between date and time are the phone's own (Unicode CLDR's short forms). One file
keeps to one form, so its first message tells which lines begin a message and which merely begin with a date.
"""

from __future__ import annotations

import enum
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, timedelta

_DIRECTION = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]")
_FIRST = re.compile("[ \t\\[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff]*\\d")
_BLANK = re.compile("[\u00a0\u202f\u2007\u2009]")
# The halves of a day without dots and blanks; Chinese has words for parts of them.
_MORNING = (
    "am vorm fm ap de sa pg e_paradites πμ дп ص قظ לפנה״צ לפנהצ 오전 午前 上午 凌晨 清晨 早上 ก่อนเที่ยง पूर्वाह्न"
    " পূর্বাহ্ণ முற்பகல்"
)
_EVENING = (
    "pm nachm em ip du ch ptg e_pasdites μμ пп م بظ אחה״צ אחהצ 오후 午後 下午 中午 傍晚 晚上 หลังเที่ยง अपराह्न অপরাহ্ণ"
    " பிற்பகல்"
)
_HALVES = {word.replace("_", ""): 0 for word in _MORNING.split()} | {
    word.replace("_", ""): 12 for word in _EVENING.split()
}
_HALF = "|".join(
    r"\.? ?".join(word) + r"\.?" if len(word) == 2 else word.replace("_", " ?") + r"\.?"
    for word in sorted(f"{_MORNING} {_EVENING}".split(), key=len, reverse=True)
)
_JOINT = r"(?:,|،)?(?: ?(?:at|um|à|a las|às|alle(?: ore)?|om|kl\.?|klo|o|v|в|u|la|ore|saat|pukul|jam|lúc|στις))?"
_DATE = r"(\d{1,4}) ?[./\-年년] ?(\d{1,2}) ?[./\-月월] ?(\d{1,4})\.?(?: ?[日일])?(?: ?г\.?)?"
_TIME = (
    rf"(?:(?P<before>{_HALF}) ?)?(\d{{1,2}}) ?(?:[:.h時시]) ?(\d{{2}})(?: ?(?:[:.分분]|min) ?(\d{{2}})(?: ?[s秒초])?)?"
    rf"(?: ?[分분])?(?: ?(?P<after>{_HALF}))?(?: ?(?:uhr|ч\.?))?"
)
_HEADER = re.compile(rf"[ \t]*\[?{_DATE}{_JOINT} ?{_TIME}", re.IGNORECASE)
# Vietnamese phones of some years put the time first.
_TIME_FIRST = re.compile(rf"[ \t]*\[?{_TIME},? {_DATE}", re.IGNORECASE)


class Style(enum.StrEnum):
    """What stands between the moment and the message."""

    BRACKET = "]"
    DASH = "-"
    COMMA = ","
    COLON = ":"
    BLANK = " "


_ENDS = (
    (Style.BRACKET, re.compile(r"\] ?")),
    (Style.DASH, re.compile(r" ?[-–—](?: |$)")),
    (Style.COMMA, re.compile(r", ")),
    (Style.COLON, re.compile(r": ")),
    (Style.BLANK, re.compile(r" (?=[^:\n]{1,80}: )")),
)


@dataclass(frozen=True, slots=True)
class Header:
    """The moment at the beginning of a line.

    Attributes:
        numbers: the three numbers of the date, in the order they stand in.
        time: hour (0–23), minute, second.
        style: what stands behind it.
        end: where the message begins in the line.
    """

    numbers: tuple[int, int, int]
    time: tuple[int, int, int]
    style: Style
    end: int


def header(line: str, style: Style | None = None) -> Header | None:
    """Read the moment at the beginning of a line, None when there is none.

    Args:
        line: a line as it stands in the file, marks of direction and all.
        style: the file's own style, None to take any.
    """
    if not _FIRST.match(line):
        return None
    shown = line[:90] if line[:90].isascii() else "".join(map(_plain, line[:90]))
    # Marks of direction carry no width: what is left is matched, and counted back to the line.
    bare = _DIRECTION.sub("", shown)
    match, first = _HEADER.match(bare), 1
    if match is None:
        match, first = _TIME_FIRST.match(bare), 6
    if match is None:
        return None
    found = _style(bare, match.end())
    if found is None or style not in (None, found[0]):
        return None
    groups = match.groups()
    if first == 1:
        numbers, clock = groups[:3], groups[4:7]
    else:
        numbers, clock = groups[5:8], groups[1:4]
    half = match.group("before") or match.group("after") or ""
    hour = _hour(int(clock[0]), re.sub(r"[. ]", "", half.lower()))
    return Header(
        (int(numbers[0]), int(numbers[1]), int(numbers[2])),
        (hour, int(clock[1]), int(clock[2] or 0)),
        found[0],
        _position(line, found[1]),
    )


def moment(
    numbers: tuple[int, int, int], order: str, time: tuple[int, int, int]
) -> datetime | None:
    """Return the moment of a header, None where its numbers name none.

    Args:
        numbers: the numbers of the date.
        order: "ymd", "dmy" or "mdy".
        time: hour, minute, second.
    """
    year, month, day = (numbers[order.index(part)] for part in "ymd")
    try:
        if 1300 <= year < 1500:
            day_found = _from_persian(year, month, day)
        else:
            # Thai phones count from the death of the Buddha.
            full = year - 543 if 2400 < year < 2700 else year if year > 99 else 2000 + year
            day_found = date(full, month, day)
        return datetime(day_found.year, day_found.month, day_found.day, *time)
    except ValueError:
        return None


def _plain(sign: str) -> str:
    """Return a digit of any script as an ASCII one, blanks of any width as one, all else as it is."""
    if sign.isascii():
        return sign
    if unicodedata.category(sign) == "Nd":
        return str(unicodedata.digit(sign))
    return _BLANK.sub(" ", sign)


def _style(bare: str, end: int) -> tuple[Style, int] | None:
    for style, pattern in _ENDS:
        match = pattern.match(bare, end)
        if match and (style is Style.BRACKET) == bare.lstrip(" \t").startswith("["):
            return style, match.end()
    return None


def _position(line: str, bare_position: int) -> int:
    """Return where a position in a line without marks of direction lies in the line itself."""
    seen = 0
    for position, sign in enumerate(line):
        if seen == bare_position:
            return position
        seen += not _DIRECTION.match(sign)
    return len(line)


def _hour(hour: int, half: str) -> int:
    later = _HALVES.get(half)
    if later is None:
        return hour
    if later:
        return hour + 12 if hour < 12 else hour
    return 0 if hour == 12 else hour


def _from_persian(year: int, month: int, day: int) -> date:
    """Return a date of the Solar Hijri calendar as a Gregorian one.

    The 33-year cycle of leap years (Heydari-Malayeri, "A concise review of the Iranian calendar", 2004) is right from
    1178 to 1633. Raises ValueError for months and days that there are not.
    """
    if not (1 <= month <= 12 and 1 <= day <= (31 if month <= 6 else 30)):
        raise ValueError("no such day")
    days = 365 * year + (8 * year + 21) // 33 + 31 * (month - 1) - max(0, month - 7) + day
    # 1 Farvardin 1400 was 21 March 2021.
    epoch = 365 * 1400 + (8 * 1400 + 21) // 33 + 1
    return date(2021, 3, 21) + timedelta(days=days - epoch)
