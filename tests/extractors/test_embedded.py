"""What lies inside office files besides their text: other files, other pages, comments and who made them, margins."""

from __future__ import annotations

import io
import struct

from pypdf import PdfWriter

from extractors.document import Document, Role
from extractors.results import Extraction
from tests.extractors.compound import compound, native
from tests.extractors.conftest import Read, only
from tests.extractors.test_files import W, packed, packed_as, paragraph, word


def relations(*rows: tuple[str, str, str]) -> str:
    inner = "".join(
        f'<Relationship Id="{identifier}" Type="x/{kind}" Target="{target}"/>'
        for identifier, kind, target in rows
    )
    return f'<Relationships xmlns="urn:rel">{inner}</Relationships>'


def inside(extraction: Extraction) -> tuple[Document, list[Document]]:
    """The document itself and those that are bound to it."""
    first, *others = extraction.documents
    assert [other.parent for other in others] == [first.origin] * len(others)
    return first, others


BODY = f'<w:document xmlns:w="{W}"><w:body>{paragraph("Around")}</w:body></w:document>'


def test_pages_that_word_took_in_whole_are_read_whatever_their_parts_are_called(read: Read) -> None:
    data = packed_as({
        "word/document.xml": BODY,
        "word/_rels/document.xml.rels": relations(("r1", "aFChunk", "page.xhtml"), ("r2", "aFChunk", "old.mht")),
        "word/page.xhtml": "<html><body><p>The page's words</p></body></html>",
        "word/old.mht": "MIME-Version: 1.0\nContent-Type: text/html; charset=utf-8\n\n<p>The archive's words</p>",
    })  # fmt: skip
    text = only(read("plan.docx", data)).text
    assert "The page's words" in text
    assert "The archive's words" in text


def test_comments_keep_the_names_of_who_made_them(read: Read) -> None:
    comments = f'<w:comments xmlns:w="{W}"><w:comment w:author="Ida Berg">{paragraph("Too long?")}</w:comment></w:comments>'
    text = only(read("plan.docx", word(paragraph("Words"), word__comments_xml=comments))).text
    assert text.endswith("Comments:\nIda Berg: Too long?")


def test_comments_of_a_sheet_are_told_once_and_with_their_authors(read: Read) -> None:
    sheet = '<worksheet><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>Ducks</t></is></c></row></sheetData>{}</worksheet>'
    margin = '<headerFooter><oddHeader xml:space="preserve">&amp;C&amp;&quot;Arial,Bold&quot;&amp;12For internal use&amp;RPage &amp;P</oddHeader></headerFooter>'
    data = packed_as({
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "xl/worksheets/sheet1.xml": sheet.format(margin),
        "xl/comments1.xml": '<comments><authors><author>Ola</author></authors><commentList><comment authorId="0"><text><r><t>Why so few?</t></r></text></comment>'
        '<comment authorId="0"><text><t>[Threaded comment] Your version of Excel</t></text></comment></commentList></comments>',
        "xl/persons/person.xml": '<personList><person displayName="Jane Smith" id="{A}"/></personList>',
        "xl/threadedComments/threadedComment1.xml": '<ThreadedComments><threadedComment personId="{A}"><text>Cold spring</text></threadedComment></ThreadedComments>',
    })  # fmt: skip
    document = only(read("ducks.xlsx", data))
    assert "Comment by Ola: Why so few?\nComment by Jane Smith: Cold spring" in document.text
    assert "Threaded" not in document.text
    margins = [document.text[s.start : s.end] for s in document.spans if s.role is Role.BOILERPLATE]
    assert margins == ["For internal use\nPage"]


def test_comments_of_slides_keep_their_authors(read: Read) -> None:
    data = packed_as({
        "ppt/slides/slide1.xml": '<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>Ducks</a:t></a:r></a:p></p:sld>',
        "ppt/slides/_rels/slide1.xml.rels": relations(("r1", "comments", "../comments/comment1.xml")),
        "ppt/comments/comment1.xml": '<p:cmLst xmlns:p="p"><p:cm authorId="7"><p:text>Nice</p:text></p:cm></p:cmLst>',
        "ppt/commentAuthors.xml": '<p:cmAuthorLst xmlns:p="p"><p:cmAuthor id="7" name="Ida Berg"/></p:cmAuthorLst>',
    })  # fmt: skip
    assert only(read("a.pptx", data)).text == "Slide 1\nDucks\nComment by Ida Berg: Nice"


def test_files_inside_a_word_file_are_documents_of_their_own(read: Read) -> None:
    table = native("list.csv", b"name,phone\nIda,22334455\n")
    package = packed_as({
        "word/document.xml": BODY,
        "word/embeddings/oleObject1.bin": compound({"\x01Ole10Native": table}),
        "word/embeddings/Letter.docx": word(paragraph("Dear Ida")),
        "word/embeddings/oleObject2.bin": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 cut off",
    })  # fmt: skip
    extraction = read("plan.docx", package)
    document, others = inside(extraction)
    assert document.text == "Around"
    assert {other.origin.rpartition("#")[2]: other.text for other in others} == {
        "list.csv": "name | phone\nIda | 22334455",
        "Letter.docx": "Dear Ida",
    }
    assert extraction.skipped == (("damaged object", 1),)


def test_word_6_keeps_its_text_in_one_stretch(read: Read) -> None:
    text = "Møte om båten\rNeste uke".encode("cp1252")
    header = bytearray(64)
    struct.pack_into("<HH", header, 0, 0xA5DC, 101)
    struct.pack_into("<II", header, 0x18, 64, 64 + len(text))
    old = compound(
        {"WordDocument": bytes(header) + text, "\x01Ole10Native": native("a.txt", b"In it")}
    )
    document, others = inside(read("letter.doc", old))
    assert document.text == "Møte om båten\nNeste uke"
    assert [other.text for other in others] == ["In it"]


def test_files_attached_to_a_pdf_are_documents_of_their_own(read: Read) -> None:
    writer = PdfWriter()
    writer.add_blank_page(100, 100)
    writer.add_attachment("list.csv", b"name,phone\nIda,22334455\n")
    writer.add_attachment("note.md", b"# Inside")
    buffer = io.BytesIO()
    writer.write(buffer)
    extraction = read("portfolio.pdf", buffer.getvalue())
    assert {d.title: d.text for d in extraction.documents} == {
        "list": "name | phone\nIda | 22334455",
        "Inside": "# Inside",
    }


def test_two_files_of_one_name_stay_two(read: Read) -> None:
    both: dict[str, str | bytes] = {
        "word/document.xml": BODY,
        "word/embeddings/oleObject1.bin": compound({"\x01Ole10Native": native("a.txt", b"One")}),
        "word/embeddings/oleObject2.bin": compound({"\x01Ole10Native": native("a.txt", b"Two")}),
    }
    _, others = inside(read("plan.docx", packed_as(both)))
    assert {other.origin.rpartition("#")[2]: other.text for other in others} == {
        "a.txt": "One",
        "a.txt/2": "Two",
    }


ODF = 'xmlns:office="o" xmlns:style="s" xmlns:text="t" xmlns:draw="d" xmlns:presentation="p"'


def test_headers_and_footers_of_open_documents_are_kept_and_set_apart(read: Read) -> None:
    styles = (
        f"<office:document-styles {ODF}><office:styles><style:x/></office:styles><office:master-styles><style:master-page>"
        "<style:header><text:p>The firm's letter</text:p></style:header>"
        "<style:footer><text:p>Page <text:page-number>1</text:page-number></text:p></style:footer>"
        '<draw:frame presentation:class="title"><text:p>Click to edit the title</text:p></draw:frame>'
        "</style:master-page></office:master-styles></office:document-styles>"
    )
    content = f"<office:document-content {ODF}><office:body><text:p>Words</text:p></office:body></office:document-content>"
    document = only(read("letter.odt", packed(content_xml=content, styles_xml=styles)))
    assert document.text == "Words\n\nThe firm's letter"
    assert [document.text[s.start : s.end] for s in document.spans] == ["The firm's letter"]


def test_pictures_tell_what_their_author_said_that_they_show(read: Read) -> None:
    def picture(description: str) -> str:
        return f'<w:p><w:r><w:drawing><wp:docPr xmlns:wp="d" descr="{description}"/></w:drawing></w:r></w:p>'

    body = "".join(
        map(
            picture,
            ("Ida on the quay", "quay at night.png", "A dog. Description automatically generated"),
        )
    )
    assert only(read("plan.docx", word(body))).text == "[Ida on the quay]"


def test_charts_tell_their_numbers(read: Read) -> None:
    def points(part: str, *values: str) -> str:
        return f"<c:{part}>{''.join(f'<c:pt><c:v>{value}</c:v></c:pt>' for value in values)}</c:{part}>"

    series = points("tx", "Boats") + points("cat", "April", "May") + points("val", "3", "4")
    chart = f'<c:chart xmlns:c="c" xmlns:a="a"><c:title><a:t>Sales</a:t></c:title><c:ser>{series}</c:ser></c:chart>'
    data = packed_as({
        "ppt/slides/slide1.xml": '<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>Year</a:t></a:r></a:p></p:sld>',
        "ppt/slides/_rels/slide1.xml.rels": relations(("r1", "chart", "../charts/chart1.xml")),
        "ppt/charts/chart1.xml": chart,
    })  # fmt: skip
    assert only(read("a.pptx", data)).text == "Slide 1\nYear\nSales\nBoats: April 3, May 4"
