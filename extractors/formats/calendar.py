"""iCalendar: each event a document, recurrences expanded within a window, attendees and time zones kept.

Parsing is icalendar's, the most tolerant of the libraries measured (203 of 209 files; entry by entry where it refuses
the whole). Recurrences are expanded with dateutil's rules, which icalendar does not do itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from extractors.charset import decode
from extractors.document import Document, Domain
from extractors.files import read_whole
from extractors.formats import ical_text
from extractors.normalise import clean, one_line
from extractors.options import Options
from extractors.results import CannotRead, Failure, FailureKind, Item, Skip

if TYPE_CHECKING:
    from icalendar import Component

WINDOW_BEFORE = timedelta(days=366)
WINDOW_AFTER = timedelta(days=366)
MAX_SHOWN_OCCURRENCES = 60
# A rule such as "every second" is stepped through at most this often.
MAX_STEPPED_OCCURRENCES = 5000
MAX_ATTENDEES = 100

# What the library raises on lines that it cannot read.
_FAULTS = (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError)

_FREQUENCIES = {
    "DAILY": "every day",
    "WEEKLY": "every week",
    "MONTHLY": "every month",
    "YEARLY": "every year",
    "HOURLY": "every hour",
    "MINUTELY": "every minute",
    "SECONDLY": "every second",
}


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a calendar; each event's origin is `path#uid`.

    One that does not parse as a whole, or that is cut off, is read entry by entry: those that are whole become
    documents, the others failures of their own.
    """
    text = ical_text.mended(decode(read_whole(path, options.max_text_bytes)))
    seen: set[str] = set()
    damaged = False
    for found in _components(text):
        if isinstance(found, ical_text.Entry):
            damaged = True
            part = one_line(found.uid) or "cut off"
            reason = "the entry is damaged" if found.whole else "the file is cut off in this entry"
            yield Failure(reason, FailureKind.DAMAGED, f"{origin}#{part}")
            continue
        calendar, component = found
        part = _part(component, seen)
        try:
            yield _document(component, f"{origin}#{part}", calendar, options)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            damaged = True
            yield Failure("the entry is damaged", FailureKind.DAMAGED, f"{origin}#{part}")
    cut = not ical_text.is_balanced(text)
    if seen and cut and not damaged:
        yield Failure("the file is cut off", FailureKind.DAMAGED, f"{origin}#cut off")
    if seen:
        return
    if damaged:
        raise CannotRead("none of its entries is whole")
    if cut:
        raise CannotRead("it is cut off before its first entry")
    yield Skip("empty calendar")


def _components(text: str) -> Iterator[tuple[str, Component] | ical_text.Entry]:
    """Yield (calendar's name, entry), or the text of an entry that does not parse."""
    if ical_text.is_balanced(text):
        try:
            whole = list(_parsed(text))
        except _FAULTS:
            pass
        else:
            yield from whole
            return
    for entry in ical_text.entries(text):
        try:
            found = list(_parsed(entry.text)) if entry.whole else []
        except _FAULTS:
            found = []
        if found:
            yield from found
        else:
            yield entry


def _parsed(text: str) -> Iterator[tuple[str, Component]]:
    from icalendar import Calendar

    for calendar in Calendar.from_ical(text, multiple=True):
        name = one_line(str(calendar.get("X-WR-CALNAME", "")))
        for component in calendar.walk():
            if component.name in ical_text.ENTRIES:
                _drop_broken(component)
                yield name, component


def _drop_broken(component: Component) -> None:
    """Take out the properties that the library could not read, so that the rest of the entry is."""
    from icalendar.prop import vBroken

    for name, value in list(component.items()):
        kept = (
            [one for one in value if not isinstance(one, vBroken)]
            if isinstance(value, list)
            else value
        )
        if isinstance(value, vBroken) or kept == []:
            del component[name]
        elif isinstance(value, list):
            component[name] = kept


def _part(component: Component, seen: set[str]) -> str:
    uid = one_line(str(component.get("UID", "")), 200)
    if not uid:
        uid = hashlib.blake2b(component.to_ical(), digest_size=10).hexdigest()
    recurrence = component.get("RECURRENCE-ID")
    if recurrence is not None:
        uid = f"{uid}/{recurrence.dt.isoformat()}"
    number, part = 1, uid
    while part in seen:
        number += 1
        part = f"{uid}/{number}"
    seen.add(part)
    return part


def _document(component: Component, origin: str, calendar: str, options: Options) -> Document:
    title = one_line(str(component.get("SUMMARY", ""))) or {
        "VTODO": "Task",
        "VJOURNAL": "Journal entry",
    }.get(component.name or "", "Event")
    start, end = _moment(component, "DTSTART"), _end(component)
    organizer = _person(component.get("ORGANIZER"))
    attendees = _attendees(component)
    properties: list[tuple[str, str]] = [
        ("Start", shown(start)),
        ("End", shown(end)),
        ("Due", shown(_moment(component, "DUE"))),
        ("Completed", shown(_moment(component, "COMPLETED"))),
        ("Location", _text(component, "LOCATION")),
        ("Organizer", organizer),
        ("Attendees", ", ".join(attendees)),
        ("Repeats", _repeats(component)),
        ("Status", _text(component, "STATUS").capitalize()),
        ("Calendar", calendar),
        ("Categories", ", ".join(_categories(component))),
        ("URL", _text(component, "URL")),
    ]
    occurrences = _occurrences(component, start, options.now)
    lines = [title, *(f"{name}: {value}" for name, value in properties if value)]
    if occurrences:
        lines.append("Dates: " + ", ".join(shown(moment) for moment in occurrences))
    description = clean(str(component.get("DESCRIPTION", ""))).strip()
    if description:
        lines += ["", description]
    return Document(
        origin=origin,
        domain=options.domain or Domain.PEOPLE,
        kind="task" if component.name == "VTODO" else "event",
        title=title,
        text=clean("\n".join(lines)).strip("\n"),
        author=organizer,
        recipients=tuple(attendees),
        date=as_datetime(start),
        tags=_categories(component),
        properties=tuple((name, value) for name, value in properties if value),
    )


def shown(moment: date | datetime | None) -> str:
    """Write a date or moment the way people read it: "2026-05-01" or "2026-05-01 10:00", its zone after it."""
    if moment is None:
        return ""
    if not isinstance(moment, datetime):
        return moment.isoformat()
    written = moment.strftime("%Y-%m-%d %H:%M")
    zone = getattr(moment.tzinfo, "key", None) or (moment.tzname() if moment.tzinfo else "")
    return f"{written} {zone}" if zone else written


def as_datetime(moment: date | datetime | None) -> datetime | None:
    """Return a moment for a date (its midnight) or a moment."""
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time())


def _moment(component: Component, name: str) -> date | datetime | None:
    value = component.get(name)
    if isinstance(value, list):
        value = value[0]
    found = getattr(value, "dt", None)
    return found if isinstance(found, date) else None


def _end(component: Component) -> date | datetime | None:
    end = _moment(component, "DTEND")
    start = _moment(component, "DTSTART")
    if end is None:
        duration = getattr(component.get("DURATION"), "dt", None)
        if isinstance(duration, timedelta) and start is not None:
            end = start + duration
    if end is None or isinstance(end, datetime) or start is None:
        return end
    # An all-day event's end is the day after its last (RFC 5545, 3.6.1).
    last = end - timedelta(days=1)
    return None if last <= start else last


def _text(component: Component, name: str) -> str:
    value = component.get(name)
    if isinstance(value, list):
        value = value[0]
    return one_line(str(value), 1000) if value is not None else ""


def _categories(component: Component) -> tuple[str, ...]:
    value = component.get("CATEGORIES")
    groups = value if isinstance(value, list) else [value] if value is not None else []
    found = [one_line(str(entry)) for group in groups for entry in getattr(group, "cats", [group])]
    return tuple(dict.fromkeys(entry for entry in found if entry))


def _person(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        value = value[0]
    address = one_line(str(value))
    address = address[7:] if address.lower().startswith("mailto:") else address
    name = one_line(str(getattr(value, "params", {}).get("CN", ""))).strip('"')
    if name and "@" in address and name != address:
        return f"{name} <{address}>"
    return name or (address if "@" in address else "")


def _attendees(component: Component) -> list[str]:
    value = component.get("ATTENDEE")
    people = value if isinstance(value, list) else [value] if value is not None else []
    return [person for person in (_person(entry) for entry in people[:MAX_ATTENDEES]) if person]


def _repeats(component: Component) -> str:
    rule = component.get("RRULE")
    if isinstance(rule, list):
        rule = rule[0]
    if not rule or not rule.get("FREQ"):
        return ""
    frequency = str(rule["FREQ"][0]).upper()
    interval = int(rule.get("INTERVAL", [1])[0])
    unit = _FREQUENCIES.get(frequency, frequency.lower())
    words = unit if interval <= 1 else f"{unit.replace('every ', f'every {interval} ')}s"
    if rule.get("BYDAY"):
        words += " on " + ", ".join(str(day) for day in rule["BYDAY"])
    if rule.get("COUNT"):
        words += f", {rule['COUNT'][0]} times"
    if rule.get("UNTIL"):
        words += f", until {shown(rule['UNTIL'][0])}"
    return words


def _occurrences(
    component: Component, start: date | datetime | None, now: datetime
) -> Sequence[date | datetime]:
    """Expand a recurring event within a year before and after now, without the dates that were taken out."""
    rule = component.get("RRULE")
    if rule is None or start is None:
        return ()
    from dateutil.rrule import rrulestr

    if isinstance(rule, list):
        rule = rule[0]
    first = as_datetime(start)
    if first is None:
        return ()
    # Recurrences are stepped on the wall clock of the event's own zone (RFC 5545, 3.3.10).
    zone = first.tzinfo
    wall = first.replace(tzinfo=None)
    pattern = rule.to_ical().decode()
    if rule.get("UNTIL"):
        until = as_datetime(rule["UNTIL"][0])
        if until is not None:
            until = (
                until.astimezone(zone).replace(tzinfo=None)
                if until.tzinfo and zone
                else until.replace(tzinfo=None)
            )
            fields = [
                field for field in pattern.split(";") if not field.upper().startswith("UNTIL=")
            ]
            pattern = ";".join([*fields, f"UNTIL={until:%Y%m%dT%H%M%S}"])
    today = (now.astimezone(zone) if zone else now.astimezone(UTC)).replace(tzinfo=None)
    excluded = _excluded(component)
    found: list[date | datetime] = []
    try:
        moments = rrulestr(pattern, dtstart=wall)
    except ValueError:
        # Rules of other calendars (RFC 7529) and rules that break the grammar are told, not expanded.
        return ()
    for step, moment in enumerate(moments):
        if (
            step >= MAX_STEPPED_OCCURRENCES
            or moment > today + WINDOW_AFTER
            or len(found) >= MAX_SHOWN_OCCURRENCES
        ):
            break
        if moment < today - WINDOW_BEFORE or moment in excluded:
            continue
        found.append(
            moment.date() if not isinstance(start, datetime) else moment.replace(tzinfo=zone)
        )
    return found


def _excluded(component: Component) -> set[datetime]:
    value = component.get("EXDATE")
    groups = value if isinstance(value, list) else [value] if value is not None else []
    moments = (as_datetime(entry.dt) for group in groups for entry in getattr(group, "dts", []))
    return {moment.replace(tzinfo=None) for moment in moments if moment is not None}
