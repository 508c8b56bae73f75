"""Mail: one message, mailboxes, Apple Mail; what is kept, what is set apart, what is left out."""

from __future__ import annotations

import base64
import io
import mailbox
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.document import Document, Domain, Role
from extractors.formats import mbox, mime
from extractors.formats.mail import bare_subject
from extractors.sandbox import Pool
from tests.extractors.conftest import Read, only

PLAIN = """\
Return-Path: <anna@example.org>
From: =?utf-8?q?Anna_Bj=C3=B8rk?= <anna@example.org>
To: Ola Nordmann <ola@example.no>, "Berg, Ida" <ida@example.no>
Cc: kari@example.no
Subject: =?iso-8859-1?Q?M=F8te?= on =?utf-8?B?VGh1cnNkYXk=?=
Date: Mon, 4 May 2026 10:20:00 +0200
Message-ID: <one@example.org>
In-Reply-To: <zero@example.org>
References: <root@example.org> <zero@example.org>
Content-Type: text/plain; charset=utf-8

The meeting is at nine in room 4.

Best,
Anna

On Sun, 3 May 2026 at 18:00, Ola Nordmann <ola@example.no> wrote:
> When is the meeting?
"""


def test_a_mail_keeps_its_headers_as_facts_and_at_the_top_of_its_text(read: Read) -> None:
    mail = only(read("mail.eml", PLAIN))
    assert mail.domain is Domain.MAIL
    assert mail.title == "Møte on Thursday"
    assert mail.author == "Anna Bjørk <anna@example.org>"
    assert mail.recipients == (
        "Ola Nordmann <ola@example.no>",
        "Berg, Ida <ida@example.no>",
        "kari@example.no",
    )
    assert mail.date is not None
    assert mail.date.astimezone(UTC) == datetime(2026, 5, 4, 8, 20, tzinfo=UTC)
    assert mail.thread == "root@example.org"
    assert dict(mail.properties)["Subject"] == "Møte on Thursday"
    assert mail.text.startswith("From: Anna Bjørk <anna@example.org>\nTo: Ola Nordmann")


def test_history_and_signature_are_spans_of_the_text(read: Read) -> None:
    mail = only(read("mail.eml", PLAIN))
    told = {span.role: mail.text[span.start : span.end] for span in mail.spans}
    assert told[Role.SIGNATURE].startswith("Best,\nAnna")
    assert "When is the meeting?" in told[Role.QUOTED]
    assert "room 4" not in "".join(told.values())


def message(**headers: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = "Anna <anna@example.org>"
    made["To"] = "Ola <ola@example.no>"
    made["Subject"] = "A subject"
    made["Date"] = "Mon, 4 May 2026 10:20:00 +0200"
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    return made


def test_html_alone_becomes_readable_text_with_its_quotes(read: Read) -> None:
    made = message()
    made.set_content(
        "<p>See the <a href='https://example.org'>plan</a>.</p><ul><li>one<li>two</ul><script>evil()</script>"
        "<blockquote type='cite'>Old words</blockquote>",
        subtype="html",
    )
    mail = only(read("mail.eml", made.as_bytes()))
    assert "See the plan." in mail.text
    assert "- one\n- two" in mail.text
    assert "evil" not in mail.text
    assert [mail.text[s.start : s.end] for s in mail.spans if s.role is Role.QUOTED] == [
        "> Old words"
    ]


def test_attachments_are_documents_of_their_own(read: Read) -> None:
    made = message()
    made.set_content("See the list.")
    made.add_attachment(
        b"name,phone\nIda,22334455\n", maintype="text", subtype="csv", filename="list.csv"
    )
    inner = message(Message_ID="<inner@example.org>")
    inner.set_content("The forwarded words.")
    made.add_attachment(inner)
    extraction = read("mail.eml", made.as_bytes())
    mail, table, forwarded = extraction.documents
    assert table.text == "name | phone\nIda | 22334455"
    assert table.parent == forwarded.parent == mail.origin
    assert table.origin == f"{mail.origin}#list.csv"
    assert "The forwarded words." in forwarded.text
    assert dict(mail.properties)["Attachments"].startswith("list.csv")


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [("utf-8", "utf-8"), ("us-ascii", "utf-8"), ("x-unknown", "utf-8"), ("iso-8859-1", "cp1252")],
)
def test_bytes_that_were_sent_undisguised_are_decoded(
    declared: str, encoding: str, read: Read
) -> None:
    head = f"From: a@b.c\nSubject: x\nContent-Type: text/plain; charset={declared}\nContent-Transfer-Encoding: 8bit\n\n"
    mail = only(read("mail.eml", head.encode() + "Blåbær på brød – “ja”".encode(encoding)))
    assert mail.text.endswith("Blåbær på brød – “ja”")


def test_plain_text_that_claims_to_be_base64_is_read_as_it_is(read: Read) -> None:
    head = (
        "From: a@b.c\nSubject: x\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
    )
    assert only(read("mail.eml", head + "These are plain words after all.")).text.endswith(
        "words after all."
    )


def test_soft_breaks_of_flowed_text_are_joined() -> None:
    assert mime.unflow("one \ntwo\nthree\n-- \nsig") == "one two\nthree\n-- \nsig"
    assert mime.unflow("> quoted \n> on\nown") == "> quoted on\nown"


@pytest.mark.parametrize(
    ("subject", "bare"),
    [("Re: AW: Hi", "Hi"), ("Fwd: Re[2]: Hi", "Hi"), ("Regarding", "Regarding")],
)
def test_marks_of_replies_are_stripped(subject: str, bare: str) -> None:
    assert bare_subject(subject) == bare


def box(*parts: str) -> str:
    return "".join(f"From anna@example.org Mon May  4 10:20:00 2026\n{part}\n\n" for part in parts)


def numbered(number: int, body: str, extra: str = "") -> str:
    return f"From: anna@example.org\nSubject: Number {number}\nMessage-ID: <{number}@example.org>\n{extra}\n{body}"


def test_a_mailbox_gives_one_document_for_each_message_under_its_own_identifier(read: Read) -> None:
    extraction = read("all.mbox", box(numbered(1, "First"), numbered(2, "Second")))
    assert [d.title for d in extraction.documents] == ["Number 1", "Number 2"]
    assert [d.origin.rpartition("#")[2] for d in extraction.documents] == [
        "<1@example.org>",
        "<2@example.org>",
    ]


def test_lines_that_begin_with_from_stay_in_their_message(read: Read) -> None:
    body = "One\nFrom here on it gets better\n\nFrom there too\n>From quoted"
    extraction = read("all.mbox", box(numbered(1, body), numbered(2, "Second")))
    assert len(extraction.documents) == 2
    assert "From there too" in extraction.documents[0].text
    assert "\nFrom quoted" in extraction.documents[0].text


def test_origins_stay_when_the_mailbox_grows_and_when_identifiers_lack_or_repeat(
    read: Read,
) -> None:
    parts = [
        numbered(1, "First"),
        "Subject: bare\n\nNo identifier",
        numbered(1, "Same identifier, other words"),
    ]
    before = [d.origin for d in read("all.mbox", box(*parts)).documents]
    after = [
        d.origin for d in read("all.mbox", box(numbered(9, "New, in front"), *parts)).documents
    ]
    assert len(set(before)) == 3
    assert after[1:] == before


def test_spam_and_bulk_mail_are_left_out_and_counted(read: Read, pool: Pool) -> None:
    extraction = read(
        "all.mbox",
        box(
            numbered(1, "Kept"),
            numbered(2, "Buy", "List-Unsubscribe: <mailto:off@example.org>\n"),
            numbered(3, "Spam", "X-Spam-Flag: YES\n"),
            numbered(4, "Old", "X-Gmail-Labels: Trash,Important\n"),
            numbered(
                5, "On a list", "List-Unsubscribe: <x>\nList-Post: <mailto:list@example.org>\n"
            ),
        ),
    )
    assert [d.title for d in extraction.documents] == ["Number 1", "Number 5"]
    assert dict(extraction.skipped) == {"bulk mail": 1, "spam or deleted mail": 2}


def test_a_newsletter_that_was_saved_by_itself_is_read_but_set_apart(read: Read) -> None:
    mail = only(
        read("news.eml", numbered(2, "Buy now", "List-Unsubscribe: <mailto:off@example.org>\n"))
    )
    assert [mail.text[s.start : s.end] for s in mail.spans if s.role is Role.BOILERPLATE] == [
        "Buy now"
    ]


def test_labels_of_takeout_become_tags(read: Read) -> None:
    (mail,) = read("all.mbox", box(numbered(1, "Hi", 'X-Gmail-Labels: Inbox,"Travel"\n'))).documents
    assert mail.tags == ("Inbox", "Travel")


def test_a_mailbox_cut_in_half_gives_what_is_there(read: Read) -> None:
    whole = box(*(numbered(n, f"Words {n}") for n in range(10)))
    extraction = read("all.mbox", whole[: len(whole) // 2])
    assert extraction.failure is None
    assert len(extraction.documents) in (5, 6)


def test_a_broken_message_is_a_failure_of_its_own(read: Read) -> None:
    deep = "".join(f'Content-Type: multipart/mixed; boundary="{n}"\n\n--{n}\n' for n in range(2000))
    extraction = read(
        "all.mbox", box(numbered(1, "First"), f"Message-ID: <deep@x>\n{deep}", numbered(3, "Third"))
    )
    assert [d.title for d in extraction.documents] == ["Number 1", "Number 3"]
    (failure,) = extraction.part_failures
    assert failure.origin.endswith("#<deep@x>")


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="ascii", exclude_characters="\r\0"), max_size=400),
        min_size=1,
        max_size=8,
    ),
    st.integers(1, 97),
)
def test_splitting_agrees_with_what_was_put_in_wherever_chunks_end(
    bodies: list[str], chunk: int
) -> None:
    folder = io.BytesIO()
    for number, body in enumerate(bodies):
        quoted = "\n".join(
            f">{line}" if line.lstrip(">").startswith("From ") else line
            for line in body.split("\n")
        )
        folder.write(
            f"From x@y Mon May  4 10:20:00 2026\nSubject: {number}\n\n{quoted}\n\n".encode()
        )
    folder.seek(0)
    original, mbox.CHUNK = mbox.CHUNK, chunk
    try:
        found = list(mbox.split(folder))
    finally:
        mbox.CHUNK = original
    assert len(found) == len(bodies)
    for raw, body in zip(found, bodies, strict=True):
        assert raw.decode().partition("\n\n")[2].strip("\n") == body.strip("\n")


def test_the_standard_library_reads_the_same_messages(tmp_path: Path, pool: Pool) -> None:
    path = tmp_path / "all.mbox"
    written = mailbox.mbox(path)
    for number in range(50):
        made = message(Message_ID=f"<{number}@example.org>")
        made.set_content(f"Words {number}\nFrom the start\n")
        written.add(made)
    written.close()
    streamed = [item for item in pool.stream(path) if isinstance(item, Document)]
    assert [
        f"Words {number}" in d.text and "From the start" in d.text
        for number, d in enumerate(streamed)
    ] == [True] * 50


def test_maildir_and_apple_mail_are_read_with_their_folders_minded(read: Read) -> None:
    raw = PLAIN.encode()
    assert only(read("Mail/cur/1234.host:2,S", raw)).title == "Møte on Thursday"
    plist = b'<?xml version="1.0"?><!DOCTYPE plist><plist version="1.0"><dict><key>flags</key><integer>1</integer></dict></plist>'
    emlx = str(len(raw)).encode() + b"\n" + raw + plist
    assert only(read("INBOX.mbox/X/Messages/1.emlx", emlx)).title == "Møte on Thursday"
    assert read("Junk.mbox/X/Messages/2.emlx", emlx).skipped == (("spam or deleted mail", 1),)


def test_attachments_beside_a_partial_message_are_found(read: Read, tmp_path: Path) -> None:
    raw = PLAIN.encode()
    beside = tmp_path / "INBOX.mbox/X/Attachments/7/2/plan.txt"
    beside.parent.mkdir(parents=True)
    beside.write_text("The plan is attached.")
    partial = b"999999\n" + raw + b'<?xml version="1.0"?><plist version="1.0"><dict/></plist>'
    mail, attachment = read("INBOX.mbox/X/Messages/7.partial.emlx", partial).documents
    assert attachment.text == "The plan is attached."
    assert attachment.parent == mail.origin
    assert "plist" not in mail.text


def test_a_forwarded_mail_that_was_put_into_base64_is_read(read: Read) -> None:
    inner = message(Message_ID="<inner@example.org>")
    inner.set_content("The forwarded words.")
    packed = base64.encodebytes(inner.as_bytes()).decode()
    mail = (
        'From: a@b.no\nSubject: see below\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n\nSee.\n'
        f"--x\nContent-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{packed}\n--x--\n"
    )
    _, forwarded = read("mail.eml", mail).documents
    assert forwarded.title == "A subject"
    assert "The forwarded words." in forwarded.text


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_mail_saved_as_utf_16_is_read_like_any_other(encoding: str, read: Read) -> None:
    mail = only(read("mail.eml", PLAIN.encode(encoding)))
    assert mail.title == "Møte on Thursday"
    assert "room 4" in mail.text


def test_a_part_that_was_saved_without_its_mail_is_recognised_by_its_headers(read: Read) -> None:
    part = 'Content-Type: multipart/alternative; boundary="x"\n\n--x\nContent-Type: text/plain\n\nA text section.\n--x--\n'
    assert only(read("part.raw", part)).text == "A text section."


def test_a_file_name_sent_as_raw_bytes_is_decoded(read: Read) -> None:
    mail = (
        b'From: a@b.ru\nSubject: x\nContent-Type: multipart/mixed; boundary="x"\n\n--x\n\nSee.\n--x\n'
        b'Content-Type: text/plain\nContent-Disposition: attachment; filename="'
        + "договор аренды.txt".encode("cp1251")
        + b'"\n\nWords.\n--x--\n'
    )
    first, attached = read("mail.eml", mail).documents
    assert dict(first.properties)["Attachments"] == "договор аренды.txt"
    assert attached.title == "договор аренды"


@pytest.mark.parametrize(
    ("plain", "kept"),
    [
        ("This is an *HTML* test message", True),
        ("We moved the site to HTML 5 last week.", True),
        ("Please view this email in a browser.", False),
        ("This message needs an HTML capable mail reader.", False),
        ("Your email client does not support HTML.", False),
    ],
)
def test_a_plain_alternative_gives_way_only_where_it_merely_gives_advice(
    plain: str, kept: bool, read: Read
) -> None:
    made = message()
    made.set_content(plain)
    made.add_alternative("<p>The page's own words</p>", subtype="html")
    text = only(read("mail.eml", made.as_bytes())).text
    assert (plain in text) is kept
    assert ("The page's own words" in text) is not kept


def test_a_mailbox_cut_in_half_gives_its_messages_and_names_the_cut(read: Read) -> None:
    first, second = message(Message_ID="<1@x.no>"), message(Message_ID="<2@x.no>")
    first.set_content("The first words.")
    second.set_content("The second words.")
    second.add_attachment(
        b"name,phone\nIda,22334455\n", maintype="text", subtype="csv", filename="a.csv"
    )
    envelope = b"From a@b.no Mon May  4 10:20:00 2026\n"
    box = envelope + first.as_bytes() + b"\n" + envelope + second.as_bytes()
    cut = box[: box.index(b"The second") + 12]
    extraction = read("all.mbox", cut)
    assert "The first words." in extraction.documents[0].text
    assert [part.reason for part in extraction.part_failures] == [
        "the file is cut off in its last message"
    ]
    assert read("all.mbox", box + b"\n").part_failures == ()
