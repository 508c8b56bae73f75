"""Small whole files of the formats that the public samples do not have, to be damaged by the fuzzer."""

from __future__ import annotations

import gzip
import io
import json
import plistlib
import sqlite3
import tarfile

from tests.extractors.compound import compound, native
from tests.extractors.test_embedded import ODF
from tests.extractors.test_files import packed, packed_as, paragraph, pdf, word
from tests.extractors.test_notes import BLOBS, TRIP, enex
from tests.extractors.test_people import CARD, EVENTS
from tests.extractors.test_speakers import EXPORTS


def _tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("a.md")
        member.size = 7
        archive.addfile(member, io.BytesIO(b"# Words"))
    return buffer.getvalue()


def _database(script: str) -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.executescript(script)
    return connection.serialize()


_CHAT = """CREATE TABLE message (text, attributedBody, date, is_from_me, handle_id, associated_message_type);
    CREATE TABLE handle (id); CREATE TABLE chat (guid, display_name, chat_identifier);
    CREATE TABLE chat_message_join (chat_id, message_id); CREATE TABLE chat_handle_join (chat_id, handle_id);
    INSERT INTO chat VALUES ('g', 'd', 'c'); INSERT INTO handle VALUES ('+4722334455');
    INSERT INTO message VALUES ('Hello', NULL, 799574400000000000, 0, 1, 0); INSERT INTO chat_message_join VALUES (1, 1);"""
_TASKS = """CREATE TABLE ZREMCDREMINDER (Z_PK, ZTITLE, ZNOTES, ZDUEDATE, ZCOMPLETED, ZMARKEDFORDELETION, ZLIST, ZCKIDENTIFIER);
    INSERT INTO ZREMCDREMINDER VALUES (1, 'Pay rent', 'Account 4', 799574400, 0, 0, 1, 'R-1');"""
_NOTES = """CREATE TABLE ZICCLOUDSYNCINGOBJECT (Z_PK INTEGER, ZIDENTIFIER, ZTITLE1, ZTITLE2, ZFOLDER, ZNOTEDATA, ZCREATIONDATE3,
      ZMODIFICATIONDATE1, ZISPASSWORDPROTECTED, ZMARKEDFORDELETION, ZFOLDERTYPE, ZTYPEUTI, ZMERGEABLEDATA1 BLOB);
    CREATE TABLE ZICNOTEDATA (Z_PK, ZNOTE, ZDATA BLOB);
    INSERT INTO ZICCLOUDSYNCINGOBJECT (Z_PK, ZTITLE2, ZFOLDERTYPE) VALUES (10, 'Garden', 0);
    INSERT INTO ZICCLOUDSYNCINGOBJECT (Z_PK, ZIDENTIFIER, ZTITLE1, ZFOLDER, ZNOTEDATA, ZCREATIONDATE3, ZISPASSWORDPROTECTED)
      VALUES (1, 'N-1', 'Indents in lists', 10, 1, 799574400, 0);"""
_CONTACTS = """CREATE TABLE ZABCDRECORD (Z_PK, ZUNIQUEID, ZFIRSTNAME, ZMIDDLENAME, ZLASTNAME, ZORGANIZATION, ZJOBTITLE,
      ZNICKNAME, ZBIRTHDAY); CREATE TABLE ZABCDPHONENUMBER (ZOWNER, ZLABEL, ZFULLNUMBER);
    CREATE TABLE ZABCDEMAILADDRESS (ZOWNER, ZLABEL, ZADDRESS);
    INSERT INTO ZABCDRECORD VALUES (1, 'A-1', 'Ida', NULL, 'Berg', 'Nordic Tools', NULL, NULL, -336787200.0);
    INSERT INTO ZABCDPHONENUMBER VALUES (1, '_$!<Mobile>!$_', '+47 22 33 44 55');"""
_CALENDAR = """CREATE TABLE CalendarItem (summary, description, start_date, end_date, all_day, calendar_id, location_id, UUID, hidden);
    CREATE TABLE Calendar (title); CREATE TABLE Location (title); INSERT INTO Calendar VALUES ('Home');
    INSERT INTO Location VALUES ('Oslo');
    INSERT INTO CalendarItem VALUES ('Dentist', 'Bring the card.', 799574400, 799578000, 0, 1, 1, 'U-1', 0);"""
_HISTORY = """CREATE TABLE urls (id INTEGER, url, title, hidden); CREATE TABLE visits (id INTEGER, url, visit_time);
    INSERT INTO urls VALUES (1, 'https://example.org/a', 'Ferry times', 0);
    INSERT INTO visits VALUES (1, 1, 13422355200000000);"""
_LINK = {"type": "url", "name": "Ferry", "url": "https://example.org"}
_CHROME = {"roots": {"bar": {"type": "folder", "name": "Bar", "children": [_LINK]}}}
_SAFARI = {"Title": "", "Children": [{"WebBookmarkType": "WebBookmarkTypeLeaf", "URLString": "https://example.org",
    "URIDictionary": {"title": "Ferry"}}]}  # fmt: skip
_PROJECT = [
    {
        "uuid": "p",
        "name": "Boat",
        "prompt_template": "Be brief",
        "docs": [{"filename": "a.md", "content": "Words"}],
    }
]
_PAGE = b"<html><body><h1>Page</h1><p>Words</p></body></html>"
_AGENT = {"type": "user", "sessionId": "s", "message": {"role": "user", "content": "Fix it"}}
_CLAUDE = [{"uuid": "u", "chat_messages": [{"sender": "human", "text": "Plan a trip"}]}]
_OPEN = f"<office:document-content {ODF}><office:body><text:p>Words</text:p></office:body></office:document-content>"


def _notes() -> bytes:
    connection = sqlite3.connect(":memory:")
    connection.executescript(_NOTES)
    blob = (BLOBS / "list_indents_gzipped.bin").read_bytes()
    connection.execute("INSERT INTO ZICNOTEDATA VALUES (1, 1, ?)", (blob,))
    return connection.serialize()


ORIGINALS: dict[str, bytes] = {
    "home.ics": EVENTS.encode(),
    "old.vcs": EVENTS.replace("SUMMARY:", "SUMMARY;ENCODING=QUOTED-PRINTABLE:=41").encode(),
    "all.vcf": CARD.encode() * 3,
    "export.enex": enex(TRIP.format("<b>x</b>"), TRIP.format("")).encode(),
    "files.docx": packed_as({
        "word/document.xml": f"<w:document xmlns:w='w'><w:body>{paragraph('Around')}</w:body></w:document>",
        "word/embeddings/oleObject1.bin": compound({"\x01Ole10Native": native("a.txt", b"Words")}),
    }),
    "plain.docx": word(paragraph("Words")),
    "letter.doc": compound({"WordDocument": b"\xdc\xa5" + b"\0" * 22 + b"\x40\0\0\0\x60\0\0\0" + b"x" * 200}),
    "letter.odt": packed(content_xml=_OPEN, styles_xml=_OPEN),
    "plan.pages": packed_as({"QuickLook/Preview.pdf": pdf("Words")}),
    "plan.numbers": packed_as({"index.xml": '<d xmlns:sfa="a"><p>Words</p><ct sfa:s="Rent"/></d>'}),
    "boat.fb2": b"<FictionBook><description><title-info><book-title>Boat</book-title></title-info></description><body><p>Words</p></body></FictionBook>",
    "page.pdf": pdf("Words"),
    "notes.tar": _tar(),
    "notes.zip": packed_as({"a.md": "# Words", "folder/b.txt": "More words"}),
    "notes.md.gz": gzip.compress(b"# Words"),
    "page.webarchive": plistlib.dumps({"WebMainResource": {"WebResourceData": _PAGE}}, fmt=plistlib.FMT_BINARY),
    "page.mhtml": b"From: x\nSubject: Page\nContent-Type: text/html\n\n" + _PAGE,
    "chat.db": _database(_CHAT),
    "Data-local.sqlite": _database(_TASKS),
    "NoteStore.sqlite": _notes(),
    "AddressBook-v22.abcddb": _database(_CONTACTS),
    "Calendar.sqlitedb": _database(_CALENDAR),
    "History": _database(_HISTORY),
    "Bookmarks": json.dumps(_CHROME).encode(),
    "Bookmarks.plist": plistlib.dumps(_SAFARI, fmt=plistlib.FMT_BINARY),
    "projects.json": json.dumps(_PROJECT).encode(),
    "slides.ppt": compound({"PowerPoint Document": b"\0\0\xa8\x0f\x05\0\0\0Words" * 20}),
    "note.md": b"---\ntitle: Boat\ntags: [sea]\n---\n# Boat\n\n- [ ] paint the [[hull]]\n",
    "page.html": _PAGE,
    "chat.txt": EXPORTS["WhatsApp"][1].encode(),
    "result.json": EXPORTS["Telegram"][1].encode(),
    "main.jsonl": EXPORTS["Signal"][1].encode(),
    "2026-05-04.json": EXPORTS["Slack"][1].encode(),
    "message_1.json": EXPORTS["Instagram"][1].encode(),
    "session.jsonl": json.dumps(_AGENT).encode() * 1,
    "conversations.json": json.dumps(_CLAUDE).encode(),
    "study.ipynb": b'{"cells": [{"cell_type": "markdown", "source": ["# Words"]}, {"cell_type": "code", "source": "1 + 1"}]}',
    "data.json": b'{"a": [1, {"b": "c"}], "d": "words"}',
    "table.csv": b"name;note\nIda;\"likes; semicolons\"\n",
    "talk.srt": b"1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i>\n",
    "paper.tex": b"\\title{Plan}\\begin{document}Words % not these\n\\end{document}",
    "code.py": b"def words():\n    return 1\n",
}  # fmt: skip
