"""Archives, office files, PDFs and pictures that unpack to more than they are, or point in circles."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

from tests.hostile.makers import MEBI, maker, zipped


@maker("bomb.zip")
def zip_bomb() -> bytes:
    """150 MB of zeros in a zip of 150 kB."""
    return zipped({"a.txt": b"\0" * (150 * MEBI)})


@maker("nest.zip")
def zip_nest() -> bytes:
    """A zip in a zip, twenty deep."""
    data = b"# bottom"
    for number in range(20):
        data = zipped({f"{number}.zip" if number else "note.md": data})
    return data


@maker("quine.zip")
def zip_wide() -> bytes:
    """Six levels of sixteen copies each: sixteen million files at the bottom, were they all entered."""
    data = zipped({"note.md": b"# bottom"})
    for _ in range(6):
        data = zipped({f"{copy}.zip": data for copy in range(16)})
    return data


@maker("lie.zip")
def zip_lie() -> bytes:
    """A zip whose directory states a length of ten bytes for an entry of 60 MB."""
    data = bytearray(zipped({"a.txt": b"a" * (60 * MEBI)}))
    place = data.rfind(b"PK\x01\x02")
    data[place + 24 : place + 28] = struct.pack("<I", 10)
    return bytes(data)


@maker("many.zip")
def zip_many() -> bytes:
    """A hundred thousand entries."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(100_001):
            archive.writestr(zipfile.ZipInfo(f"{number}.md"), b"")
    return buffer.getvalue()


@maker("bomb.gz")
def gzip_bomb() -> bytes:
    """400 MB of zeros in 400 kB."""
    return gzip.compress(b"\0" * (100 * MEBI), 9)


@maker("bomb.tar.gz")
def tar_bomb() -> bytes:
    """A tar that states a file of 8 EiB and holds 100 MB."""
    member = tarfile.TarInfo("a.txt")
    member.size = 2**60
    return gzip.compress(member.tobuf() + b"\0" * (100 * MEBI), 9)


LAUGHS = b'<!DOCTYPE x [<!ENTITY a0 "ha">' + b"".join(
    b'<!ENTITY a%d "%s">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 12)
) + b"]>"  # fmt: skip


SECRET = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'


def word(body: bytes, head: bytes = b"") -> bytes:
    """Make a Word file."""
    return zipped(
        {
            "word/document.xml": head
            + b'<w:document xmlns:w="urn:w"><w:body>'
            + body
            + b"</w:body></w:document>"
        }
    )


@maker("laughs.docx")
def word_laughs() -> bytes:
    """A billion laughs."""
    return word(b"<w:p><w:r><w:t>&a11;</w:t></w:r></w:p>", LAUGHS)


@maker("secret.docx")
def word_secret() -> bytes:
    """An external entity that names a file of the system."""
    return word(b"<w:p><w:r><w:t>&e;</w:t></w:r></w:p>", SECRET)


@maker("deep.docx")
def word_deep() -> bytes:
    """Elements two hundred thousand deep."""
    return word(b"<w:p>" * 200_000)


@maker("paragraphs.docx")
def word_paragraphs() -> bytes:
    """60 MB of empty paragraphs in 150 kB."""
    return word(b"<w:p></w:p>" * (60 * MEBI // 11))


@maker("laughs.enex")
def notes_laughs() -> bytes:
    """A billion laughs where a document type is normal."""
    return (
        b'<?xml version="1.0"?>'
        + LAUGHS
        + b"<en-export><note><title>&a11;</title></note></en-export>"
    )


@maker("secret.odt")
def text_secret() -> bytes:
    """An external entity in OpenDocument."""
    return zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.text",
            "content.xml": SECRET + b"<x><p>&e;</p></x>",
        }
    )


@maker("repeat.ods")
def sheet_repeat() -> bytes:
    """One cell repeated a thousand million times."""
    cell = b'<table-cell number-columns-repeated="1000000000"><p>x</p></table-cell>'
    return zipped(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": b"<x><table-row>" + cell + b"</table-row></x>",
        }
    )


def workbook(sheet: bytes, **more: bytes) -> bytes:
    """Make a workbook of one sheet."""
    return zipped({
        "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>',
        "_rels/.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": b'<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>' + sheet + b"</sheetData></worksheet>",
        **more,
    })  # fmt: skip


@maker("corners.xlsx")
def sheet_corners() -> bytes:
    """Two cells, at the two far corners of a sheet."""
    return workbook(
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>2</v></c></row>'
    )


@maker("cells.xlsx")
def sheet_cells() -> bytes:
    """Three million references to cells, unpacking to 90 MB."""
    return workbook(b'<row r="1">' + b'<c r="A1" t="s"><v>0</v></c>' * 3_000_000 + b"</row>")


@maker("inflate.pdf")
def pdf_inflate() -> bytes:
    """A page whose content inflates to 400 MB of spaces, through two filters."""
    stream = zlib.compress(zlib.compress(b" " * (400 * MEBI), 9), 9)
    return pdf(
        [
            b"<< /Length %d /Filter [/FlateDecode /FlateDecode] >>\nstream\n%s\nendstream"
            % (len(stream), stream)
        ]
    )


@maker("operators.pdf")
def pdf_operators() -> bytes:
    """150 MB of text operators."""
    stream = zlib.compress(b"BT /F1 12 Tf (x) Tj ET " * (150 * MEBI // 23), 9)
    return pdf(
        [b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream)]
    )


@maker("loop.pdf")
def pdf_loop() -> bytes:
    """A tree of pages that is its own child."""
    return b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 99999999>>endobj\ntrailer<</Root 1 0 R>>"


@maker("nest.pdf")
def pdf_nest() -> bytes:
    """An array a hundred thousand deep."""
    return (
        b"%PDF-1.4\n1 0 obj" + b"[" * 100_000 + b"]" * 100_000 + b"endobj\ntrailer<</Root 1 0 R>>"
    )


def pdf(contents: list[bytes]) -> bytes:
    """Make a PDF of one page with that content stream."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 5 0 R /Resources << /Font << /F1 4 0 R >> >> >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *contents,
    ]  # fmt: skip
    body = b"".join(
        b"%d 0 obj\n%s\nendobj\n" % (number, data) for number, data in enumerate(objects, 1)
    )
    return b"%PDF-1.4\n" + body + b"trailer << /Root 1 0 R >>"


@maker("bomb.png")
def picture_bomb() -> bytes:
    """A picture of 50,000 by 50,000 pixels in a few kilobytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 6251 * 50_000, 9))
        + chunk(b"IEND", b"")
    )


@maker("names.zip")
def zip_names() -> bytes:
    """Entries that are called like ways out of the folder, devices, or nothing a person can read."""
    names = [
        "../../up.md",
        "/etc/passwd.md",
        "C:\\boot.md",
        "a\nb.md",
        "\u202egpj.md",
        "con.md",
        "..md",
        "-rf.md",
        " .md",
    ]
    return zipped(dict.fromkeys(names, b"# Words"))


@maker("attached.pdf")
def pdf_attached() -> bytes:
    """A PDF with an attached file that inflates to 400 MB."""
    data = zlib.compress(b"\0" * (400 * MEBI), 9)
    return b"".join((
        b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a.txt)3 0 R]>>>>>>endobj\n",
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n3 0 obj<</Type/Filespec/F(a.txt)/UF(a.txt)/EF<</F 4 0 R>>>>endobj\n",
        b"4 0 obj<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>stream\n" % len(data), data,
        b"\nendstream endobj\ntrailer<</Root 1 0 R/Size 5>>\n%%EOF",
    ))  # fmt: skip


@maker("bomb.numbers")
def numbers_bomb() -> bytes:
    """A spreadsheet whose packed XML unpacks to 400 MB."""
    return zipped({"index.xml.gz": gzip.compress(b"<a>" + b"\0" * (400 * MEBI))})


@maker("object.doc")
def object_loop() -> bytes:
    """A compound file whose sectors follow one another in a circle."""
    head = struct.pack("<8s16sHHHHH6sIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6, b"",
                       0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)  # fmt: skip
    table = struct.pack("<128I", 0xFFFFFFFD, 2, 1, *[0xFFFFFFFF] * 125)
    return head + struct.pack("<109I", 0, *[0xFFFFFFFF] * 108) + table + b"\0" * 1024
