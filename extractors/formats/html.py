"""HTML → readable text: blocks on lines of their own, lists and tables kept, quotes marked, scripts and styles gone.

Parsing is lexbor's (selectolax): it reads like browsers do and does not fall behind on broken markup. Its time grows
with the square of nesting and of attributes on one tag; the worker's limits hold that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from extractors import charset
from extractors.document import Document, Domain
from extractors.files import read_whole
from extractors.formats.plain import title_of
from extractors.normalise import clean, one_line, parse_date
from extractors.options import Options
from extractors.results import Item, Skip

if TYPE_CHECKING:
    from selectolax.lexbor import LexborHTMLParser, LexborNode

MAX_LINKS = 30
# So far above a link a menu is looked for.
FURNITURE_DEPTH = 12
_META_CHARSET = re.compile(
    rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE
)
_XML_ENCODING = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w.:-]{1,40})""")
_SPACE = re.compile(r"[ \t\n\r\f\xa0]+")

_IGNORED = frozenset(
    "head script style noscript template svg math iframe object embed canvas audio video select datalist button input"
    " textarea meta link title nav dialog".split()
)
# A nav or a form control carries no reading text; a form may wrap a whole page and is entered.
_BLOCKS = frozenset(
    "address article aside blockquote body center dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4"
    " h5 h6 header hr html legend li main menu ol p pre section summary table tbody tfoot thead tr ul caption".split()
)
_SPACED = frozenset("p h1 h2 h3 h4 h5 h6 blockquote pre table ul ol dl section article".split())
_CELLS = frozenset(("td", "th"))
_HIDDEN = re.compile(
    r"display\s*:\s*none|mso-hide\s*:\s*all|visibility\s*:\s*hidden", re.IGNORECASE
)
_QUOTE_CLASSES = (
    "gmail_quote_container",
    "gmail_extra_quote",
    "yahoo_quoted",
    "moz-cite-prefix-quote",
)


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read an HTML file as one document."""
    data = read_whole(path, options.max_text_bytes)
    if not data.strip():
        yield Skip("empty")
        return
    yield from page(decode(data), origin, title_of(path), options.domain or Domain.FILES)


def page(
    html: str, origin: str, fallback_title: str, domain: Domain, kind: str = "html"
) -> Iterator[Item]:
    """Make a document of a page: the main text where the page has menus around it, the whole text otherwise."""
    tree = parse(html)
    text = main_text(html, tree)
    title = _title(tree) or fallback_title
    if not text.strip():
        yield Skip("no text")
        return
    yield Document(
        origin=origin,
        domain=domain,
        kind=kind,
        title=title,
        text=text,
        author=_meta(tree, ("author", "article:author", "dc.creator")),
        date=parse_date(
            _meta(tree, ("article:published_time", "date", "dc.date", "dcterms.created"))
        ),
        tags=tuple(
            one_line(word) for word in _meta(tree, ("keywords",)).split(",") if word.strip()
        )[:50],
        properties=tuple(
            (name, value)
            for name, value in (
                ("Title", title),
                ("Description", _meta(tree, ("description", "og:description"))),
                ("Site", _meta(tree, ("og:site_name",))),
                ("Links", ", ".join(links(tree))),
            )
            if value
        ),
    )


def decode(data: bytes, declared: str = "") -> str:
    """Decode a page: byte-order mark, the transport's word, the page's own, then detection."""
    if not declared:
        match = _XML_ENCODING.search(data[:1024]) or _META_CHARSET.search(data[:4096])
        declared = match.group(1).decode("ascii", "replace") if match else ""
    return charset.repair_mojibake(charset.decode(data, declared))


def parse(html: str) -> LexborHTMLParser:
    """Parse a page."""
    from selectolax.lexbor import LexborHTMLParser

    return LexborHTMLParser(html.replace("\0", ""))


def main_text(html: str, tree: LexborHTMLParser) -> str:
    """Return a saved page's main text; the whole text where the page is not framed by menus or nothing main is found.

    The main text is trafilatura's, which was measured to keep what people would call the article (F1 .94 against .67
    for whole pages); it is asked only for pages that have the furniture of a web site.
    """
    whole = readable(tree)
    furniture = sum(
        1
        for name in ("nav", "aside", "footer", "header", "[role=navigation]")
        if tree.css_first(name)
    )
    if furniture < 2 or len(whole) < 500:
        return whole
    import trafilatura

    main = trafilatura.extract(
        html, include_comments=False, include_tables=True, favor_recall=True, no_fallback=True
    )
    main = clean(main or "").strip("\n")
    # Where the library keeps next to nothing it has misjudged the page.
    return main if len(main) >= 0.25 * len(whole) or len(main) >= 1500 else whole


def readable(tree: LexborHTMLParser) -> str:
    """Return the whole readable text of a page."""
    root = tree.body or tree.root
    return _Writer().write(root) if root is not None else ""


def links(tree: LexborHTMLParser) -> tuple[str, ...]:
    """Return where the links of a page or fragment lead, each once, menus' left out, at most `MAX_LINKS`."""
    found: dict[str, None] = {}
    for node in tree.css("a[href]"):
        target = (node.attributes.get("href") or "").strip()
        if target.startswith(("https://", "http://")) and not _in_furniture(node):
            found[one_line(target, 300)] = None
        if len(found) >= MAX_LINKS:
            break
    return tuple(found)


def _in_furniture(node: LexborNode) -> bool:
    above = node.parent
    for _ in range(FURNITURE_DEPTH):
        if above is None:
            return False
        if above.tag in ("nav", "aside", "footer", "header"):
            return True
        above = above.parent
    return False


def to_text(html: str) -> str:
    """Return the readable text of a fragment or page, normalised; quoted mail marked with ">"."""
    return readable(parse(html))


class _Writer:
    """Walks a tree without recursion and writes its text.

    Pieces of one line gather in `_line`; `_break` ends the line. Prefixes of the open blocks ("> ", "  ") stand before
    each line, and a list item's bullet before its first.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes = 0
        self._lists: list[int | None] = []
        self._bullet = ""
        self._pre = 0
        self._cells = 0

    def write(self, root: LexborNode) -> str:
        stack: list[tuple[LexborNode, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            tag = node.tag or ""
            if leaving:
                self._leave(node, tag)
                continue
            if tag == "-text":
                self._text(node.text_content or "")
                continue
            if tag in _IGNORED or not tag or tag[0] in "-!_" or _hidden(node):
                continue
            self._enter(node, tag)
            stack.append((node, True))
            child = node.last_child
            while child is not None:
                stack.append((child, False))
                child = child.prev
        self._break()
        return clean("\n".join(self._lines)).strip("\n")

    def _enter(self, node: LexborNode, tag: str) -> None:
        if tag == "br":
            self._break(keep_blank=True)
        elif tag == "img":
            alt = (node.attributes.get("alt") or "").strip()
            if len(alt) > 2:
                self._text(f" {alt} ")
        elif tag in _CELLS:
            if self._cells and "".join(self._line).strip():
                self._line.append(" | ")
            self._cells += 1
        elif tag in _BLOCKS:
            self._break()
            if tag in _SPACED and not self._lists:
                self._blank()
            if tag == "pre":
                self._pre += 1
            elif tag in ("ul", "ol", "menu"):
                self._lists.append(_start_number(node) if tag == "ol" else None)
            elif tag == "li":
                self._item(node)
            elif tag == "tr":
                self._cells = 0
            elif _is_quote(node, tag):
                self._quotes += 1

    def _leave(self, node: LexborNode, tag: str) -> None:
        if tag not in _BLOCKS:
            return
        self._break()
        if tag == "pre":
            self._pre -= 1
        elif tag in ("ul", "ol", "menu"):
            self._lists.pop()
        elif _is_quote(node, tag):
            self._quotes -= 1
        if tag in _SPACED and not self._lists:
            self._blank()

    def _item(self, node: LexborNode) -> None:
        done = node.attributes.get("data-checked") or ""
        if self._lists and self._lists[-1] is not None:
            number = self._lists[-1]
            self._bullet = f"{number}. "
            self._lists[-1] = number + 1
        else:
            self._bullet = "- "
        if done:
            self._bullet += "[x] " if done == "true" else "[ ] "

    def _text(self, text: str) -> None:
        if self._pre:
            first, *rest = text.split("\n")
            self._line.append(first)
            for line in rest:
                self._break(keep_blank=True)
                self._line.append(line)
            return
        text = _SPACE.sub(" ", text)
        if text == " " and (not self._line or self._line[-1].endswith(" ")):
            return
        self._line.append(text)

    def _break(self, keep_blank: bool = False) -> None:
        line = "".join(self._line)
        line = line.rstrip() if self._pre else _SPACE.sub(" ", line).strip()
        self._line.clear()
        if not line:
            if keep_blank:
                self._lines.append("> " * self._quotes)
            return
        indent = "  " * (len(self._lists) - 1) if len(self._lists) > 1 else ""
        self._lines.append("> " * self._quotes + indent + self._bullet + line)
        self._bullet = ""

    def _blank(self) -> None:
        if self._lines and self._lines[-1].strip("> "):
            self._lines.append("> " * self._quotes)


def _hidden(node: LexborNode) -> bool:
    attributes = node.attributes
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    return bool(style) and bool(_HIDDEN.search(style or ""))


def _is_quote(node: LexborNode, tag: str) -> bool:
    """Tell whether an element holds quoted mail: a cite blockquote, or the wrapper of a mail program."""
    if tag == "blockquote":
        return True
    if tag != "div":
        return False
    classes = node.attributes.get("class") or ""
    return any(name in classes.split() for name in _QUOTE_CLASSES)


def _start_number(node: LexborNode) -> int:
    start = (node.attributes.get("start") or "1").strip()
    return int(start) if start.isdigit() and len(start) < 6 else 1


def _title(tree: LexborHTMLParser) -> str:
    for selector in ("head title", "title", "h1"):
        node = tree.css_first(selector)
        if node is not None:
            title = one_line(node.text(deep=True) or "")
            if title:
                return title
    return ""


def _meta(tree: LexborHTMLParser, names: tuple[str, ...]) -> str:
    for name in names:
        for attribute in ("name", "property"):
            node = tree.css_first(f'meta[{attribute}="{name}" i]')
            if node is not None:
                content = one_line(node.attributes.get("content") or "", 1000)
                if content:
                    return content
    return ""
