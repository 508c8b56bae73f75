"""Visited pages and bookmarks of Safari, Chrome and Firefox; read only when the person asked for them."""

from __future__ import annotations

import json
import plistlib
import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from xml.parsers.expat import ExpatError

from extractors.compose import Composer
from extractors.document import Document, Domain
from extractors.files import read_whole
from extractors.formats.databases import apple_moment, chrome_moment, columns, open_copy
from extractors.normalise import from_timestamp, one_line
from extractors.options import MEBI, Options
from extractors.results import CannotRead, Item, Skip

MAX_BOOKMARKS_BYTES = 64 * MEBI
MAX_DEPTH = 50

_SAFARI = """SELECT visit.visit_time AS moment, visit.title AS title, item.url AS url
    FROM history_visits AS visit JOIN history_items AS item ON item.id = visit.history_item ORDER BY visit.visit_time"""
_CHROME = """SELECT visits.visit_time AS moment, urls.title AS title, urls.url AS url
    FROM visits JOIN urls ON urls.id = visits.url WHERE urls.hidden = 0 ORDER BY visits.visit_time"""
_FIREFOX = """SELECT visit.visit_date AS moment, place.title AS title, place.url AS url
    FROM moz_historyvisits AS visit JOIN moz_places AS place ON place.id = visit.place_id
    WHERE place.hidden = 0 ORDER BY visit.visit_date"""
_FIREFOX_BOOKMARKS = """SELECT bookmark.title AS title, place.url AS url, folder.title AS folder
    FROM moz_bookmarks AS bookmark JOIN moz_places AS place ON place.id = bookmark.fk
    LEFT JOIN moz_bookmarks AS folder ON folder.id = bookmark.parent WHERE bookmark.type = 1 ORDER BY bookmark.id"""


def extract_history(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a browser's history; a document for each day, its origin `path#day`."""
    if not options.include_history:
        yield Skip("browser history, not asked for")
        return
    with open_copy(path, options) as connection:
        if columns(connection, "history_visits"):
            yield from _days(connection, _SAFARI, apple_moment, "safari", origin, options)
        elif columns(connection, "visits") and columns(connection, "urls"):
            yield from _days(connection, _CHROME, chrome_moment, "chrome", origin, options)
        elif columns(connection, "moz_historyvisits"):
            yield from _days(connection, _FIREFOX, _firefox_moment, "firefox", origin, options)
            rows = [
                (row["folder"], row["title"], row["url"])
                for row in connection.execute(_FIREFOX_BOOKMARKS)
            ]
            yield from _bookmarks(rows, "firefox", f"{origin}#bookmarks", options)
        else:
            raise CannotRead("it is no history that is known here")


def extract_chrome_bookmarks(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read Chrome's `Bookmarks`, a JSON file."""
    if not options.include_history:
        yield Skip("bookmarks, not asked for")
        return
    try:
        roots = json.loads(read_whole(path, MAX_BOOKMARKS_BYTES))["roots"]
        rows = [
            row for root in roots.values() if isinstance(root, dict) for row in _chrome_nodes(root)
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CannotRead("its bookmarks are damaged") from error
    yield from _bookmarks(rows, "chrome", origin, options)


def extract_safari_bookmarks(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read Safari's `Bookmarks.plist`."""
    if not options.include_history:
        yield Skip("bookmarks, not asked for")
        return
    try:
        rows = list(_safari_nodes(plistlib.loads(read_whole(path, MAX_BOOKMARKS_BYTES))))
    except (
        plistlib.InvalidFileException,
        ExpatError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise CannotRead("its bookmarks are damaged") from error
    yield from _bookmarks(rows, "safari", origin, options)


Row = tuple[object, object, object]


def _days(
    connection: sqlite3.Connection,
    query: str,
    clock: Callable[[object], datetime | None],
    kind: str,
    origin: str,
    options: Options,
) -> Iterator[Item]:
    day, composer, seen = "", Composer(), set[str]()
    for row in connection.execute(query):
        moment = clock(row["moment"])
        title = one_line(str(row["title"] or ""))
        if moment is None or not title:
            continue
        today = f"{moment:%Y-%m-%d}"
        if today != day:
            yield from _day(composer, day, kind, origin, options)
            day, composer, seen = today, Composer(), set()
        line = f"{title} ({str(row['url']).partition('?')[0]})"
        if line not in seen:
            seen.add(line)
            composer.add(f"{moment:%H:%M} {line}")
    yield from _day(composer, day, kind, origin, options)


def _day(composer: Composer, day: str, kind: str, origin: str, options: Options) -> Iterator[Item]:
    if composer.empty:
        return
    yield Document(
        origin=f"{origin}#{day}",
        domain=options.domain or Domain.FILES,
        kind=f"{kind}-history",
        title=f"Pages visited on {day}",
        text=composer.text(),
        date=datetime.fromisoformat(day),
    )


def _bookmarks(rows: list[Row], kind: str, origin: str, options: Options) -> Iterator[Item]:
    composer = Composer()
    last: object = None
    for folder, title, url in rows:
        if folder != last:
            composer.add(one_line(str(folder or "")), gap="\n\n")
            last = folder
        composer.add(f"- {one_line(str(title or url))} ({one_line(str(url), 500)})")
    if composer.empty:
        yield Skip("no bookmarks")
        return
    yield Document(
        origin=origin,
        domain=options.domain or Domain.FILES,
        kind=f"{kind}-bookmarks",
        title=f"Bookmarks of {kind.capitalize()}",
        text=composer.text(),
    )


def _firefox_moment(value: object) -> datetime | None:
    return from_timestamp(value / 1e6) if isinstance(value, int) else None


def _chrome_nodes(root: dict[str, object]) -> Iterator[Row]:
    stack: list[tuple[dict[str, object], object, int]] = [(root, "", 0)]
    while stack:
        node, folder, depth = stack.pop()
        if node.get("type") == "url":
            yield folder, node.get("name"), node.get("url")
        children = node.get("children")
        if isinstance(children, list) and depth < MAX_DEPTH:
            stack.extend(
                (child, node.get("name"), depth + 1)
                for child in reversed(children)
                if isinstance(child, dict)
            )


def _safari_nodes(root: dict[str, object]) -> Iterator[Row]:
    stack: list[tuple[dict[str, object], object, int]] = [(root, "", 0)]
    while stack:
        node, folder, depth = stack.pop()
        url = node.get("URLString")
        names = node.get("URIDictionary")
        if isinstance(url, str):
            yield folder, names.get("title") if isinstance(names, dict) else None, url
        children = node.get("Children")
        if isinstance(children, list) and depth < MAX_DEPTH:
            stack.extend(
                (child, node.get("Title"), depth + 1)
                for child in reversed(children)
                if isinstance(child, dict)
            )
