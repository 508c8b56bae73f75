"""Put a document's text together from pieces while keeping track of what each stretch is.

Offsets of spans and turns must fit the normalised text, and normalising changes lengths; so every piece is brought
into its final form before it is laid down, and pieces meet at line ends, where Unicode composition never reaches across.
"""

from __future__ import annotations

from datetime import datetime

from extractors.document import Role, Span, Turn
from extractors.normalise import clean


class Composer:
    """Lays pieces of text one after the other and remembers spans and turns."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0
        self._spans: list[Span] = []
        self._turns: list[Turn] = []

    def add(self, text: str, role: Role | None = None, gap: str = "\n") -> None:
        """Lay down one piece on a line of its own.

        Args:
            text: the piece, in any form; nothing is laid down when it holds no visible character.
            role: why it is set apart, None for the author's own words.
            gap: what stands between it and the piece before ("\\n" or "\\n\\n").
        """
        piece = clean(text).strip("\n")
        if not piece.strip():
            return
        start = self._lay(piece, gap)
        if role is not None:
            self._mark(Span(start, start + len(piece), role))

    def add_composed(self, text: str, spans: tuple[Span, ...], gap: str = "\n\n") -> None:
        """Lay down a piece that is already in its final form, with its own spans."""
        if not text:
            return
        start = self._lay(text, gap)
        for span in spans:
            self._mark(Span(start + span.start, start + span.end, span.role))

    def say(self, speaker: str, words: str, at: datetime | None = None, gap: str = "\n") -> None:
        """Lay down one turn of a conversation as "speaker: words"; the turn covers the words alone."""
        said = clean(words).strip()
        if not said:
            return
        label = f"{speaker}: " if speaker else ""
        start = self._lay(label + said, gap) + len(label)
        self._turns.append(Turn(speaker, start, start + len(said), at))

    @property
    def empty(self) -> bool:
        """True while nothing has been laid down."""
        return not self._pieces

    @property
    def length(self) -> int:
        """Characters laid down so far."""
        return self._length

    def text(self) -> str:
        """Return the whole text."""
        return "".join(self._pieces)

    def spans(self) -> tuple[Span, ...]:
        """Return the spans, in order; spans of one role that touch across a line end are one."""
        return tuple(self._spans)

    def turns(self) -> tuple[Turn, ...]:
        """Return the turns, in order."""
        return tuple(self._turns)

    def _lay(self, piece: str, gap: str) -> int:
        if self._pieces:
            self._pieces.append(gap)
            self._length += len(gap)
        start = self._length
        self._pieces.append(piece)
        self._length += len(piece)
        return start

    def _mark(self, span: Span) -> None:
        if self._spans:
            last = self._spans[-1]
            if last.role is span.role and span.start - last.end <= 2:
                self._spans[-1] = Span(last.start, span.end, span.role)
                return
        self._spans.append(span)
