"""Notes: Markdown and its dialects, Org, and other programs' notes."""

from __future__ import annotations

import base64
import gzip
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from extractors.document import Domain, Role
from extractors.formats import apple_notes, protobuf
from extractors.formats.markdown import split_front_matter
from extractors.sandbox import Pool
from tests.extractors.conftest import SAMPLES, Read, only

NOTE = """\
---
title: The garden
date: 2026-05-04
tags: [plants, home]
rating: yes
nested: {a: b}
---
# Another heading

Water the [[Tomatoes|tomato plants]] and [[Beans]] on #weekends.
![[picture.png]]
%% a comment %%

```python
code = 1  # not-a-tag
```
"""


def test_front_matter_becomes_facts_and_leaves_the_text(read: Read) -> None:
    note = only(read("garden.md", NOTE))
    assert note.domain is Domain.NOTES
    assert note.title == "The garden"
    assert note.date == datetime(2026, 5, 4)
    assert note.tags == ("plants", "home", "weekends")
    assert dict(note.properties) == {
        "Title": "The garden",
        "Date": "2026-05-04",
        "Rating": "yes",
        "Links": "Tomatoes, Beans",
    }
    assert note.text.startswith(
        "# Another heading\n\nWater the tomato plants and Beans on #weekends."
    )
    assert "comment" not in note.text


def test_code_is_set_apart(read: Read) -> None:
    note = only(read("garden.md", NOTE))
    (span,) = note.spans
    assert span.role is Role.CODE
    assert note.text[span.start : span.end].startswith("```python")


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            '+++\ntitle = "Hugo"\ndate = 2026-05-04\n+++\nBody',
            {"title": "Hugo", "date": "2026-05-04"},
        ),
        ("---\ntitle: [broken\n---\nBody", {}),
        ("---\nnot closed\nBody", {}),
        ("---\n- only\n- a list\n---\nBody", {}),
        ("----\nA line\n----\nBody", {}),
        ("---\ntitle: a\ntitle: b\n---\nBody", {"title": "b"}),
    ],
)
def test_front_matter_of_other_forms(text: str, fields: dict[str, str]) -> None:
    found, body = split_front_matter(text)
    assert found == fields
    assert body.endswith("Body")


def test_joplins_lines_below_a_note_are_metadata(read: Read) -> None:
    note = only(
        read(
            "a.md",
            "Shopping\n\nMilk and bread\n\nid: 123\ncreated_time: 2026-05-04T08:00:00.000Z\nauthor: Ida\ntype_: 1",
        )
    )
    assert note.title == "Shopping"
    assert note.text == "Milk and bread"
    assert note.author == "Ida"


def test_the_name_is_the_title_when_nothing_else_is_and_notions_identifier_goes(read: Read) -> None:
    assert (
        only(read("Meeting notes 152bb52ee2b580179846fd78b2b60ea9.md", "Just words.")).title
        == "Meeting notes"
    )


@pytest.mark.parametrize(
    ("content", "reason"), [(b"", "empty"), (b"  \n\n", "empty")], ids=["nothing", "blanks"]
)
def test_empty_notes_are_skipped(content: bytes, reason: str, read: Read) -> None:
    assert read("a.md", content).skipped == ((reason, 1),)


def test_binary_data_under_a_notes_name_is_refused(read: Read) -> None:
    failure = read("a.md", bytes(range(256)) * 20).failure
    assert failure is not None
    assert failure.reason == "its kind is unknown, or its content is not what its name says"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_encodings_are_found(encoding: str, read: Read) -> None:
    text = "Blåbærsyltetøy på brødskive, sagde Jørgen. Ægte kærlighed går gennem maven, og så spiste vi rødgrød med fløde."
    assert only(read("a.md", text.encode(encoding))).text == text


def test_org_outline_without_machinery(read: Read) -> None:
    text = "#+TITLE: Plans\n#+FILETAGS: :home:\n* TODO Paint :blue:\nDEADLINE: <2026-05-04 Mon 10:00>\n:PROPERTIES:\n:ID: 1\n:END:\nUse [[https://example.org][this paint]].\n#+BEGIN_SRC sh\nls\n#+END_SRC\n"
    note = only(read("plans.org", text))
    assert note.title == "Plans"
    assert note.tags == ("blue", "home")
    assert note.text == "* [ ] Paint\nDeadline: 2026-05-04 10:00\nUse this paint.\nls"
    assert note.text[note.spans[0].start : note.spans[0].end] == "ls"


def test_keep_leaves_the_trash_and_keeps_labels(read: Read) -> None:
    note = {"title": "List", "listContent": [{"text": "milk", "isChecked": True}], "labels": [{"name": "home"}], "isTrashed": False,
            "userEditedTimestampUsec": 1777881600000000}  # fmt: skip
    document = only(read("List.json", json.dumps(note)))
    assert document.text == "List\n\n- [x] milk"
    assert document.tags == ("home",)
    assert document.date == datetime(2026, 5, 4, 8, 0, tzinfo=UTC)
    assert read("List.json", json.dumps({**note, "isTrashed": True})).skipped == (
        ("note in the trash", 1),
    )


def test_evernote_reads_each_note_and_keeps_what_its_files_are_packed_in_out_of_the_text(
    read: Read,
) -> None:
    note = '<note><title>T{0}</title><content><![CDATA[<!DOCTYPE en-note SYSTEM \'x\'><en-note><div><en-todo checked="true"/>Buy&nbsp;milk</div></en-note>]]></content><created>20260504T08000{0}Z</created><tag>home</tag><resource><data encoding="base64">QUJD</data></resource></note>'
    notes = "".join(note.format(n) for n in range(3))
    extraction = read(
        "export.enex",
        f'<?xml version="1.0"?><!DOCTYPE en-export SYSTEM "http://xml.evernote.com/pub/evernote-export4.dtd"><en-export>{notes}</en-export>',
    )
    assert [d.title for d in extraction.documents] == ["T0", "T1", "T2"]
    assert extraction.documents[0].text == "T0\n\n[x] Buy milk"
    assert extraction.documents[0].tags == ("home",)
    assert "QUJD" not in extraction.documents[0].text


BLOBS = SAMPLES / "apple_notes"


def test_a_table_of_apple_notes_is_put_together() -> None:
    table = apple_notes.table_text(apple_notes.unpack((BLOBS / "table_gzipped.bin").read_bytes()))
    assert table == "Row 1 Column 1 | Row 1 Column 2\nRow 2 Column 1 | Row 2 Column 2"


def test_lists_of_apple_notes_keep_marks_and_depth() -> None:
    text = apple_notes.note_text(
        apple_notes.unpack((BLOBS / "list_indents_gzipped.bin").read_bytes()), {}
    )
    assert "- [ ] Checklist\n  - [ ] Indented checklist 1" in text
    assert "1. Numbered list" in text


def test_characters_outside_the_basic_plane_do_not_shift_the_runs() -> None:
    text = apple_notes.note_text(
        apple_notes.unpack((BLOBS / "wide_characters_gzipped.bin").read_bytes()), {}
    )
    assert text.endswith("6 character title\n8 character body")


def test_bytes_that_are_no_message_are_malformed() -> None:
    with pytest.raises(protobuf.Malformed):
        protobuf.read(b"\x0a\xff\x01abc")


def test_the_database_of_apple_notes(tmp_path: Path, pool: Pool) -> None:
    path = tmp_path / "NoteStore.sqlite"
    blob = (BLOBS / "list_indents_gzipped.bin").read_bytes()
    with sqlite3.connect(path) as db:
        db.executescript(
            """CREATE TABLE ZICCLOUDSYNCINGOBJECT (Z_PK INTEGER, ZIDENTIFIER TEXT, ZTITLE1 TEXT, ZTITLE2 TEXT, ZFOLDER INTEGER,
                 ZNOTEDATA INTEGER, ZCREATIONDATE3 REAL, ZMODIFICATIONDATE1 REAL, ZISPASSWORDPROTECTED INTEGER,
                 ZMARKEDFORDELETION INTEGER, ZFOLDERTYPE INTEGER, ZTYPEUTI TEXT, ZMERGEABLEDATA1 BLOB);
               CREATE TABLE ZICNOTEDATA (Z_PK INTEGER, ZNOTE INTEGER, ZDATA BLOB);
               INSERT INTO ZICCLOUDSYNCINGOBJECT (Z_PK, ZTITLE2, ZFOLDERTYPE) VALUES (10, 'Garden', 0), (11, 'Bin', 1);
               INSERT INTO ZICCLOUDSYNCINGOBJECT (Z_PK, ZIDENTIFIER, ZTITLE1, ZFOLDER, ZNOTEDATA, ZCREATIONDATE3, ZISPASSWORDPROTECTED)
                 VALUES (1, 'N-1', 'Indents in lists', 10, 1, 799574400, 0), (2, 'N-2', 'Secret', 10, 2, 0, 1),
                        (3, 'N-3', 'Gone', 11, 3, 0, 0), (4, 'N-4', 'Odd', 10, 4, 0, 0);"""
        )
        db.executemany(
            "INSERT INTO ZICNOTEDATA VALUES (?, ?, ?)", [(n, n, blob) for n in (1, 2, 3)]
        )
        db.execute("INSERT INTO ZICNOTEDATA VALUES (4, 4, ?)", (gzip.compress(b"\x0a\xff\x01"),))
    extraction = pool.extract(path)
    (note,) = extraction.documents
    assert note.origin.endswith("#N-1")
    assert note.tags == ("Garden",)
    assert f"{note.date:%Y-%m-%d}" == "2026-05-04"
    assert dict(extraction.skipped) == {"locked note": 1, "note in the trash": 1}
    (failure,) = extraction.part_failures
    assert failure.origin.endswith("#N-4")


def enex(*notes: str) -> str:
    return f'<?xml version="1.0"?><en-export>{"".join(f"<note>{note}</note>" for note in notes)}</en-export>'


TRIP = "<title>Trip</title><content><![CDATA[<en-note><div>See the list.</div>{}</en-note>]]></content><created>20260504T102000Z</created>"


def test_tasks_of_an_evernote_note_stand_below_its_text(read: Read) -> None:
    placeholder = '<div style="--en-task-group:true; --en-id:1">Content not supported</div>'
    tasks = (
        "<task><title>Book a room</title><taskStatus>completed</taskStatus></task>"
        "<task><title>Buy tickets</title><taskStatus>open</taskStatus><dueDate>20260528T215959Z</dueDate></task>"
    )
    note = only(read("a.enex", enex(TRIP.format(placeholder) + tasks)))
    assert note.text == (
        "Trip\n\nSee the list.\n\n- [x] Book a room\n- [ ] Buy tickets (due 2026-05-28)"
    )
    assert note.title == "Trip"


def test_encrypted_passages_of_evernote_are_counted_not_read(read: Read) -> None:
    extraction = read("a.enex", enex(TRIP.format('<en-crypt hint="x">RU5DMA==</en-crypt>')))
    assert "RU5D" not in only(extraction).text
    assert extraction.skipped == (("encrypted passage", 1),)


def test_files_of_an_evernote_note_are_documents_of_their_own(read: Read) -> None:
    table = base64.encodebytes(b"name,phone\nIda,22334455\n").decode()
    file = (
        f'<resource><data encoding="base64">{table}</data><mime>text/csv</mime>'
        "<resource-attributes><file-name>list.csv</file-name></resource-attributes></resource>"
    )
    note, attached = read("a.enex", enex(TRIP.format("") + file)).documents
    assert dict(note.properties)["Attachments"] == "list.csv"
    assert attached.text == "name | phone\nIda | 22334455"
    assert attached.parent == note.origin


def test_an_evernote_export_cut_in_half_gives_its_whole_notes_and_names_the_cut(read: Read) -> None:
    export = enex(TRIP.format(""), TRIP.format("").replace("Trip", "Second"))
    extraction = read("a.enex", export[: export.index("Second") + 40])
    assert [note.title for note in extraction.documents] == ["Trip"]
    assert [part.reason for part in extraction.part_failures] == ["its XML is damaged or cut off"]


def test_links_are_kept_though_the_text_shows_only_their_words(read: Read) -> None:
    note = only(
        read("a.md", "# Boat\n\nSee [[Engine|the engine]], [[Sails#Main]] and ![[photo.png]].")
    )
    assert dict(note.properties)["Links"] == "Engine, Sails"
    page = '<a href="https://example.org/boat">the boat</a> <a href="#top">up</a>'
    for name, content in {
        "a.org": "See [[https://example.org/boat][the boat]].",
        "a.enex": enex(TRIP.format(page)),
        "a.html": f"<html><body><nav><a href='https://example.org/menu'>menu</a></nav>{page}</body></html>",
    }.items():
        assert dict(only(read(name, content)).properties)["Links"] == "https://example.org/boat"
