"""Chats: messengers, assistants and agents; turns, silence, branches, dates of every locale."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from extractors.document import Document, Domain
from extractors.formats.imessage import attributed_text
from extractors.sandbox import Pool
from tests.extractors.conftest import Read, only


def said(document: Document) -> list[tuple[str, str]]:
    return [(turn.speaker, document.text[turn.start : turn.end]) for turn in document.turns]


def test_chatgpt_follows_the_branch_that_counts(read: Read) -> None:
    def node(
        name: str, parent: str | None, role: str, words: object, kind: str = "text"
    ) -> dict[str, object]:
        message = {
            "author": {"role": role},
            "content": {"content_type": kind, "parts": words},
            "create_time": 1777880400.5,
        }
        return {"id": name, "parent": parent, "children": [], "message": message if role else None}

    mapping = {
        "root": node("root", None, "", None),
        "q": node("q", "root", "user", ["How tall is the tower?"]),
        "old": node("old", "q", "assistant", ["Abandoned answer"]),
        "new": node(
            "new",
            "q",
            "assistant",
            ["It is 30 m.", {"content_type": "image"}, {"text": "Really."}],
            "multimodal_text",
        ),
        "thought": node("thought", "new", "assistant", ["hidden"], "thoughts"),
    }
    export = [
        {
            "title": None,
            "create_time": 1777880400.0,
            "conversation_id": "c-1",
            "mapping": mapping,
            "current_node": "thought",
        }
    ]
    chat = only(read("conversations-000.json", json.dumps(export)))
    assert said(chat) == [("User", "How tall is the tower?"), ("Assistant", "It is 30 m.\nReally.")]
    assert chat.origin.endswith("#c-1")
    assert chat.title == "How tall is the tower?"
    assert chat.domain is Domain.CHATS


def test_claude_reads_text_blocks_and_attachments(read: Read) -> None:
    export = [
        {"uuid": "u-1", "name": "Trip", "created_at": "2026-05-04T08:00:00Z", "chat_messages": [
            {"sender": "human", "text": "", "content": [{"type": "text", "text": "Plan a trip"}], "created_at": "2026-05-04T08:00:00Z",
             "attachments": [{"file_name": "notes.txt", "extracted_content": "Oslo first"}]},
            {"sender": "assistant", "text": "Start in Oslo.", "content": []},
        ]},
        {"uuid": "u-2", "name": "", "chat_messages": []},
    ]  # fmt: skip
    extraction = read("conversations.json", json.dumps(export))
    chat = only(extraction)
    assert said(chat) == [("User", "Plan a trip"), ("Assistant", "Start in Oslo.")]
    assert "[notes.txt]\nOslo first" in chat.text
    assert extraction.skipped == (("empty conversation", 1),)


def test_chatgpt_keeps_what_it_wrote_beside_the_conversation_and_drops_marks_of_sources(
    read: Read,
) -> None:
    def message(role: str, words: str, to: str = "all") -> dict[str, object]:
        content = {"content_type": "text", "parts": [words]}
        return {"author": {"role": role}, "recipient": to, "content": content}

    canvas = json.dumps({"name": "Packing list", "type": "document", "content": "- tent\n- stove"})
    messages = [
        message("user", "Write a list"),
        message("assistant", canvas, "canmore.create_textdoc"),
        message("assistant", '{"query": "tents"}', "web.search"),
        message("assistant", "Here it is \ue200cite\ue202turn0search1\ue201.【4†source】"),
    ]
    nodes = {
        str(n): {"message": m, "parent": str(n - 1), "children": []} for n, m in enumerate(messages)
    }
    export = [{"id": "c", "title": "List", "mapping": nodes, "current_node": "3"}]
    chat = only(read("conversations.json", json.dumps(export)))
    assert chat.text == (
        "User: Write a list\n\n[Packing list]\n- tent\n- stove\n\nAssistant: Here it is ."
    )


def test_claude_follows_the_branch_that_was_seen_last_and_keeps_artifacts(read: Read) -> None:
    def message(uuid: str, parent: str, sender: str, words: str) -> dict[str, object]:
        return {"uuid": uuid, "parent_message_uuid": parent, "sender": sender, "text": words}

    made = {
        "type": "tool_use",
        "name": "artifacts",
        "input": {"title": "Plan", "content": "Go by boat"},
    }
    messages = [
        message("1", "0", "human", "Plan it"),
        message("2", "1", "assistant", "First try"),
        {**message("3", "1", "assistant", "Second try"), "content": [made]},
    ]
    export = [
        {"uuid": "c", "name": "Trip", "chat_messages": messages, "current_leaf_message_uuid": "3"}
    ]
    chat = only(read("conversations.json", json.dumps(export)))
    assert chat.text == "User: Plan it\n\nAssistant: Second try\n\n[Plan]\nGo by boat"


def test_files_of_a_claude_project_are_documents_of_their_own(read: Read) -> None:
    projects = [{"uuid": "p", "name": "Boat", "description": "All about her", "prompt_template": "Be brief.",
                 "docs": [{"filename": "parts.csv", "content": "part,price\nmast,900\n"}]}]  # fmt: skip
    project, file = read("projects.json", json.dumps(projects)).documents
    assert project.text == "Boat\n\nAll about her\n\nBe brief."
    assert (file.text, file.parent) == ("part | price\nmast | 900", project.origin)


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("rollout.jsonl", [
            {"type": "session_meta", "payload": {"id": "s"}},
            {"type": "response_item", "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "# AGENTS.md instructions for /x\n\nlong"}]}},
            {"type": "response_item", "payload": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fix it"}]}},
            {"type": "event_msg", "payload": {"type": "user_message", "message": "Fix it"}},
            {"type": "response_item", "payload": {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "rules"}]}},
            {"type": "response_item", "payload": {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Done."}]}},
        ]),
        ("copilot.jsonl", [
            {"type": "user.message", "data": {"content": "Fix it"}},
            {"type": "tool.execution_complete", "data": {"content": "noise"}},
            {"type": "assistant.message", "data": {"content": "Done."}},
        ]),
        ("claude.jsonl", [
            {"type": "custom-title", "customTitle": "Repair", "sessionId": "s"},
            {"type": "user", "isCompactSummary": True, "message": {"role": "user", "content": "This session is continued"}},
            {"type": "user", "message": {"role": "user", "content": "<bash-input>ls</bash-input>Fix it"}},
            {"type": "assistant", "message": {"role": "assistant", "content": [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "Done."}]}},
        ]),
        ("plain.jsonl", [{"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "Fix it"}, {"role": "assistant", "content": "Done."}]}]),
    ],
)  # fmt: skip
def test_sessions_of_each_agent_give_the_same_words(
    name: str, lines: list[dict[str, object]], read: Read
) -> None:
    chat = only(read(name, "\n".join(map(json.dumps, lines))))
    assert said(chat) == [("User", "Fix it"), ("Assistant", "Done.")]


def test_a_session_of_gemini_is_one_table(read: Read) -> None:
    session = {"sessionId": "s", "messages": [{"type": "user", "content": [{"text": "Fix it"}]}, {"type": "info", "content": "x"}, {"type": "gemini", "content": "Done."}]}  # fmt: skip
    chat = only(read("session-1.json", json.dumps(session)))
    assert said(chat) == [("User", "Fix it"), ("Assistant", "Done.")]


def test_sessions_of_agents_keep_words_and_drop_machinery(read: Read) -> None:
    lines = [
        {"type": "summary", "summary": "Fix the tests"},
        {"type": "user", "sessionId": "s", "timestamp": "2026-05-04T08:00:00Z", "message": {"role": "user", "content": "Fix it<system-reminder>x</system-reminder>"}},
        {"type": "assistant", "message": {"role": "assistant", "content": [{"type": "text", "text": "Done."}, {"type": "tool_use", "input": {}}]}},
        {"type": "user", "message": {"role": "user", "content": [{"type": "tool_result", "content": "noise"}]}},
        {"type": "response_item", "payload": {"role": "assistant", "content": [{"type": "output_text", "text": "Also done."}]}},
    ]  # fmt: skip
    chat = only(read("session.jsonl", "\n".join(map(json.dumps, lines)) + "\nbroken {"))
    assert chat.title == "Fix the tests"
    assert said(chat) == [("User", "Fix it"), ("Assistant", "Done."), ("Assistant", "Also done.")]


# One line of each locale's form, and the time in it, of which a line a minute later is made.
LOCALES = {
    "en-US": ("1/15/20, 1:05 PM - ", "1:05"),
    "en-US since 2023": ("1/15/20, 1:05\u202fPM - ", "1:05"),
    "en-GB": ("15/01/2020, 13:05 - ", "13:05"),
    "en-CA": ("2020-01-15, 1:05 p.m. - ", "1:05"),
    "en-ZA": ("2020/01/15, 13:05 - ", "13:05"),
    "en-IN iPhone": ("\u200e[15/01/20, 1:05:00\u202fPM] ", "1:05"),
    "de": ("15.01.20, 13:05 - ", "13:05"),
    "de iPhone": ("[15.01.20, 13:05:00] ", "13:05"),
    "fr": ("15/01/2020 à 13:05 - ", "13:05"),
    "fr-CA": ("2020-01-15 13 h 05 - ", "13 h 05"),
    "fr-CA iPhone": ("[2020-01-15 13 h 05 min 00 s] ", "13 h 05"),
    "es": ("15/1/20 13:05 - ", "13:05"),
    "es-MX": ("15/1/20, 1:05 p.\u00a0m. - ", "1:05"),
    "pt-BR": ("15/01/2020 13:05 - ", "13:05"),
    "pt-PT": ("15/01/20, 13h05 - ", "13h05"),
    "it": ("15/01/20, 13:05 - ", "13:05"),
    "nl": ("15-01-2020 13:05 - ", "13:05"),
    "sv": ("2020-01-15 13:05 - ", "13:05"),
    "no": ("15.01.2020, 13:05 - ", "13:05"),
    "da": ("15.01.2020 13.05 - ", "13.05"),
    "fi": ("15.1.2020 klo 13.05 - ", "13.05"),
    "fi iPhone": ("[15.1.2020 klo 13.05.00] ", "13.05"),
    "pl": ("15.01.2020, 13:05 - ", "13:05"),
    "cs": ("15. 1. 2020 13:05 - ", "13:05"),
    "hr": ("15.01.2020. 13:05 - ", "13:05"),
    "hu": ("2020. 01. 15. 13:05 - ", "13:05"),
    "hu of twelve hours": ("2020. 01. 15. du. 1:05 - ", "1:05"),
    "bg": ("15.01.2020 г., 13:05 ч. - ", "13:05"),
    "ru": ("15.01.2020, 13:05 - ", "13:05"),
    "el": ("15/1/20, 1:05 μ.μ. - ", "1:05"),
    "sq": ("15.1.20, 1:05 e pasdites - ", "1:05"),
    "tr": ("15.01.2020 13:05 - ", "13:05"),
    "ar": ("١٥\u200f/١\u200f/٢٠٢٠، ١:٠٥ م - ", "١:٠٥"),
    "fa": ("۱۳۹۸/۱۰/۲۵،\u200f ۱۳:۰۵ - ", "۱۳:۰۵"),
    "he": ("15.1.2020, 13:05 - ", "13:05"),
    "hi": ("15/01/20, 1:05 pm - ", "1:05"),
    "bn": ("১৫/১/২০, ১:০৫ PM - ", "১:০৫"),
    "th": ("15/1/2563 13:05 - ", "13:05"),
    "vi": ("13:05, 15/01/2020 - ", "13:05"),
    "vi of twelve hours": ("15/1/20, 1:05 CH - ", "1:05"),
    "id": ("15/01/20 13.05 - ", "13.05"),
    "ms": ("15/01/2020, 1:05 PTG - ", "1:05"),
    "zh-CN": ("2020/1/15 下午1:05 - ", "1:05"),
    "zh-CN iPhone": ("[2020/1/15 下午1:05:00] ", "1:05"),
    "zh in words": ("2020年1月15日 下午1:05 - ", "1:05"),
    "ja": ("2020/01/15 13:05 - ", "13:05"),
    "ko": ("2020년 1월 15일 오후 1:05, ", "1:05"),
    "iPhone of 2018": ("13.06.18 21.25.15: ", "21.25"),
}


@pytest.mark.parametrize("locale", LOCALES)
def test_whatsapp_in_the_date_form_of_many_locales(locale: str, read: Read) -> None:
    first, time = LOCALES[locale]
    before, _, after = first.rpartition(time)
    second = f"{before}{time[:-1]}{chr(ord(time[-1]) + 1)}{after}"
    wanted = "2018-06-13T21:25:15" if locale == "iPhone of 2018" else "2020-01-15T13:05:00"
    extraction = read("WhatsApp Chat with Ida.txt", f"{first}Ida: Hello\n{second}Ola: Hi\n")
    assert extraction.format == "whatsapp"
    turns = [turn for document in extraction.documents for turn in document.turns]
    assert [turn.speaker for turn in turns] == ["Ida", "Ola"]
    assert turns[0].at is not None
    assert turns[1].at is not None
    assert turns[0].at.isoformat() == wanted
    assert (turns[1].at - turns[0].at).total_seconds() == 60


def test_two_digit_years_in_front_are_told_by_the_course_of_time(read: Read) -> None:
    export = "\n".join(f"20-01-{day:02}, 10:00 - Ida: {day}" for day in range(9, 22))
    documents = read("chat.txt", export).documents
    assert [f"{d.date:%Y-%m-%d}" for d in documents if d.date][:2] == ["2020-01-09", "2020-01-10"]


def test_a_line_that_only_begins_with_a_date_goes_on(read: Read) -> None:
    export = "23/06/2018, 01:55 p.m. - Ida: The log says\n2016-04-29 10:30:00\n[29/04/16, 10:30:00] all well"
    document = only(read("chat.txt", export))
    assert said(document) == [
        ("Ida", "The log says\n2016-04-29 10:30:00\n[29/04/16, 10:30:00] all well")
    ]


@pytest.mark.parametrize(
    "line",
    [
        "15/01/2020, 13:05 - Messages and calls are end-to-end encrypted.",
        "15/01/2020, 13:05 - Ida: <Medien ausgeschlossen>",
        "15/01/2020, 13:05 - Ida: <تم استبعاد الوسائط>",
        "15/01/2020, 13:05 - Ida: Denne meldingen ble slettet",
        "15/01/2020, 13:05 - Ida: このメッセージは削除されました。",
        "15/01/2020, 13:05 - Ida: IMG-20200115-WA0001.jpg (file attached)",
        "15/01/2020, 13:05 - Ida: null",
    ],
)
def test_whatsapps_own_lines_of_android_are_passed_over(line: str, read: Read) -> None:
    extraction = read("chat.txt", f"{line}\n15/01/2020, 13:06 - Ola: Hi")
    assert said(only(extraction)) == [("Ola", "Hi")]
    assert extraction.skipped == (("message without words", 1),)


@pytest.mark.parametrize(
    "words", ["\u200eimagen omitida", "\u200eLlamada perdida", "\u200e<anexado: 0001-PHOTO.jpg>"]
)
def test_whatsapps_own_lines_of_iphones_are_known_in_any_language(words: str, read: Read) -> None:
    export = f"\u200e[15/1/20, 13:05:10] Ida: {words}\n[15/1/20, 13:06:10] Ola: Hola \u200e<Se editó este mensaje>"
    assert said(only(read("_chat.txt", export))) == [("Ola", "Hola")]


def test_the_caption_of_a_file_is_kept(read: Read) -> None:
    export = "15/01/2020, 13:05 - Ida: IMG-20200115-WA0001.jpg (archivo adjunto)\nThe new kitchen"
    assert said(only(read("chat.txt", export))) == [("Ida", "The new kitchen")]


def test_an_ambiguous_whatsapp_date_is_read_so_that_time_goes_forwards(read: Read) -> None:
    extraction = read(
        "chat.txt",
        "03/04/2020, 10:00 - Ida: a\n04/05/2020, 10:00 - Ida: b\n01/06/2020, 10:00 - Ida: c",
    )
    assert [f"{d.date:%Y-%m-%d}" for d in extraction.documents if d.date] == [
        "2020-04-03",
        "2020-05-04",
        "2020-06-01",
    ]


def test_silence_parts_conversations_and_lines_go_on(read: Read) -> None:
    export = "04/05/2026, 10:00 - Ida: First\nsecond line\n04/05/2026, 11:00 - Ola: <Media omitted>\n04/05/2026, 20:00 - Ola: Evening"
    extraction = read("chat.txt", export)
    assert [said(d) for d in extraction.documents] == [
        [("Ida", "First\nsecond line")],
        [("Ola", "Evening")],
    ]
    assert dict(extraction.skipped) == {"message without words": 1}


def test_telegram_joins_the_pieces_of_a_text(read: Read) -> None:
    chat = {"name": "Ida", "type": "personal_chat", "id": 7, "messages": [
        {"id": 1, "type": "message", "date": "2026-05-04T10:00:00", "date_unixtime": "1777881600", "from": "Ida",
         "text": ["See ", {"type": "link", "text": "https://example.org"}, "!"]},
        {"id": 2, "type": "service", "date_unixtime": "1777881601", "action": "pin"},
    ]}  # fmt: skip
    document = only(read("result.json", json.dumps(chat)))
    assert said(document) == [("Ida", "See https://example.org!")]
    account = {"chats": {"list": [chat]}}
    assert only(read("result.json", json.dumps(account))).origin.rpartition("#")[2].startswith("7/")


def test_messenger_is_put_in_order_and_its_letters_are_mended(read: Read) -> None:
    export = {"participants": [{"name": "Ida"}, {"name": "J\u00c3\u00b8rgen"}], "title": "Ida", "messages": [
        {"sender_name": "J\u00c3\u00b8rgen", "timestamp_ms": 1777881660000, "content": "Gr\u00c3\u00bcn"},
        {"sender_name": "Ida", "timestamp_ms": 1777881600000, "content": "Colour?"},
    ]}  # fmt: skip
    assert said(only(read("message_1.json", json.dumps(export)))) == [
        ("Ida", "Colour?"),
        ("Jørgen", "Grün"),
    ]


def test_slack_names_people_and_channel(read: Read, tmp_path: Path) -> None:
    (tmp_path / "users.json").write_text(
        json.dumps([{"id": "U1", "profile": {"real_name": "Ida Berg"}}])
    )
    day = [
        {"type": "message", "user": "U1", "text": "See <https://example.org|the page> &amp; ask <@U1>", "ts": "1777881600.000100"},
        {"type": "message", "subtype": "channel_join", "user": "U1", "text": "joined", "ts": "1777881601.000100"},
    ]  # fmt: skip
    document = only(read("general/2026-05-04.json", json.dumps(day)))
    assert said(document) == [("Ida Berg", "See the page (https://example.org) & ask @Ida Berg")]
    assert document.title.startswith("#general")


def typedstream(words: bytes, length: bytes | None = None) -> bytes:
    size = bytes([len(words)]) if length is None else length
    return (
        b"\x04\x0bstreamtyped\x81\xe8\x03\x84\x01@\x84\x84\x84\x08NSString\x01\x94\x84\x01\x2b"
        + size
        + words
        + b"\x86\x84\x02iI"
    )


def test_attributed_bodies_of_all_lengths() -> None:
    assert attributed_text(typedstream(b"Hello")) == "Hello"
    long = "ø".encode() * 200
    assert attributed_text(typedstream(long, b"\x81\x90\x01")) == "ø" * 200
    assert attributed_text(typedstream(b"", b"\x00")) == ""
    assert attributed_text(typedstream(b"Short", b"\x9d")) == "Short"
    assert attributed_text(b"nothing here") == ""


def test_messages_of_macos(tmp_path: Path, pool: Pool) -> None:
    path = tmp_path / "chat.db"
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode = WAL")
    db.executescript(
        """CREATE TABLE message (ROWID INTEGER PRIMARY KEY, text TEXT, attributedBody BLOB, date INTEGER, is_from_me INTEGER,
                                 handle_id INTEGER, associated_message_type INTEGER);
           CREATE TABLE handle (ROWID INTEGER PRIMARY KEY, id TEXT);
           CREATE TABLE chat (ROWID INTEGER PRIMARY KEY, guid TEXT, display_name TEXT, chat_identifier TEXT);
           CREATE TABLE chat_message_join (chat_id INTEGER, message_id INTEGER);
           CREATE TABLE chat_handle_join (chat_id INTEGER, handle_id INTEGER);
           INSERT INTO handle VALUES (1, '+4722334455'); INSERT INTO chat VALUES (1, 'iMessage;-;+47', '', '+4722334455');
           INSERT INTO chat_handle_join VALUES (1, 1);"""
    )
    rows = [
        (1, "Hello", None, 799574400000000000, 0, 1, 0),
        (2, None, typedstream(b"Hi there"), 799574460000000000, 1, 0, 0),
        (3, "Liked “Hello”", None, 799574461000000000, 0, 1, 2001),
    ]
    db.executemany("INSERT INTO message VALUES (?,?,?,?,?,?,?)", rows)
    db.executemany("INSERT INTO chat_message_join VALUES (1, ?)", [(1,), (2,), (3,)])
    db.commit()
    before = sorted(entry.name for entry in tmp_path.iterdir())
    extraction = pool.extract(path)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == before
    db.close()
    document = only(extraction)
    assert said(document) == [("+4722334455", "Hello"), ("Me", "Hi there")]
    assert f"{document.date:%Y-%m-%d %H:%M}" == "2026-05-04 08:00"
    assert extraction.skipped == (("reaction or message without words", 1),)
