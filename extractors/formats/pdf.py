"""PDF: text by pages with columns in order, form fields, metadata; pages without text go to character recognition.

PDFium (pypdfium2) reads what the others read at a fraction of their time; it is not safe in threads, which a worker has
none of. It has no cap on inflation, so a file that kills it is read again by pypdf, which has one.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from extractors.compose import Composer
from extractors.document import Document, Domain
from extractors.files import open_regular
from extractors.formats import pictures
from extractors.formats.attachments import attached_documents
from extractors.formats.plain import title_of
from extractors.normalise import clean, join_hard_wraps, one_line
from extractors.options import MEBI, Options
from extractors.results import CannotRead, FailureKind, Item, Skip

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument, PdfPage

MAX_PAGES = 20_000
MAX_ATTACHMENT_BYTES = 64 * MEBI
# Recognition takes seconds for each page: a scanned book is read as far as this.
MAX_SCANNED_PAGES = 50
OCR_SCALE = 200 / 72  # 200 dots an inch, of 72 points each
_DATE = re.compile(
    r"(?:D:)?(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:([+\-Z])(\d{2})?'?(\d{2})?)?"
)
_NOTES = (
    1,
    3,
    9,
    10,
    12,
)  # FPDF_ANNOT_TEXT, FREETEXT, HIGHLIGHT, UNDERLINE, STRIKEOUT (fpdf_annot.h)
_HYPHEN_MARK = "\ufffe"  # PDFium's sign for a hyphen at a line end


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a PDF as one document."""
    with open_regular(path):
        pass
    pages, known, scanned = _with_pypdf(path) if options.reduced else _with_pdfium(path, options)
    composer = Composer()
    for text in pages:
        composer.add(text, gap="\n\n")
        if composer.length > options.max_text_characters:
            break
    if composer.empty:
        if scanned and not pictures.can_recognise():
            yield Skip("scanned without text recognition")
        else:
            yield Skip("no text")
        if not options.reduced:
            yield from _attached(path, origin, options)
        return
    title, author = one_line(known.get("Title", "")), one_line(known.get("Author", ""))
    written = pdf_date(known.get("CreationDate", ""))
    named = (
        ("Title", title),
        ("Author", author),
        ("Subject", one_line(known.get("Subject", ""))),
        ("Keywords", one_line(known.get("Keywords", ""))),
        ("Created", f"{written:%Y-%m-%d}" if written else ""),
    )
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind="pdf",
        title=title if _telling(title) else title_of(path),
        text=composer.text(),
        author=author,
        date=written,
        properties=tuple((name, value) for name, value in named if value),
    )
    if not options.reduced:
        yield from _attached(path, origin, options)


def _attached(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read the files attached to a PDF, and the parts of a portfolio, as documents of their own."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError:
        return
    with contextlib.closing(document):
        for index in range(min(document.count_attachments(), options.max_parts)):
            try:
                attachment = document.get_attachment(index)
                name, data = attachment.get_name(), bytes(attachment.get_data())
            except pypdfium2.PdfiumError:
                yield Skip("damaged attachment")
                continue
            if len(data) > MAX_ATTACHMENT_BYTES:
                yield Skip("large attachment")
            elif data:
                yield from attached_documents(data, name, origin, options)


def pdf_date(value: str) -> datetime | None:
    """Read a date of PDF's own form (ISO 32000-2, 7.9.4): D:YYYYMMDDHHmmSSOHH'mm."""
    match = _DATE.match(value.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, sign, zone_hour, zone_minute = match.groups()
    written = (
        f"{year}-{month or '01'}-{day or '01'}T{hour or '00'}:{minute or '00'}:{second or '00'}"
    )
    if sign == "Z":
        written += "+00:00"
    elif sign and zone_hour:
        written += f"{sign}{zone_hour}:{zone_minute or '00'}"
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        return None


def _telling(title: str) -> bool:
    """Tell a title from what programs write for want of one: file names and "Microsoft Word - …"."""
    return len(title) > 2 and not re.search(
        r"(?i)^(?:microsoft (?:word|powerpoint|excel)|untitled|document\d*$)|\.(?:docx?|pptx?|xlsx?|pdf|tex|dvi|indd|qxd|odt|rtf|html?)$",
        title,
    )


def _with_pdfium(path: Path, options: Options) -> tuple[list[str], dict[str, str], bool]:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower() or "security" in str(error).lower():
            raise CannotRead("it is protected by a password", FailureKind.ENCRYPTED) from error
        # PDFium gives up on some files that pypdf mends.
        return _with_pypdf(path)
    with contextlib.closing(document):
        known = {
            name: str(value) for name, value in document.get_metadata_dict(skip_empty=True).items()
        }
        document.init_forms()
        pages: list[str] = []
        scanned = recognised = 0
        for number in range(min(len(document), MAX_PAGES)):
            text, pictured = _page(document, number)
            if not text.strip() and pictured:
                scanned += 1
                if (
                    options.read_pictures
                    and not options.reduced
                    and recognised < MAX_SCANNED_PAGES
                    and pictures.can_recognise()
                ):
                    recognised += 1
                    options.alive()
                    text = _recognised(document, number)
            pages.append(text)
    return pages, known, scanned > 0


def _page(document: PdfDocument, number: int) -> tuple[str, bool]:
    """Return a page's text and whether anything is drawn on it; a page that is damaged has no text."""
    import pypdfium2

    try:
        page = document[number]
    except pypdfium2.PdfiumError:
        return "", False
    with contextlib.closing(page):
        with contextlib.closing(page.get_textpage()) as reader:
            text = reader.get_text_bounded() or reader.get_text_range()
        text = _mended(text)
        fields = _form_values(document, page)
        if fields:
            text = "\n".join([text, *(line for line in fields if line not in text)])
        return text, bool(text.strip()) or any(True for _ in page.get_objects(max_depth=1))


def _mended(text: str) -> str:
    """Undo hyphenation that PDFium marks, and hard wraps."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = re.sub(f"{_HYPHEN_MARK}\n?", "", text)
    # PDFium turns the ligature of lam and an alef with hamza around; no Arabic word has the letters in that order.
    text = re.sub("\u0627([\u0622\u0623\u0625])\u0644", "\u0627\u0644\\1", text)
    return join_hard_wraps(clean(text))


def _form_values(document: PdfDocument, page: PdfPage) -> list[str]:
    """Return "name: value" of the form fields on a page that a person filled in, and the notes put on it."""
    import pypdfium2.raw as raw

    found: list[str] = []
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), 2000)):
        annotation = raw.FPDFPage_GetAnnot(page, index)
        if not annotation:
            continue
        try:
            if raw.FPDFAnnot_GetSubtype(annotation) in _NOTES:
                words = _wide(
                    lambda buffer, size, a=annotation: raw.FPDFAnnot_GetStringValue(
                        a, b"Contents", buffer, size
                    )
                )
                found += [f"Note: {one_line(words, 2000)}"] if words.strip() else []
                continue
            if (
                document.formenv is None
                or raw.FPDFAnnot_GetSubtype(annotation) != raw.FPDF_ANNOT_WIDGET
            ):
                continue
            value = _wide(
                lambda buffer, size, a=annotation: raw.FPDFAnnot_GetFormFieldValue(
                    document.formenv, a, buffer, size
                )
            )
            name = _wide(
                lambda buffer, size, a=annotation: raw.FPDFAnnot_GetFormFieldName(
                    document.formenv, a, buffer, size
                )
            )
            if one_line(value) and one_line(value) != "Off":
                found.append(f"{one_line(name)}: {one_line(value)}")
        finally:
            raw.FPDFPage_CloseAnnot(annotation)
    return found


def _wide(call: object) -> str:
    """Call a function of PDFium that fills a buffer with UTF-16, twice: for its size, then for its text."""
    import ctypes

    assert callable(call)
    size = call(None, 0)
    if not 2 < size < 200_000:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    call(buffer, size)
    return bytes(buffer)[: size - 2].decode("utf-16-le", "replace")


def _recognised(document: PdfDocument, number: int) -> str:
    page = document[number]
    with contextlib.closing(page):
        width, height = page.get_size()
        # A page of a hundred square metres would be rendered into memory as a whole.
        scale = min(OCR_SCALE, 4000 / max(width, height, 1))
        image = page.render(scale=scale, grayscale=True).to_pil()
    return pictures.recognise(image)


def _with_pypdf(path: Path) -> tuple[list[str], dict[str, str], bool]:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(path)
        if reader.is_encrypted and not reader.decrypt(""):
            raise CannotRead("it is protected by a password", FailureKind.ENCRYPTED)
        known = {key.lstrip("/"): str(value) for key, value in (reader.metadata or {}).items()}
        pages: list[str] = []
        for page in reader.pages[:MAX_PAGES]:
            pages.append(join_hard_wraps(clean(page.extract_text())))
    except PyPdfError as error:
        raise CannotRead("it is damaged, or holds more than is read of one file") from error
    return pages, known, False
