"""What the formats share: normalising, encodings, composing, language, duplicates, recognition, walking, guessing."""

from __future__ import annotations

import os
import random
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors import charset, duplicates, files, language, protocol, registry
from extractors.compose import Composer
from extractors.document import Document, Domain, Role, Span, Turn
from extractors.folders import Entry, Passed, walk
from extractors.formats.protobuf import Malformed
from extractors.formats.protobuf import read as read_message
from extractors.guess import guess
from extractors.normalise import clean, join_hard_wraps, one_line, parse_date
from extractors.results import Failure, FailureKind, Skip
from extractors.sandbox import Pool


@given(st.text())
def test_clean_text_is_normal_and_cleaning_it_again_changes_nothing(text: str) -> None:
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert not set(cleaned) & set("\r\0\x0c\u2028\u200e\u202e\ufeff\u00ad")
    assert not any(line != line.rstrip(" \t") for line in cleaned.split("\n"))
    cleaned.encode()
    assert clean(cleaned) == cleaned


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_utf_8_and_text_with_a_mark_come_back_as_they_were(text: str) -> None:
    assert charset.decode(text.encode("utf-8-sig")) == text
    assert charset.decode("\ufeff".encode("utf-16-le") + text.encode("utf-16-le")) == text


@settings(deadline=None)
@given(st.binary(max_size=300), st.text(max_size=20))
def test_decoding_never_fails(data: bytes, declared: str) -> None:
    assert isinstance(charset.decode(data, declared), str)


def test_wrong_declarations_and_mojibake_are_mended() -> None:
    assert charset.decode("Grün".encode(), "iso-8859-1") == "Grün"
    assert charset.decode("“quoted”".encode("cp1252"), "iso-8859-1") == "“quoted”"
    assert charset.decode("すみません".encode("iso2022_jp"), "iso-2022-jp") == "すみません"
    assert charset.decode(b"abc", "base64") == "abc"
    assert charset.repair_mojibake("CafÃ© naÃ¯ve") == "Café naïve"
    assert charset.repair_mojibake("Â is a letter") == "Â is a letter"


def test_hard_wraps_are_undone_only_in_prose() -> None:
    wrapped = "The ferry leaves from the northern quay every morning at\nnine and the cross-\ning takes forty minutes."
    assert (
        join_hard_wraps(wrapped)
        == "The ferry leaves from the northern quay every morning at nine and the crossing takes forty minutes."
    )
    assert join_hard_wraps("milk\nbread\neggs") == "milk\nbread\neggs"


def test_one_line_and_dates() -> None:
    assert one_line(" a \n b\t c ") == "a b c"
    assert len(one_line("x" * 1000)) == 300
    assert parse_date("May 4, 2026") == parse_date("2026-05-04") == parse_date("4 May 2026")
    assert parse_date("soon") is None


def test_composer_marks_what_it_lays_down() -> None:
    composer = Composer()
    composer.add("first\r\nline")
    composer.add("  ")
    composer.add("quoted", Role.QUOTED)
    composer.add("more", Role.QUOTED)
    composer.say("Ida", "hello e\u0301")
    text = composer.text()
    assert text == "first\nline\nquoted\nmore\nIda: hello é"
    assert [text[s.start : s.end] for s in composer.spans()] == ["quoted\nmore"]
    assert [text[t.start : t.end] for t in composer.turns()] == ["hello é"]


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("Dear Anna, thank you for the lovely evening on Saturday, we should do it again.", "en"),
        ("Liebe Anna, vielen Dank für den schönen Abend am Samstag, wir sollten das wiederholen.", "de"),
        ("Kjære Anna, takk for en hyggelig kveld på lørdag, det bør vi gjøre igjen snart.", "no"),
        ("会議は水曜日の15時に始まります。よろしくお願いします。", "ja"),
        ("Встреча начинается в среду в пятнадцать часов, приходите вовремя.", "ru"),
        ("ok", ""),
    ],
)  # fmt: skip
def test_languages_are_tagged(text: str, tag: str) -> None:
    found = language.tag(text)
    assert found == tag or (tag == "no" and found in ("nb", "nn", "no"))


WORDS = [f"word{n}" for n in range(2000)]


def test_near_duplicates_are_linked_and_others_are_not() -> None:
    chance = random.Random(7)
    texts = [" ".join(chance.choices(WORDS, k=150)) for _ in range(300)]
    copies = {}
    for number in range(0, 300, 3):
        words = texts[number].split()
        words[chance.randrange(150)] = "corrected"
        copies[f"copy{number}"] = " ".join(words) + " sent from elsewhere"
    sketches = [(f"text{n}", duplicates.sketch(text)) for n, text in enumerate(texts)]
    sketches += [(name, duplicates.sketch(text)) for name, text in copies.items()]
    linked = duplicates.link(sketches)
    assert all(original == name.replace("copy", "text") for name, original in linked.items())
    assert len(linked) >= 0.95 * len(copies)


@given(st.text(st.sampled_from("ab "), max_size=200))
def test_a_text_resembles_itself_wholly(text: str) -> None:
    own = duplicates.sketch(text)
    assert duplicates.resemblance(own, own) == (1.0 if own else 0.0)


@pytest.mark.parametrize(
    ("name", "head", "expected"),
    [
        ("a.md", b"From: x\nTo: y\n\nhello", "markdown"),
        ("a", b"From: x\nTo: y\nSubject: z\n\nhello", "mail"),
        ("notes", b"From: Oslo\nhello", "text"),
        ("a.txt", b"%PDF-1.7", "pdf"),
        ("a.pdf", b"<!DOCTYPE html><html>", "html"),
        ("a.doc", b"{\\rtf1", "rtf"),
        ("a.zip", b"PK\x03\x04" + b"\0" * 26 + b"a.txt", "zip"),
        ("a.docx", b"PK\x03\x04" + b"\0" * 26 + b"x", "docx"),
        ("x", b"BEGIN:VCARD\n", "vcf"),
        ("x.dat", b"\xef\xbb\xbfBEGIN:VCALENDAR\n", "ics"),
        ("a.jpeg", b"\xff\xd8\xff\xe0", "picture"),
    ],
)
def test_content_wins_over_names(name: str, head: bytes, expected: str) -> None:
    form = registry.recognise(Path(name), head)
    assert form is not None
    assert form.name == expected


@pytest.mark.parametrize(
    ("name", "head"),
    [("a.md", b"\x00\x01\x02\x03" * 50), ("a.exe", b"MZ\x90\0"), ("a.mp3", b"ID3\3"), ("a", b"")],
)
def test_what_is_unknown_is_unknown(name: str, head: bytes) -> None:
    assert registry.recognise(Path(name), head) is None


def test_stamps_tell_versions_apart_and_fit_a_database() -> None:
    stamps = [form.stamp for form in registry.FORMATS]
    assert len(set(stamps)) == len(stamps)
    assert all(0 < stamp < 2**62 and registry.is_current(stamp) for stamp in stamps)
    assert registry.is_current(registry.unrecognised_stamp())
    assert not registry.is_current(stamps[0] + 1)


DOCUMENTS = st.builds(
    Document,
    origin=st.text(min_size=1),
    domain=st.sampled_from(Domain),
    kind=st.just("text"),
    title=st.text(min_size=1),
    text=st.text(min_size=4),
    author=st.text(),
    recipients=st.lists(st.text()).map(tuple),
    date=st.none() | st.datetimes() | st.datetimes(timezones=st.timezones()),
    tags=st.lists(st.text()).map(tuple),
    properties=st.lists(st.tuples(st.text(), st.text())).map(tuple),
    spans=st.just((Span(0, 2, Role.QUOTED),)) | st.just(()),
    turns=st.just((Turn("Ida", 0, 1),)) | st.just(()),
    parent=st.text(),
)


@given(DOCUMENTS)
def test_documents_pass_the_pipe_unchanged(document: Document) -> None:
    frame = protocol.pack(protocol.item_to_json(document))
    returned = protocol.item_from_json(protocol.unpack(frame[protocol.HEADER.size :]))
    assert isinstance(returned, Document)
    assert returned.date == document.date or (
        returned.date and document.date and returned.date.isoformat() == document.date.isoformat()
    )
    assert returned.text == document.text
    assert returned.spans == document.spans
    assert returned.properties == document.properties
    assert (returned.parent, returned.tags, returned.recipients) == (
        document.parent,
        document.tags,
        document.recipients,
    )


def test_skips_and_failures_pass_too() -> None:
    for item in (Skip("spam", 3), Failure("it is damaged", FailureKind.CRASH, "a#b")):
        assert protocol.item_from_json(protocol.item_to_json(item)) == item


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_what_is_no_item_is_refused_and_nothing_else_is_raised(value: object) -> None:
    try:
        protocol.item_from_json(value)
    except protocol.ProtocolError:
        return


def test_a_span_outside_its_text_is_refused() -> None:
    values = protocol.item_to_json(
        Document("o", Domain.NOTES, "text", "t", "abc", spans=(Span(0, 9, Role.CODE),))
    )
    with pytest.raises(protocol.ProtocolError):
        protocol.item_from_json(values)


@given(st.binary(max_size=200))
def test_protocol_buffers_of_any_bytes_are_read_or_malformed(data: bytes) -> None:
    try:
        read_message(data)
    except Malformed:
        return


def test_a_walk_finds_files_and_says_what_it_passes(tmp_path: Path) -> None:
    for name in (
        "a.md",
        "sub/b.md",
        ".git/c.md",
        "node_modules/d.js",
        "~$lock.docx",
        "x.icloud",
        "db-wal",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "out.md").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "pipe.md")
    found = list(walk(tmp_path))
    assert sorted(e.path.name for e in found if isinstance(e, Entry)) == ["a.md", "b.md"]
    reasons = {e.path.name: e.reason for e in found if isinstance(e, Passed)}
    assert reasons == {
        ".git": "program's own folder",
        "node_modules": "program's own folder",
        "~$lock.docx": "system or temporary file",
        "x.icloud": "only in iCloud",
        "db-wal": "system or temporary file",
        "loop": "symbolic link",
        "out.md": "symbolic link",
        "pipe.md": "not a regular file",
    }


def test_a_walk_of_one_file_and_of_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("x")
    assert [type(entry) for entry in walk(path)] == [Entry]
    assert list(walk(tmp_path / "missing")) == [Passed(tmp_path / "missing", "not there")]


def test_evicted_files_are_never_opened() -> None:
    class Status:
        st_flags = files.SF_DATALESS

    # os.stat_result has `st_flags` on macOS only, so that a real one cannot be made here.
    assert files.lies_in_cloud(Status())  # type: ignore[arg-type]


def test_a_guess_tells_domain_kind_sample_and_estimate(tmp_path: Path, pool: Pool) -> None:
    for number in range(20):
        (tmp_path / f"{number}.md").write_text(f"# Note {number}")
    (tmp_path / "x.bin").write_bytes(b"\0" * 100)
    told = guess(tmp_path, pool)
    assert (told.domain, told.kind, told.files) == (Domain.NOTES, "markdown", 20)
    assert len(told.titles) == 5
    assert told.titles[0].startswith("Note ")
    assert dict(told.skipped) == {"unknown kind": 1}
    assert 0 < told.seconds < 5


def test_a_mailbox_outweighs_the_notes_beside_it(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Note")
    (tmp_path / "all.mbox").write_bytes(
        b"From a@b Mon May  4 10:20:00 2026\nSubject: x\n\n" + b"word\n" * 1_000_000
    )
    assert guess(tmp_path).domain is Domain.MAIL


def test_a_guess_reads_its_sample_as_the_person_said(tmp_path: Path, pool: Pool) -> None:
    (tmp_path / "log.xyz").write_text("* A heading of Org\n\nWords.\n")
    assert guess(tmp_path, pool).files == 0
    told = guess(tmp_path, pool, "org")
    assert (told.kind, told.files, told.domain) == ("org", 1, Domain.NOTES)
    assert told.titles == ("A heading of Org",)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("È così che la città è più bella, perché c'è il sole.", "cp1252"),
        ("Møte på torsdag kl 9.", "cp1252"),
        ("Привет, как дела?", "koi8-r"),
        ("Zażółć gęślą jaźń. Proszę przyjść jutro.", "cp1250"),
        ("你好，明天我們在車站見面吧，謝謝你。", "big5"),
    ],
)
def test_short_texts_are_decoded_by_what_is_likely(text: str, encoding: str) -> None:
    for declared in ("", "us-ascii"):
        assert charset.decode(text.encode(encoding), declared) == text


def test_broken_lines_are_mended_and_whole_ones_left_alone() -> None:
    broken = "Grüße aus Köln".encode().decode("latin-1")
    assert charset.repair_mojibake(f"{broken}\nÅse og Jørgen") == "Grüße aus Köln\nÅse og Jørgen"
