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
from tests.extractors.test_notes import TRIP, enex
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
_PAGE = b"<html><body><h1>Page</h1><p>Words</p></body></html>"
_AGENT = {"type": "user", "sessionId": "s", "message": {"role": "user", "content": "Fix it"}}
_CLAUDE = [{"uuid": "u", "chat_messages": [{"sender": "human", "text": "Plan a trip"}]}]
_OPEN = f"<office:document-content {ODF}><office:body><text:p>Words</text:p></office:body></office:document-content>"

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
