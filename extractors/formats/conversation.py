"""What all chats share: messages in time order, grouped into conversations by silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from extractors.compose import Composer
from extractors.document import Document, Domain
from extractors.normalise import one_line
from extractors.options import Options

# People who come back after a night's sleep begin anew.
SILENCE = timedelta(hours=6)
# A group that never sleeps is cut after so many messages all the same.
MAX_MESSAGES = 400
# The person whose account it is, where a source tells only that a message went out.
OWNER = "Me"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a chat: who, what, when."""

    speaker: str
    words: str
    at: datetime | None


def conversations(
    messages: Iterable[Message], name: str, origin: str, kind: str, options: Options
) -> Iterator[Document]:
    """Group a chat's messages into conversations, each a document.

    Args:
        messages: in the order of time.
        name: the chat's name, or the people in it.
        origin: the chat's origin; a conversation's is that and the moment it began, so that it stays the same when the
            chat grows.
        kind: the documents' kind.
        options: what the format is told.
    """
    seen: dict[str, int] = {}
    for group in _groups(messages):
        composer = Composer()
        for message in group:
            composer.say(message.speaker, message.words, message.at)
        if composer.empty:
            continue
        began = next((message.at for message in group if message.at), None)
        part = began.strftime("%Y-%m-%dT%H:%M") if began else "undated"
        seen[part] = seen.get(part, 0) + 1
        if seen[part] > 1:
            part = f"{part}/{seen[part]}"
        people = tuple(dict.fromkeys(message.speaker for message in group if message.speaker))
        named = (
            ("Chat", name),
            ("People", ", ".join(people[:30])),
            ("Start", f"{began:%Y-%m-%d %H:%M}" if began else ""),
        )
        yield Document(
            origin=f"{origin}/{part}" if "#" in origin else f"{origin}#{part}",
            domain=options.domain or Domain.CHATS,
            kind=kind,
            title=one_line(f"{name or ', '.join(people[:5])} {began:%Y-%m-%d}" if began else name)
            or kind,
            text=composer.text(),
            recipients=people,
            date=began,
            thread=origin,
            properties=tuple((key, value) for key, value in named if value),
            turns=composer.turns(),
        )


def _groups(messages: Iterable[Message]) -> Iterator[Sequence[Message]]:
    group: list[Message] = []
    last: datetime | None = None
    for message in messages:
        pause = message.at - last if message.at and last else timedelta()
        if group and (pause > SILENCE or len(group) >= MAX_MESSAGES):
            yield group
            group = []
        group.append(message)
        last = message.at or last
    if group:
        yield group
