"""XML read as a stream with expat: entities are never declared, external ones never fetched, depth is limited."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import BinaryIO, Protocol
from xml.parsers import expat

from extractors.results import CannotRead, FailureKind

MAX_DEPTH = 2000
CHUNK = 256 * 1024


class _Damaged(CannotRead):
    """Raised where XML is not well-formed; what came before can be kept."""


class Handler(Protocol):
    """What a reader of one kind of XML does at each element; names come without their namespaces."""

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """An element begins; attribute names come without their namespaces too."""

    def end(self, name: str) -> None:
        """An element ends."""

    def data(self, text: str) -> None:
        """Text stands between tags; one stretch may come in pieces."""


def parse(source: BinaryIO | bytes, handler: Handler, lenient: bool = False) -> None:
    """Feed XML to a handler.

    A document type is allowed (Evernote's exports have one), entity declarations are not: they have no use here, and
    are how a small file becomes a large one.

    Args:
        source: a stream, or all bytes.
        handler: gets the elements.
        lenient: keep what came before a fault instead of raising.

    Raises:
        CannotRead: entities are declared, it is nested too deep, or it is not well-formed.
    """
    try:
        for _ in steps(source, handler):
            pass
    except _Damaged:
        if not lenient:
            raise


def steps(source: BinaryIO | bytes, handler: Handler) -> Iterator[None]:
    """Feed XML to a handler chunk by chunk, so that what it gathered can be taken from it between two of them.

    Raises:
        CannotRead: as for `parse`.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    depth = 0

    def start(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise CannotRead("its elements are nested too deep", FailureKind.TOO_DEEP)
        handler.start(_local(name), {_local(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(_local(name))

    def refuse_entity(*_: object) -> None:
        raise CannotRead("it declares entities, which are not read", FailureKind.DAMAGED)

    def skip_external(*_: object) -> int:
        return 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handler.data
    parser.EntityDeclHandler = refuse_entity
    parser.ExternalEntityRefHandler = skip_external
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    try:
        if isinstance(source, bytes):
            parser.Parse(source, True)
        else:
            while chunk := source.read(CHUNK):
                parser.Parse(chunk, False)
                yield
            parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, LookupError) as error:
        raise _Damaged("its XML is damaged or cut off") from error
    yield


def _local(name: str) -> str:
    return name.rsplit(" ", 1)[-1]


class Fields:
    """A handler that keeps the text of leaf elements: for small metadata parts."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self._text: list[str] = []

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Begin collecting anew."""
        self._text = []

    def end(self, name: str) -> None:
        """Keep the first text of each name."""
        text = "".join(self._text).strip()
        if text:
            self.values.setdefault(name, text)
        self._text = []

    def data(self, text: str) -> None:
        """Collect."""
        self._text.append(text)
