"""Markdown: front matter to properties, headings to a title, tags and wikilinks read, code set apart.

The text stays Markdown, because it reads well as it is; only what is machinery goes: front matter, comments, the
brackets of wikilinks, embedded files. Understands YAML ("---", Jekyll and Obsidian) and TOML ("+++", Hugo) front
matter, Obsidian's `[[links|shown]]`, `#tags` and `%%comments%%`, Bear's `#nested/tags#`, and Joplin's exported metadata
lines.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from extractors.document import Document, Domain, Role, Span
from extractors.formats.plain import read_text, title_of
from extractors.normalise import clean, one_line, parse_date
from extractors.options import Options
from extractors.results import Item, Skip

MAX_FRONT_MATTER = 64 * 1024

_HEADING = re.compile(r"^ {0,3}#{1,6}[ \t]+(.+?)[ \t]*#*$", re.MULTILINE)
_SETEXT = re.compile(r"\A\s*([^\n#>|*\-][^\n]{0,200})\n(?:={3,}|-{3,})\n")
_FENCE = re.compile(
    r"^( {0,3})(`{3,}|~{3,})[^\n]*\n(?:.*?\n)??\1?\2[`~]*[ \t]*$", re.MULTILINE | re.DOTALL
)
# What must not stand before the sign is asked after it: `re` is many times as fast when it can look for "#" first.
_TAG = re.compile(r"#(?<![\w#/&;(\[]#)([^\W\d_][\w/-]*)")
_WIKILINK = re.compile(r"(!?)\[\[([^\[\]\n|]{1,300})(?:\|([^\[\]\n]{0,300}))?\]\]")
_COMMENT = re.compile(r"%%.*?%%|<!--.*?-->", re.DOTALL)
_JOPLIN_LINE = re.compile(r"[a-z_]{2,40}: .*|[a-z_]{2,40}:$")

_DATE_KEYS = (
    "date",
    "created",
    "created_at",
    "creation_date",
    "day",
    "created_time",
    "datecreated",
)
_TAG_KEYS = ("tags", "tag", "keywords", "categories", "category", "labels")
_TITLE_KEYS = ("title", "name")
_AUTHOR_KEYS = ("author", "authors", "by", "creator")


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a Markdown file as one document."""
    text = read_text(path, options)
    if not text.strip():
        yield Skip("empty")
        return
    yield document_from(text, origin, title_of(path), options.domain or Domain.NOTES)


def document_from(
    text: str, origin: str, fallback_title: str, domain: Domain, kind: str = "markdown"
) -> Document:
    """Make a document of normalised Markdown text.

    Args:
        text: normalised text, front matter included.
        origin: the document's origin.
        fallback_title: used when neither front matter nor a heading gives one.
        domain: the document's domain.
        kind: the document's kind.
    """
    fields, body = split_front_matter(text)
    if not fields:
        fields, body = _split_joplin(body)
    tags = _tags(fields, body)
    linked = _linked(body)
    body = _readable(body)
    known = {key.lower(): value for key, value in fields.items()}
    title = _first(known, _TITLE_KEYS) or _heading(body) or fallback_title
    return Document(
        origin=origin,
        domain=domain,
        kind=kind,
        title=one_line(title) or fallback_title,
        text=body if body.strip() else one_line(title),
        author=one_line(_first(known, _AUTHOR_KEYS)),
        date=parse_date(_first(known, _DATE_KEYS)),
        tags=tags,
        properties=tuple(
            (one_line(key.replace("_", " ").capitalize()), one_line(value, 1000))
            for key, value in fields.items()
            if value and key.lower() not in _TAG_KEYS
        )
        + ((("Links", linked),) if linked else ()),
        spans=_code_spans(body),
    )


def split_front_matter(text: str) -> tuple[dict[str, str], str]:
    """Split YAML or TOML front matter off a text.

    Returns:
        Its fields, lists joined by ", " and nested tables left out, and the text below. A front matter that does not
        parse is left in the text.
    """
    fence = text[:3]
    if fence not in ("---", "+++") or text[3:4] != "\n":
        return {}, text
    end = text.find(f"\n{fence}", 3, MAX_FRONT_MATTER)
    if end < 0:
        return {}, text
    after = text.find("\n", end + 1)
    if text[end + 4 : after if after >= 0 else None].strip("-+. "):
        return {}, text
    head, body = text[4 : end + 1], text[after + 1 :] if after >= 0 else ""
    fields = _yaml_fields(head) if fence == "---" else _toml_fields(head)
    return (fields, body.lstrip("\n")) if fields is not None else ({}, text)


def _yaml_fields(head: str) -> dict[str, str] | None:
    import yaml

    # The base loader leaves every scalar as it was written: dates, yes/no and numbers keep the person's form.
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    try:
        loaded = yaml.load(head, Loader=loader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return None
    return _flatten(loaded) if isinstance(loaded, dict) else ({} if loaded is None else None)


def _toml_fields(head: str) -> dict[str, str] | None:
    try:
        return _flatten(tomllib.loads(head))
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _flatten(table: Mapping[Any, object]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for key, value in table.items():
        shown = _shown(value)
        if shown is not None:
            fields[str(key)] = shown
    return fields


def _shown(value: object) -> str | None:
    if isinstance(value, str | int | float | bool):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, list):
        return ", ".join(str(item) for item in value[:100] if isinstance(item, str | int | float))
    return None


def _split_joplin(text: str) -> tuple[dict[str, str], str]:
    """Split off the block of `key: value` lines that Joplin's RAW export writes below a note (`id:` … `type_:`)."""
    if "\ntype_: " not in text[-400:]:
        return {}, text
    lines = text.rstrip("\n").split("\n")
    first = len(lines)
    while first > 0 and _JOPLIN_LINE.fullmatch(lines[first - 1]):
        first -= 1
    fields = {}
    for line in lines[first:]:
        key, _, value = line.partition(":")
        if key in ("created_time", "author", "source_url", "updated_time") and value.strip():
            fields[key] = value.strip()
    body = "\n".join(lines[:first]).strip("\n")
    title, _, rest = body.partition("\n")
    return {"title": title, **fields}, rest.strip("\n") or title


def _tags(fields: Mapping[str, str], body: str) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for key, value in fields.items():
        if key.lower() in _TAG_KEYS:
            separator = "," if "," in value else None
            for tag in value.split(separator):
                found[one_line(tag.strip().lstrip("#"))] = None
    if "#" in body:
        for match in _TAG.finditer(_FENCE.sub("", body) if _has_fence(body) else body):
            found[match.group(1).rstrip("/-")] = None
    return tuple(tag for tag in found if tag)


def _linked(body: str) -> str:
    """Return the names of the notes that a note links to, headings and blocks in them left out."""
    if "[[" not in body:
        return ""
    targets = (match.group(2) for match in _WIKILINK.finditer(body) if not match.group(1))
    names = dict.fromkeys(re.split(r"[#^]", target)[0].strip() for target in targets)
    return one_line(", ".join(name for name in names if name), 1000)


def _readable(body: str) -> str:
    """Take machinery out of the text: comments, the brackets of wikilinks, embedded files."""
    plain = body
    if "[[" in plain:
        plain = _WIKILINK.sub(
            lambda match: "" if match.group(1) else (match.group(3) or match.group(2)).strip(),
            plain,
        )
    if "%%" in plain or "<!--" in plain:
        plain = _COMMENT.sub("", plain)
    return clean(plain).strip("\n") if plain is not body else body.strip("\n")


def _heading(body: str) -> str:
    top = body[:2000]
    setext = _SETEXT.match(top)
    if setext:
        return setext.group(1)
    heading = _HEADING.search(top)
    return heading.group(1) if heading else ""


def _code_spans(body: str) -> tuple[Span, ...]:
    if not _has_fence(body):
        return ()
    return tuple(
        Span(match.start(), match.end(), Role.CODE)
        for match in _FENCE.finditer(body)
        if match.end() > match.start()
    )


def _has_fence(body: str) -> bool:
    return "```" in body or "~~~" in body


def _first(known: Mapping[str, str], keys: tuple[str, ...]) -> str:
    for key in keys:
        if known.get(key):
            return known[key]
    return ""
