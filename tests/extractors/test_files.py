"""Office files, PDF, tables, books, pages, code, subtitles, archives and browsers' databases."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import plistlib
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from extractors.document import Role
from extractors.formats import html, office, rtf
from extractors.formats.pdf import pdf_date
from extractors.formats.sheets import separated_lines
from extractors.results import FailureKind
from extractors.sandbox import Limits, Pool
from tests.extractors.conftest import NOW, SAMPLES, Read, only

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def packed(**parts: str | bytes) -> bytes:
    return packed_as(
        {name.replace("__", "/").replace("_xml", ".xml"): data for name, data in parts.items()}
    )


def packed_as(parts: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def word(body: str, **more: str) -> bytes:
    return packed(
        word__document_xml=f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>', **more
    )


def paragraph(text: str) -> str:
    return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"


def test_word_keeps_tables_lists_notes_and_drops_what_was_deleted(read: Read) -> None:
    body = (
        paragraph("First")
        + f"<w:tbl><w:tr><w:tc>{paragraph('a')}</w:tc><w:tc>{paragraph('b')}</w:tc></w:tr></w:tbl>"
        + "<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>item</w:t></w:r></w:p>"
        + "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:t>x</w:t><w:tab/><w:t>y</w:t></w:r></w:p>"
    )
    footnotes = (
        f'<w:footnotes xmlns:w="{W}"><w:footnote>{paragraph("Below")}</w:footnote></w:footnotes>'
    )
    header = f'<w:hdr xmlns:w="{W}">{paragraph("Company")}</w:hdr>'
    core = '<cp:coreProperties xmlns:cp="a" xmlns:dc="b" xmlns:dcterms="c"><dc:title>Plan</dc:title><dc:creator>Ida</dc:creator><dcterms:created>2026-05-04T08:00:00Z</dcterms:created></cp:coreProperties>'
    document = only(
        read(
            "plan.docx",
            word(
                body,
                word__footnotes_xml=footnotes,
                word__header1_xml=header,
                docProps__core_xml=core,
            ),
        )
    )
    assert document.text == "First\na | b\n\n- item\nx\ty\n\nFootnotes:\nBelow\n\nCompany"
    assert document.title == "Plan"
    assert document.author == "Ida"
    assert [
        document.text[s.start : s.end] for s in document.spans if s.role is Role.BOILERPLATE
    ] == ["Company"]


def test_titles_that_templates_leave_are_not_titles() -> None:
    assert not office._telling("PowerPoint Presentation")
    assert not office._telling("Document1")
    assert office._telling("Quarterly plan")


def test_slides_come_in_the_order_of_the_presentation(read: Read) -> None:
    p, a, r = "urn:p", "urn:a", "urn:r"

    def slide(text: str) -> str:
        return f'<p:sld xmlns:p="{p}" xmlns:a="{a}"><p:sp><p:nvPr><p:ph type="title"/></p:nvPr><a:p><a:r><a:t>{text}</a:t></a:r></a:p></p:sp></p:sld>'

    def relations(*rows: tuple[str, str, str]) -> str:
        inner = "".join(
            f'<Relationship Id="{i}" Type="x/{kind}" Target="{target}"/>'
            for i, kind, target in rows
        )
        return f'<Relationships xmlns="urn:rel">{inner}</Relationships>'

    data = packed_as({
        "_rels/.rels": relations(("r1", "officeDocument", "ppt/presentation.xml")),
        "ppt/presentation.xml": f'<p:presentation xmlns:p="{p}" xmlns:r="{r}"><p:sldIdLst><p:sldId id="256" r:id="r2"/><p:sldId id="257" r:id="r1"/></p:sldIdLst></p:presentation>',
        "ppt/_rels/presentation.xml.rels": relations(("r1", "slide", "slides/slide1.xml"), ("r2", "slide", "slides/slide2.xml")),
        "ppt/slides/slide1.xml": slide("Second"),
        "ppt/slides/slide2.xml": slide("First"),
        "ppt/slides/_rels/slide2.xml.rels": relations(("r9", "notesSlide", "../notesSlides/notesSlide1.xml")),
        "ppt/notesSlides/notesSlide1.xml": slide("Say hello"),
    })  # fmt: skip
    document = only(read("talk.pptx", data))
    assert document.text == "Slide 1\nFirst\nNotes:\nSay hello\n\nSlide 2\nSecond"
    assert document.title == "First"


def test_a_password_is_named(read: Read) -> None:
    failure = read("secret.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600).failure
    assert failure is not None
    assert failure.reason == "it is protected by a password"


def test_tables_in_text_split_at_their_own_separator() -> None:
    assert separated_lines('name;note\nIda;"likes; semicolons"\n') == [
        "name | note",
        "Ida | likes; semicolons",
    ]
    assert separated_lines("a\tb\n1\t2") == ["a | b", "1 | 2"]
    assert separated_lines("a,b\n1,\n") == ["a | b", "1"]


def test_rich_text_in_every_font_its_own_code_page() -> None:
    source = (
        r"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0\fcharset0 Arial;}{\f1\fcharset204 Arial;}}{\info{\title Plan}}"
        r"\f0 caf\'e9 \f1\'cf\'f0\'e8\f0  \u9731? {\*\generator x;}{\v hidden}one\par two\cell three\row {\footnote Below}\emdash}"
    )
    assert rtf.to_text(source) == "café При ☃ one\ntwo | three\n—\n\nNotes:\nBelow"


def test_pages_lose_menus_and_keep_the_article(read: Read) -> None:
    article = (
        "<p>"
        + "The ferry leaves at nine from the northern quay, and the crossing takes forty minutes. "
        * 8
        + "</p>"
    )
    page = f"<html><head><title>Ferry</title><meta name=author content=Ida></head><body><nav><a href=/>Home</a> <a href=/x>Login</a></nav><aside>Subscribe now</aside><article><h1>Ferry</h1>{article}</article><footer>Copyright</footer></body></html>"
    document = only(read("ferry.html", page))
    assert document.title == "Ferry"
    assert document.author == "Ida"
    assert "northern quay" in document.text
    assert "Subscribe now" not in document.text


def test_html_layout_becomes_lines() -> None:
    assert html.to_text(
        "<p>a<br>b</p><table><tr><td>1<td>2</tr></table><ol start=3><li>x<li>y</ol><pre>k\n  l</pre>"
    ) == ("a\nb\n\n1 | 2\n\n3. x\n4. y\n\nk\n  l")
    assert html.to_text("<p style='display:none'>secret</p>shown<script>x</script>") == "shown"


def test_saved_pages_of_safari_and_chrome(read: Read) -> None:
    page = "<html><head><title>Saved</title></head><body>The saved words.</body></html>"
    archive = plistlib.dumps(
        {
            "WebMainResource": {
                "WebResourceData": page.encode("utf-16-le"),
                "WebResourceTextEncodingName": "utf-16le",
            }
        },
        fmt=plistlib.FMT_BINARY,
    )
    assert only(read("a.webarchive", archive)).text == "The saved words."
    mhtml = f"From: <Saved by Blink>\nSubject: Saved\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=b\n\n--b\nContent-Type: text/html\n\n{page}\n--b--\n"
    assert only(read("a.mhtml", mhtml)).text == "The saved words."


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("D:20260504102030+02'00'", "2026-05-04T10:20:30+02:00"),
        ("D:2026", "2026-01-01T00:00:00"),
        ("20260504Z", None),
        ("x", None),
    ],
)
def test_dates_of_pdf(value: str, iso: str | None) -> None:
    moment = pdf_date(value)
    if value == "20260504Z":
        assert moment is not None
        assert moment.isoformat() == "2026-05-04T00:00:00+00:00"
    else:
        assert (moment.isoformat() if moment else None) == iso


def pdf(text: str) -> bytes:
    stream = f"BT /F1 12 Tf 72 700 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        b"<< /Title (Report of May) /Author (Ida Berg) /CreationDate (D:20260504080000Z) >>",
    ]  # fmt: skip
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size %d /Root 1 0 R /Info 6 0 R >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        start,
    )


def test_pdf_text_and_metadata(read: Read) -> None:
    document = only(read("x.pdf", pdf("The boiler was serviced.")))
    assert document.text == "The boiler was serviced."
    assert document.title == "Report of May"
    assert document.author == "Ida Berg"
    assert f"{document.date:%Y-%m-%d}" == "2026-05-04"


def test_json_code_latex_and_subtitles(read: Read) -> None:
    assert only(
        read(
            "a.json",
            json.dumps({"name": "Ida", "tags": ["a", "b"], "home": {"city": "Oslo"}, "ok": True}),
        )
    ).text == ("name: Ida\ntags: a, b\nhome:\n  city: Oslo\nok: yes")
    code = only(read("a.py", "print('hello')\n"))
    assert code.spans[0].role is Role.CODE
    latex = only(
        read(
            "a.tex",
            "\\title{On ferries}\\author{Ida}\n% no\n\\begin{document}\nFerries float.\n\\end{document}",
        )
    )
    assert (latex.title, latex.author) == ("On ferries", "Ida")
    assert latex.text == "On ferries\nIda\nFerries float."
    assert (
        only(
            read(
                "a.srt",
                "1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i>\nthere\n\n2\n00:00:03,000 --> 00:00:04,000\n2026\n",
            )
        ).text
        == "Hello\nthere"
    )


@pytest.mark.parametrize(
    ("name", "head", "way_out"),
    [
        ("mail.pst", b"!BDN" + b"\0" * 600, "mbox"),
        ("notes.one", b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", "PDF"),
    ],
)
def test_what_is_known_and_not_read_is_named_with_a_way_out(
    name: str, head: bytes, way_out: str, read: Read
) -> None:
    failure = read(name, head).failure
    assert failure is not None
    assert failure.kind is FailureKind.UNREADABLE
    assert way_out in failure.reason


def test_iwork_is_read_by_its_preview_or_by_the_xml_of_old_versions(read: Read) -> None:
    preview = {"QuickLook/Preview.pdf": pdf("Words of the preview"), "Index/Document.iwa": b"\0"}
    document = only(read("plan.pages", packed_as({**preview})))
    assert "Words of the preview" in document.text
    assert document.parent == ""
    body = '<ls:document xmlns:ls="l" xmlns:sf="s" xmlns:sfa="a"><sf:stylesheet><sf:p>Style</sf:p></sf:stylesheet><sf:p>First<sf:tab/>x</sf:p><sf:ct sfa:s="Rent"/></ls:document>'
    assert only(read("plan.numbers", packed_as({"index.xml": body}))).text == "First\tx\nRent"
    failure = read("talk.key", packed_as({"Index/Document.iwa": b"\0"})).failure
    assert failure is not None
    assert "export it as PDF" in failure.reason


def test_fiction_books_keep_title_author_and_lines(read: Read) -> None:
    book = (
        '<?xml version="1.0" encoding="windows-1251"?><FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.1"><description><title-info>'
        "<genre>prose</genre><author><first-name>Анна</first-name><last-name>Берг</last-name></author><book-title>Лодка</book-title></title-info>"
        "</description><body><section><title><p>Глава</p></title><p>Слова <emphasis>и</emphasis> дела</p></section></body>"
        "<binary>QUJD</binary></FictionBook>"
    )
    document = only(read("boat.fb2", book.encode("cp1251")))
    assert (document.title, document.author, document.tags) == ("Лодка", "Анна Берг", ("prose",))
    assert document.text == "Глава\nСлова и дела"


def test_notebooks_keep_text_and_code_apart_and_drop_what_was_printed(read: Read) -> None:
    cells = [{"cell_type": "markdown", "source": ["# Tides\n", "How high?"]}, {"cell_type": "code", "source": "tide(1)", "outputs": [{"text": "3.2"}]}]  # fmt: skip
    document = only(read("tides.ipynb", json.dumps({"cells": cells, "nbformat": 4})))
    assert (document.title, document.text) == ("Tides", "# Tides\nHow high?\n\ntide(1)")
    assert [document.text[s.start : s.end] for s in document.spans] == ["tide(1)"]


def test_archives_give_their_parts_under_the_archives_name(read: Read) -> None:
    inner = packed_as({"deep/note.md": "# Deep"})
    data = packed_as(
        {
            "a/b.md": "# Note",
            "../../evil.md": "# Evil",
            "inner.zip": inner,
            "x.png": b"\x89PNG",
            "__MACOSX/._b.md": b"x",
        }
    )
    extraction = read("all.zip", data)
    assert {d.title: d.origin.partition("#")[2] for d in extraction.documents} == {
        "Note": "a/b.md",
        "Evil": "evil.md",
        "Deep": "inner.zip/deep/note.md",
    }
    assert all(d.parent == "" for d in extraction.documents)


@pytest.mark.parametrize("packing", ["", "gz", "bz2", "xz"])
def test_tars_of_all_packings(packing: str, read: Read) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("../../notes/a.md")
        member.size = 6
        archive.addfile(member, io.BytesIO(b"# Note"))
        link = tarfile.TarInfo("link.md")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    packers: dict[str, Callable[[bytes], bytes]] = {
        "": bytes,
        "gz": gzip.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
    }
    extraction = read(
        f"all.tar{'.' + packing if packing else ''}", packers[packing](buffer.getvalue())
    )
    assert only(extraction).origin.endswith("#notes/a.md")
    assert dict(extraction.skipped) == {"not a regular file": 1}


def chrome(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.executescript(
            """CREATE TABLE urls (id INTEGER, url TEXT, title TEXT, hidden INTEGER);
               CREATE TABLE visits (id INTEGER, url INTEGER, visit_time INTEGER);
               INSERT INTO urls VALUES (1, 'https://example.org/a?secret=1', 'Ferry times', 0);
               INSERT INTO visits VALUES (1, 1, 13422355200000000);"""
        )


def test_history_is_read_only_when_asked_for(tmp_path: Path, pool: Pool) -> None:
    chrome(tmp_path / "History")
    assert pool.extract(tmp_path / "History").skipped == (("browser history, not asked for", 1),)
    with Pool(Limits(seconds=60), clock=lambda: NOW, choices={"include_history": True}) as asked:
        day = only(asked.extract(tmp_path / "History"))
        assert day.text == "08:00 Ferry times (https://example.org/a)"
        assert day.origin.endswith("#2026-05-04")
        bookmarks = {
            "roots": {
                "bar": {
                    "type": "folder",
                    "name": "Bar",
                    "children": [{"type": "url", "name": "Ferry", "url": "https://example.org"}],
                }
            }
        }
        (tmp_path / "Bookmarks").write_text(json.dumps(bookmarks))
        assert (
            only(asked.extract(tmp_path / "Bookmarks")).text == "Bar\n- Ferry (https://example.org)"
        )


def test_pictures_tell_place_and_time(read: Read) -> None:
    from PIL import Image

    picture = Image.new("RGB", (60, 40), "white")
    exif = picture.getexif()
    exif.get_ifd(0x8769)[0x9003] = "2026:05:04 10:20:30"
    exif.get_ifd(0x8825).update({1: "N", 2: (59.0, 54.0, 36.0), 3: "E", 4: (10.0, 45.0, 0.0)})
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", exif=exif)
    document = only(read("IMG_1.jpg", buffer.getvalue()))
    assert dict(document.properties) == {"Taken": "2026-05-04 10:20", "Place": "59.91000, 10.75000"}


def test_the_samples_readme_names_a_licence_for_every_file() -> None:
    told = (SAMPLES / "README.md").read_text()
    for sample in SAMPLES.iterdir():
        if sample.is_file() and sample.name not in ("README.md", "index.json"):
            assert sample.name in told
