"""Contacts and calendars, as files and as databases of macOS."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from extractors.document import Domain
from extractors.formats.contacts import cards, parse_line
from extractors.sandbox import Pool
from tests.extractors.conftest import Read, only

CARD = """\
BEGIN:VCARD
VERSION:3.0
UID:card-1
FN:Ida Berg
N:Berg;Ida;;;
TEL;TYPE=CELL:+47 22 33 44 55
EMAIL;TYPE=work:ida@example.no
ADR;TYPE=home:;;Storgata 1;Oslo;;0155;Norway
BDAY:19900501
ORG:Nordic Tools;Sales
TITLE:Engineer
NOTE:Likes tea\\, not coffee.\\nTwo cats.
CATEGORIES:friends,work
PHOTO;ENCODING=b:AAAA
END:VCARD
"""


def test_a_card_becomes_a_person_with_facts(read: Read) -> None:
    person = only(read("ida.vcf", CARD))
    assert person.domain is Domain.PEOPLE
    assert person.kind == "contact"
    assert person.origin.endswith("ida.vcf#card-1")
    assert dict(person.properties) == {
        "Name": "Ida Berg",
        "Phone (mobile)": "+47 22 33 44 55",
        "Email (work)": "ida@example.no",
        "Address (home)": "Storgata 1, Oslo, 0155, Norway",
        "Birthday": "1990-05-01",
        "Organisation": "Nordic Tools, Sales",
        "Job title": "Engineer",
        "Note": "Likes tea, not coffee. Two cats.",
    }
    assert person.text.startswith("Ida Berg\nPhone (mobile): +47 22 33 44 55\n")
    assert person.tags == ("friends", "work")


def test_version_2_1_quoted_printable_and_folding_are_undone() -> None:
    text = "BEGIN:VCARD\nVERSION:2.1\nFN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:J=C3=B8rgen =\nHansen\nTEL;CELL:1\nEMAIL:a@b\n .c\nEND:VCARD\n"
    (card,) = cards(text)
    assert [p.value for p in card if p.name == "FN"] == ["Jørgen Hansen"]
    assert [p.type for p in card if p.name == "TEL"] == ["mobile"]
    assert [p.value for p in card if p.name == "EMAIL"] == ["a@b.c"]


def test_labels_of_apple_and_faxes_are_told_apart(read: Read) -> None:
    card = (
        "BEGIN:VCARD\nVERSION:3.0\nFN:Ida Berg\nTEL;type=HOME;type=FAX:22 33 44 50\n"
        "item1.X-ABRELATEDNAMES:Jenny\nitem1.X-ABLabel:_$!<Spouse>!$_\nitem2.TEL:22 33 44 51\nitem2.X-ABLabel:Cabin\nEND:VCARD\n"
    )
    assert dict(only(read("ida.vcf", card)).properties) == {
        "Name": "Ida Berg",
        "Phone (home fax)": "22 33 44 50",
        "Spouse": "Jenny",
        "Phone (cabin)": "22 33 44 51",
    }


def test_a_broken_card_does_not_take_the_others_along(read: Read) -> None:
    extraction = read(
        "all.vcf", CARD + "BEGIN:VCARD\n:::\x00\nEND:VCARD\n" + CARD.replace("card-1", "card-2")
    )
    assert [d.origin.rpartition("#")[2] for d in extraction.documents] == ["card-1", "card-2"]
    assert extraction.skipped == (("card without a name", 1),)


def test_pictures_are_passed_over_and_unknown_lines_too() -> None:
    assert parse_line("PHOTO;ENCODING=b:AAAA") is None
    assert parse_line("nonsense") is None


EVENTS = """\
BEGIN:VCALENDAR
VERSION:2.0
X-WR-CALNAME:Home
BEGIN:VEVENT
UID:dentist
SUMMARY:Dentist
DTSTART;TZID=Europe/Oslo:20260504T100000
DTEND;TZID=Europe/Oslo:20260504T110000
LOCATION:Storgata 1\\, Oslo
ORGANIZER;CN=Anna:mailto:anna@example.org
ATTENDEE;CN=Ola:mailto:ola@example.no
DESCRIPTION:Bring the card.
END:VEVENT
BEGIN:VEVENT
UID:choir
SUMMARY:Choir
DTSTART;TZID=Europe/Oslo:20260401T190000
RRULE:FREQ=WEEKLY;COUNT=4
EXDATE;TZID=Europe/Oslo:20260408T190000
END:VEVENT
BEGIN:VEVENT
UID:holiday
SUMMARY:Holiday
DTSTART;VALUE=DATE:20260710
DTEND;VALUE=DATE:20260713
END:VEVENT
BEGIN:VTODO
UID:task
SUMMARY:Pay rent
DUE:20260601T090000Z
END:VTODO
END:VCALENDAR
"""


def test_an_event_keeps_time_zone_place_and_people(read: Read) -> None:
    event = read("home.ics", EVENTS).documents[0]
    facts = dict(event.properties)
    assert event.origin.endswith("home.ics#dentist")
    assert facts["Start"] == "2026-05-04 10:00 Europe/Oslo"
    assert facts["Location"] == "Storgata 1, Oslo"
    assert facts["Organizer"] == "Anna <anna@example.org>"
    assert facts["Attendees"] == "Ola <ola@example.no>"
    assert facts["Calendar"] == "Home"
    assert event.text.endswith("Bring the card.")


def test_recurrences_are_expanded_without_the_dates_taken_out(read: Read) -> None:
    choir = read("home.ics", EVENTS).documents[1]
    assert dict(choir.properties)["Repeats"] == "every week, 4 times"
    assert (
        "Dates: 2026-04-01 19:00 Europe/Oslo, 2026-04-15 19:00 Europe/Oslo, 2026-04-22 19:00"
        in choir.text
    )


def test_the_last_day_of_a_whole_day_event_is_told_not_the_day_after(read: Read) -> None:
    assert dict(read("home.ics", EVENTS).documents[2].properties)["End"] == "2026-07-12"


def test_tasks_are_tasks(read: Read) -> None:
    task = read("home.ics", EVENTS).documents[3]
    assert task.kind == "task"
    assert dict(task.properties)["Due"].startswith("2026-06-01 09:00")


def test_an_endless_rule_ends(read: Read) -> None:
    endless = EVENTS.replace("FREQ=WEEKLY;COUNT=4", "FREQ=SECONDLY")
    assert read("home.ics", endless).failure is None


def test_a_calendar_cut_in_half_gives_the_events_that_are_whole_and_names_the_cut(
    read: Read,
) -> None:
    half = EVENTS[: EVENTS.index("RRULE")]
    extraction = read("home.ics", half)
    assert [event.title for event in extraction.documents] == ["Dentist"]
    assert dict(extraction.documents[0].properties)["Calendar"] == "Home"
    (cut,) = extraction.part_failures
    assert cut.reason == "the file is cut off in this entry"
    assert cut.origin.endswith("home.ics#choir")


@pytest.mark.parametrize("length", [30, 90, 160])
def test_a_calendar_cut_before_its_first_event_ends_is_a_failure(length: int, read: Read) -> None:
    extraction = read("home.ics", EVENTS[:length])
    assert extraction.documents == ()
    assert extraction.failure is not None


def test_every_cut_of_a_calendar_gives_the_same_events_or_fewer(read: Read) -> None:
    whole = read("home.ics", EVENTS).documents
    for length in range(60, len(EVENTS), 37):
        cut = read("home.ics", EVENTS[:length])
        assert [event.text for event in cut.documents] == [
            event.text for event in whole[: len(cut.documents)]
        ]
        assert cut.failure is not None or cut.part_failures != ()


@pytest.mark.parametrize(
    "line",
    [
        "DTEND:nonsense",
        "DURATION:P999999999999999999W",
        "RRULE:FREQ=SOMETIMES",
        "RRULE:RSCALE=CHINESE;FREQ=YEARLY",
        "EXDATE:",
        "X",
    ],
)
def test_a_line_that_cannot_be_read_costs_no_event(line: str, read: Read) -> None:
    broken = EVENTS.replace("LOCATION:", f"{line}\nLOCATION:", 1)
    extraction = read("home.ics", broken)
    assert "Choir" in [event.title for event in extraction.documents]
    if line != "X":
        assert extraction.documents[0].title == "Dentist"
        assert dict(extraction.documents[0].properties)["Location"] == "Storgata 1, Oslo"


def test_a_calendar_of_version_1_has_its_quoted_printable_undone(read: Read) -> None:
    event = only(
        read(
            "old.vcs",
            "BEGIN:VCALENDAR\nVERSION:1.0\nBEGIN:VEVENT\nDTSTART:20260504T100000\n"
            "SUMMARY;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:Caf=C3=A9 =\nmed J=C3=B8rgen\nEND:VEVENT\nEND:VCALENDAR\n",
        )
    )
    assert event.title == "Café med Jørgen"


def test_cards_cut_in_half_give_those_that_are_whole_and_name_the_cut(read: Read) -> None:
    second = CARD.replace("card-1", "card-2").replace("Ida", "Ola")
    extraction = read("all.vcf", CARD + second[: second.index("33 44")])
    whole, half = extraction.documents
    assert dict(whole.properties)["Phone (mobile)"] == "+47 22 33 44 55"
    assert half.title == "Ola Berg"
    assert "Phone (mobile)" not in dict(half.properties)
    assert [cut.reason for cut in extraction.part_failures] == [
        "the file is cut off in its last card"
    ]


def test_a_card_cut_before_its_name_is_a_failure(read: Read) -> None:
    assert read("all.vcf", CARD[:40]).failure is not None


@pytest.fixture
def address_book(tmp_path: Path) -> Path:
    path = tmp_path / "AddressBook-v22.abcddb"
    with sqlite3.connect(path) as db:
        db.executescript(
            """CREATE TABLE ZABCDRECORD (Z_PK INTEGER, ZUNIQUEID TEXT, ZFIRSTNAME TEXT, ZMIDDLENAME TEXT, ZLASTNAME TEXT,
                                         ZORGANIZATION TEXT, ZJOBTITLE TEXT, ZNICKNAME TEXT, ZBIRTHDAY REAL);
               CREATE TABLE ZABCDPHONENUMBER (ZOWNER INTEGER, ZLABEL TEXT, ZFULLNUMBER TEXT);
               CREATE TABLE ZABCDEMAILADDRESS (ZOWNER INTEGER, ZLABEL TEXT, ZADDRESS TEXT);
               INSERT INTO ZABCDRECORD VALUES (1, 'A-1', 'Ida', NULL, 'Berg', 'Nordic Tools', NULL, NULL, -336787200.0);
               INSERT INTO ZABCDPHONENUMBER VALUES (1, '_$!<Mobile>!$_', '+47 22 33 44 55');
               INSERT INTO ZABCDEMAILADDRESS VALUES (1, '_$!<Work>!$_', 'ida@example.no');"""
        )
    return path


def test_the_address_book_of_macos(address_book: Path, pool: Pool) -> None:
    person = only(pool.extract(address_book))
    assert dict(person.properties) == {
        "Name": "Ida Berg",
        "Organisation": "Nordic Tools",
        "Phone (mobile)": "+47 22 33 44 55",
        "Email (work)": "ida@example.no",
        "Birthday": "1990-05-01",
    }


def test_the_calendar_of_macos(tmp_path: Path, pool: Pool) -> None:
    path = tmp_path / "Calendar.sqlitedb"
    with sqlite3.connect(path) as db:
        db.executescript(
            """CREATE TABLE CalendarItem (summary TEXT, description TEXT, start_date REAL, end_date REAL, all_day INTEGER,
                                          calendar_id INTEGER, location_id INTEGER, UUID TEXT, hidden INTEGER);
               CREATE TABLE Calendar (title TEXT); CREATE TABLE Location (title TEXT);
               INSERT INTO Calendar VALUES ('Home'); INSERT INTO Location VALUES ('Oslo');
               INSERT INTO CalendarItem VALUES ('Dentist', 'Bring the card.', 799574400, 799578000, 0, 1, 1, 'U-1', 0);"""
        )
    event = only(pool.extract(path))
    assert event.origin.endswith("#U-1")
    assert dict(event.properties)["Start"] == "2026-05-04 08:00 UTC"
    assert dict(event.properties)["Location"] == "Oslo"


def test_the_reminders_of_macos(tmp_path: Path, pool: Pool) -> None:
    path = tmp_path / "Data-local.sqlite"
    with sqlite3.connect(path) as db:
        db.executescript(
            """CREATE TABLE ZREMCDREMINDER (Z_PK INTEGER, ZTITLE TEXT, ZNOTES TEXT, ZDUEDATE REAL, ZCOMPLETED INTEGER,
                                            ZMARKEDFORDELETION INTEGER, ZLIST INTEGER, ZCKIDENTIFIER TEXT);
               CREATE TABLE ZREMCDBASELIST (Z_PK INTEGER, ZNAME TEXT);
               INSERT INTO ZREMCDBASELIST VALUES (1, 'Home');
               INSERT INTO ZREMCDREMINDER VALUES (1, 'Pay rent', 'Account 4', 799574400, 0, 0, 1, 'R-1'),
                                                 (2, 'Old', NULL, NULL, 0, 1, 1, 'R-2');"""
        )
    extraction = pool.extract(path)
    task = only(extraction)
    assert dict(task.properties) == {
        "Due": "2026-05-04 08:00 UTC",
        "Completed": "no",
        "List": "Home",
    }
    assert extraction.skipped == (("task in the trash", 1),)
