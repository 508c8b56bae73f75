"""Databases of macOS's Contacts, Calendar and Reminders."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from extractors.document import Document, Domain
from extractors.formats.databases import apple_moment, columns, open_copy, pick
from extractors.normalise import clean, one_line
from extractors.options import Options
from extractors.results import CannotRead, Item, Skip

# `_$!<Mobile>!$_` is how Contacts writes labels of its own.
_LABEL = re.compile(r"_\$!<(.*)>!\$_")
# Table, column, and what is put before its values to tell a bare name of a service from a person's.
_HANDLES = (
    ("ZABCDPHONENUMBER", "ZFULLNUMBER", ""),
    ("ZABCDEMAILADDRESS", "ZADDRESS", ""),
    ("ZABCDMESSAGINGADDRESS", "ZADDRESS", "@"),
    ("ZABCDSOCIALPROFILE", "ZUSERNAME", "@"),
)


def extract_contacts(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read the people of an address book (`AddressBook-v22.abcddb`); a person's origin is `path#identifier`."""
    with open_copy(path, options) as connection:
        known = columns(connection, "ZABCDRECORD")
        if "ZFIRSTNAME" not in known:
            raise CannotRead("it is no database of Contacts that is known here")
        for row in connection.execute("SELECT * FROM ZABCDRECORD ORDER BY Z_PK"):
            name = _name(row)
            if not name:
                continue
            facts = [("Name", name), *_facts(connection, row, known)]
            yield Document(
                origin=f"{origin}#{row['ZUNIQUEID'] if 'ZUNIQUEID' in known else row['Z_PK']}",
                domain=options.domain or Domain.PEOPLE,
                kind="contact",
                title=name,
                text=clean("\n".join([name, *(f"{label}: {value}" for label, value in facts[1:])])),
                properties=tuple(facts),
            )


def contact_handles(path: Path, options: Options) -> Iterator[tuple[str, str]]:
    """Yield (number, address or "@handle", name) of everybody in an address book. Raises CannotRead."""
    with open_copy(path, options) as connection:
        for row in connection.execute("SELECT * FROM ZABCDRECORD"):
            name = _name(row)
            for table, column, mark in _HANDLES if name else ():
                for _, handle in _values(connection, table, column, row["Z_PK"]):
                    yield mark + handle.removeprefix("@") if mark else handle, name


def extract_calendar(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read the events of `Calendar.sqlitedb`; an event's origin is `path#uuid`."""
    with open_copy(path, options) as connection:
        known = columns(connection, "CalendarItem")
        if "summary" not in known:
            raise CannotRead("it is no database of Calendar that is known here")
        located = (
            "LEFT JOIN Location ON Location.ROWID = CalendarItem.location_id"
            if columns(connection, "Location")
            else ""
        )
        place = "Location.title" if located else "NULL"
        for row in connection.execute(
            f"""SELECT CalendarItem.ROWID AS id, CalendarItem.{pick(known, "UUID", "ROWID")} AS uuid,
                       summary, {pick(known, "description")} AS description, start_date, end_date,
                       {pick(known, "all_day")} AS all_day, Calendar.title AS calendar, {place} AS place,
                       CalendarItem.{pick(known, "hidden", "ROWID")} AS hidden
                FROM CalendarItem LEFT JOIN Calendar ON Calendar.ROWID = CalendarItem.calendar_id {located}
                ORDER BY CalendarItem.ROWID"""
        ):
            title = one_line(str(row["summary"] or ""))
            if not title:
                continue
            start, end = apple_moment(row["start_date"]), apple_moment(row["end_date"])
            facts = (
                ("Start", _shown(start, row["all_day"])),
                ("End", _shown(end, row["all_day"])),
                ("Location", one_line(str(row["place"] or ""))),
                ("Attendees", ", ".join(_attendees(connection, row["id"]))),
                ("Calendar", one_line(str(row["calendar"] or ""))),
            )
            yield _entry(
                f"{origin}#{row['uuid']}",
                "event",
                title,
                facts,
                str(row["description"] or ""),
                start,
                options,
            )


def extract_reminders(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read the tasks of Reminders (`Data-*.sqlite`); a task's origin is `path#identifier`."""
    with open_copy(path, options) as connection:
        known = columns(connection, "ZREMCDREMINDER")
        lists = columns(connection, "ZREMCDBASELIST") or columns(connection, "ZREMCDOBJECT")
        if "ZTITLE" not in known:
            raise CannotRead("it is no database of Reminders that is known here")
        table = "ZREMCDBASELIST" if columns(connection, "ZREMCDBASELIST") else "ZREMCDOBJECT"
        name = pick(lists, "ZNAME", "ZNAME1", "ZNAME2")
        for row in connection.execute(
            f"""SELECT task.*, list.{name} AS list_name FROM ZREMCDREMINDER AS task
                LEFT JOIN {table} AS list ON list.Z_PK = task.ZLIST ORDER BY task.Z_PK"""
            if lists
            else "SELECT task.*, NULL AS list_name FROM ZREMCDREMINDER AS task ORDER BY task.Z_PK"
        ):
            title = one_line(str(row["ZTITLE"] or ""))
            if not title:
                continue
            if "ZMARKEDFORDELETION" in known and row["ZMARKEDFORDELETION"]:
                yield Skip("task in the trash")
                continue
            due = apple_moment(row["ZDUEDATE"]) if "ZDUEDATE" in known else None
            done = bool(row["ZCOMPLETED"]) if "ZCOMPLETED" in known else False
            facts = (
                ("Due", _shown(due, 0)),
                ("Completed", "yes" if done else "no"),
                ("List", one_line(str(row["list_name"] or ""))),
            )
            notes = str(row["ZNOTES"] or "") if "ZNOTES" in known else ""
            identifier = row["ZCKIDENTIFIER"] if "ZCKIDENTIFIER" in known else row["Z_PK"]
            yield _entry(
                f"{origin}#{identifier or row['Z_PK']}", "task", title, facts, notes, due, options
            )


def _entry(
    origin: str,
    kind: str,
    title: str,
    facts: tuple[tuple[str, str], ...],
    description: str,
    moment: datetime | None,
    options: Options,
) -> Document:
    known = tuple((name, value) for name, value in facts if value)
    lines = [title, *(f"{name}: {value}" for name, value in known)]
    if description.strip():
        lines += ["", description]
    return Document(
        origin=origin,
        domain=options.domain or Domain.PEOPLE,
        kind=kind,
        title=title,
        text=clean("\n".join(lines)).strip("\n"),
        date=moment,
        properties=known,
    )


def _shown(moment: datetime | None, all_day: object) -> str:
    if moment is None:
        return ""
    return f"{moment:%Y-%m-%d}" if all_day else f"{moment:%Y-%m-%d %H:%M} UTC"


def _attendees(connection: sqlite3.Connection, item: int) -> list[str]:
    known = columns(connection, "Participant")
    if not known:
        return []
    owner, address = pick(known, "owner_id", "entity_id"), pick(known, "email")
    if "NULL" in (owner, address):
        return []
    rows = connection.execute(
        f"SELECT {address} AS address FROM Participant WHERE {owner} = ?", (item,)
    )
    return [one_line(str(row["address"])) for row in rows if row["address"]]


def _name(row: sqlite3.Row) -> str:
    known = set(row.keys())
    parts = [
        str(row[column])
        for column in ("ZFIRSTNAME", "ZMIDDLENAME", "ZLASTNAME")
        if column in known and row[column]
    ]
    organisation = row["ZORGANIZATION"] if "ZORGANIZATION" in known else None
    return one_line(" ".join(parts) or str(organisation or ""))


def _facts(
    connection: sqlite3.Connection, row: sqlite3.Row, known: frozenset[str]
) -> Iterator[tuple[str, str]]:
    for column, label in (
        ("ZORGANIZATION", "Organisation"),
        ("ZJOBTITLE", "Job title"),
        ("ZNICKNAME", "Nickname"),
    ):
        if column in known and row[column]:
            yield label, one_line(str(row[column]))
    for label, number in _values(connection, "ZABCDPHONENUMBER", "ZFULLNUMBER", row["Z_PK"]):
        yield _labelled("Phone", label), number
    for label, address in _values(connection, "ZABCDEMAILADDRESS", "ZADDRESS", row["Z_PK"]):
        yield _labelled("Email", label), address
    yield from _addresses(connection, row["Z_PK"])
    birthday = apple_moment(row["ZBIRTHDAY"]) if "ZBIRTHDAY" in known else None
    if birthday:
        # 1604 stands for an unknown year.
        yield "Birthday", f"{birthday:%Y-%m-%d}" if birthday.year != 1604 else f"{birthday:--%m-%d}"
    for _, note in _values(connection, "ZABCDNOTE", "ZTEXT", row["Z_PK"], owner="ZCONTACT"):
        yield "Note", note


def _values(
    connection: sqlite3.Connection, table: str, column: str, person: int, owner: str = "ZOWNER"
) -> list[tuple[str, str]]:
    known = columns(connection, table)
    if column not in known or owner not in known:
        return []
    rows = connection.execute(
        f"SELECT {pick(known, 'ZLABEL')} AS label, {column} AS value FROM {table} WHERE {owner} = ?",
        (person,),
    )
    return [
        (str(row["label"] or ""), one_line(str(row["value"]), 1000)) for row in rows if row["value"]
    ]


def _addresses(connection: sqlite3.Connection, person: int) -> Iterator[tuple[str, str]]:
    known = columns(connection, "ZABCDPOSTALADDRESS")
    if "ZOWNER" not in known:
        return
    for row in connection.execute("SELECT * FROM ZABCDPOSTALADDRESS WHERE ZOWNER = ?", (person,)):
        names = ("ZSTREET", "ZZIPCODE", "ZCITY", "ZSTATE", "ZCOUNTRYNAME")
        parts = [one_line(str(row[name])) for name in names if name in known and row[name]]
        if parts:
            yield (
                _labelled("Address", str(row["ZLABEL"] or "") if "ZLABEL" in known else ""),
                ", ".join(parts),
            )


def _labelled(name: str, label: str) -> str:
    match = _LABEL.fullmatch(label)
    shown = (match.group(1) if match else label).lower()
    return f"{name} ({shown})" if shown else name
