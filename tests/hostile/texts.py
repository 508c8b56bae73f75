"""Mails, pages, notes, chats and databases that are too long, too deep, or never end."""

from __future__ import annotations

import sqlite3

from tests.hostile.makers import MEBI, maker


@maker("deep.json")
def json_deep() -> bytes:
    """Lists ten million deep."""
    return b"[" * 10_000_000


@maker("deep.html")
def html_deep() -> bytes:
    """A hundred thousand nested divisions."""
    return b"<!doctype html>" + b"<div>" * 100_000 + b"words"


@maker("attributes.html")
def html_attributes() -> bytes:
    """Four hundred thousand attributes on one tag."""
    return b"<!doctype html><p " + b" ".join(b"a%d=1" % n for n in range(400_000)) + b">words"


@maker("comment.html")
def html_comment() -> bytes:
    """A comment opened a million times and never closed."""
    return b"<!doctype html>" + b"<!--" * 1_000_000


@maker("nest.eml")
def mail_nest() -> bytes:
    """Multiparts ten thousand deep."""
    return b"From: a@b\nSubject: x\n" + b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(10_000)
    )


@maker("messages.eml")
def mail_messages() -> bytes:
    """A message in a message, a thousand deep."""
    return b"From: a@b\nSubject: x\nContent-Type: message/rfc822\n\n" * 1000


@maker("parts.eml")
def mail_parts() -> bytes:
    """A hundred thousand parts."""
    return (
        b"From: a@b\nSubject: x\nContent-Type: multipart/mixed; boundary=b\n\n"
        + b"--b\n\nx\n" * 100_000
    )


@maker("semicolons.eml")
def mail_semicolons() -> bytes:
    """Sixty thousand parameters without names."""
    return b"From: a@b\nSubject: x\nContent-Type: text/plain" + b";" * 60_000 + b"\n\nwords"


@maker("addresses.eml")
def mail_addresses() -> bytes:
    """Two hundred thousand receivers."""
    return (
        b"From: a@b\nTo: "
        + b", ".join(b"p%d@example.org" % n for n in range(200_000))
        + b"\nSubject: x\n\nwords"
    )


@maker("words.eml")
def mail_words() -> bytes:
    """A subject of two hundred thousand encoded words."""
    return b"From: a@b\nSubject: " + b"=?utf-8?q?x?= " * 200_000 + b"\n\nwords"


@maker("quotes.eml")
def mail_quotes() -> bytes:
    """A body that looks like the beginning of an attribution on every line, for ever."""
    return (
        b"From: a@b\nSubject: x\n\n"
        + b"On Mon, 4 May 2026 at 10:20 and so on and so on\n" * 100_000
    )


@maker("line.txt")
def text_line() -> bytes:
    """Two hundred megabytes of one line."""
    return b"a " * (100 * MEBI)


@maker("line.mbox")
def mbox_line() -> bytes:
    """A mailbox of one message of 80 MB without a line end."""
    return b"From a@b Mon May  4 10:20:00 2026\nSubject: x\n\n" + b"a" * (80 * MEBI)


@maker("froms.mbox")
def mbox_froms() -> bytes:
    """Half a million envelope lines."""
    return b"From a@b Mon May  4 10:20:00 2026\n\n" * 500_000


@maker("fences.md")
def markdown_fences() -> bytes:
    """Forty thousand fences of code, none closed."""
    return b"".join(b"`" * (3 + n % 50) + b"\n" for n in range(40_000))


@maker("aliases.md")
def markdown_aliases() -> bytes:
    """A billion laughs in YAML."""
    lines = ["---", "a0: &a0 [x, x]"] + [
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)
    ]
    return "\n".join([*lines, "---", "# Note"]).encode()


@maker("rule.ics")
def calendar_rule() -> bytes:
    """An event every second for ever, and a rule that fits no day at all."""
    event = "BEGIN:VEVENT\nUID:{0}\nSUMMARY:{0}\nDTSTART:19000101T000000Z\nRRULE:{1}\nEND:VEVENT\n"
    rules = ("FREQ=SECONDLY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    return (
        "BEGIN:VCALENDAR\n"
        + "".join(event.format(n, rule) for n, rule in enumerate(rules))
        + "END:VCALENDAR\n"
    ).encode()


@maker("flood.vcf")
def contacts_flood() -> bytes:
    """A card with a folded line of three million pieces."""
    return b"BEGIN:VCARD\nFN:Ida\nNOTE:x" + b"\n y" * 3_000_000 + b"\nEND:VCARD\n"


@maker("groups.rtf")
def rtf_groups() -> bytes:
    """A million open groups."""
    return b"{\\rtf1" + b"{" * 1_000_000


@maker("chat.db")
def database_view() -> bytes:
    """A database whose table is a view that counts to a thousand million."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(
        """CREATE VIEW message AS WITH RECURSIVE n(text) AS (SELECT 1 UNION ALL SELECT text + 1 FROM n WHERE text < 1000000000)
               SELECT text, text AS ROWID, NULL AS attributedBody, 0 AS date, 0 AS is_from_me, 0 AS handle_id, 0 AS associated_message_type FROM n;
           CREATE TABLE chat (guid, display_name, chat_identifier); CREATE TABLE handle (id);
           CREATE TABLE chat_message_join (chat_id, message_id); CREATE TABLE chat_handle_join (chat_id, handle_id);
           INSERT INTO chat VALUES ('g', 'd', 'c'); INSERT INTO chat_message_join VALUES (1, -1);"""
    )
    return connection.serialize()


@maker("loop.slack.json")
def chat_keys() -> bytes:
    """A conversation whose messages are each other's parents."""
    return b'[{"title": "x", "current_node": "a", "mapping": {"a": {"parent": "b", "message": {"author": {"role": "user"}, "content": {"parts": ["hi"]}}}, "b": {"parent": "a", "message": null}}}]'


@maker("flood.enex")
def evernote_flood() -> bytes:
    """A note of two hundred thousand tasks, and one with a file of 120 MB."""
    tasks = b"<task><title>x</title></task>" * 200_000
    file = (
        b'<resource><data encoding="base64">'
        + b"QUJD" * (30 * MEBI)
        + b"</data><mime>text/plain</mime></resource>"
    )
    return b"<en-export><note>" + tasks + b"</note><note>" + file + b"</note></en-export>"


@maker("quoted.vcs")
def calendar_quoted() -> bytes:
    """A summary that goes on over a million soft line ends."""
    return (
        b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY;ENCODING=QUOTED-PRINTABLE:a" + b"=\nb" * 1_000_000
    )


@maker("whatsapp.txt")
def chat_lines() -> bytes:
    """Two hundred thousand lines that nearly begin a message, after one that is a word of 20 MB."""
    start = b"15/01/2020, 13:05 - Ida: "
    return (
        start + b"a." * (10 * MEBI) + b"\n" + b"15/01/2020, 13:05 15/01/2020, 13:05 <\n" * 200_000
    )
