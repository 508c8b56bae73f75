"""WhatsApp's text exports: messages told from their continuation, from the program's own lines and from placeholders.

How a message begins is `whatsapp_header`'s. Whether the day or the month comes first is decided for the whole file.
iPhones begin what is the program's with a left-to-right mark; Android writes placeholders in angle brackets.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extractors import charset
from extractors.files import read_whole
from extractors.formats.address_book import address_book
from extractors.formats.conversation import Message, conversations
from extractors.formats.plain import title_of
from extractors.formats.whatsapp_header import Style, header, moment
from extractors.options import Options
from extractors.results import CannotRead, Item, Skip

_SPEAKER = re.compile(r"([^:\n\"“]{1,80}?) ?:[ \n\u200e](.*)", re.DOTALL)
_ANGLED = r"<[^<>\n]{3,60}>"
_FILE = re.compile(r"(?<!\S)\S{1,200}\.\w{2,5} \([^()\n]{3,40}\)(?:\n|$)")
# What stands for a picture, a sound or a deleted message, where neither sign of the program's own is there.
_PLACEHOLDER = re.compile(
    _ANGLED
    + r"|(?:image|video|audio|sticker|gif|document|contact card|bild|foto|imagen|immagine|imagem|afbeelding)\s?"
    r"(?:omitted|weggelassen|omitid[ao]|omess[oa]|ocultad[ao]|weggelaten)|null|missed (?:voice|video) call\.?",
    re.IGNORECASE,
)
# "This message was deleted", as WhatsApp says it of others and of oneself.
_DELETED = frozenset(
    sentence.casefold()
    for sentence in (
        "This message was deleted|You deleted this message|Diese Nachricht wurde gelöscht|Du hast diese Nachricht gelöscht"
        "|Ce message a été supprimé|Vous avez supprimé ce message|Se eliminó este mensaje|Eliminaste este mensaje"
        "|Este mensaje fue eliminado|Questo messaggio è stato eliminato|Hai eliminato questo messaggio|Mensagem apagada"
        "|Esta mensagem foi apagada|Você apagou esta mensagem|Apagou esta mensagem|Dit bericht is verwijderd"
        "|U hebt dit bericht verwijderd|Je hebt dit bericht verwijderd|Denne meldingen ble slettet"
        "|Du slettet denne meldingen|Detta meddelande raderades|Du raderade detta meddelande|Denne besked blev slettet"
        "|Du slettede denne besked|Tämä viesti poistettiin|Poistit tämän viestin|Ta wiadomość została usunięta"
        "|Usunięto tę wiadomość|Tato zpráva byla odstraněna|Tato zpráva byla smazána|Bu mesaj silindi|Bu mesajı sildiniz"
        "|Данное сообщение удалено|Вы удалили данное сообщение|Це повідомлення видалено|Αυτό το μήνυμα διαγράφηκε"
        "|Üzenet törölve|Acest mesaj a fost șters|Pesan ini dihapus|Pesan ini telah dihapus|Mesej ini telah dipadam"
        "|Tin nhắn này đã bị xóa|ข้อความนี้ถูกลบแล้ว|تم حذف هذه الرسالة|הודעה זו נמחקה|यह मैसेज डिलीट कर दिया गया है"
        "|このメッセージは削除されました|삭제된 메시지입니다|此消息已删除|此訊息已刪除|此讯息已删除"
    ).split("|")
)
_EDITED = re.compile(
    rf"\s*(?:\u200e{_ANGLED}|<(?:this message was edited|diese nachricht wurde bearbeitet|se editó este mensaje|ce message a été modifié"
    r"|mensagem editada|questo messaggio è stato modificato|dit bericht is bewerkt)>)\s*$",
    re.IGNORECASE,
)
_EDITED_CHARACTERS = 100
_PROGRAM = "\u200e"
_CHAT_WITH = re.compile(
    r"^(?:whatsapp[ -]?chat (?:with|mit|con|met|med|com|-)|chat (?:de )?whatsapp (?:con|avec)|conversation whatsapp avec"
    r"|conversa do whatsapp com|discussion whatsapp avec)\s+",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Raw:
    """A message as it stands in the file: the numbers of its date, its time, and its lines."""

    numbers: tuple[int, int, int]
    time: tuple[int, int, int]
    lines: list[str]


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read an export; each conversation is a document, lines of the program itself are passed over."""
    raw = list(_messages(charset.decode(read_whole(path, options.max_text_bytes))))
    if not raw:
        raise CannotRead("it holds no messages")
    order = _date_order([message.numbers for message in raw])
    book = address_book(path, options)
    found: list[Message] = []
    own = 0
    for message in raw:
        match = _SPEAKER.fullmatch("\n".join(message.lines).strip("\n"))
        words = _words(match.group(2)) if match else ""
        if match is None or not words:
            own += 1
            continue
        speaker = match.group(1).strip("~\u202f\u00a0 ")
        found.append(
            Message(
                book.known(speaker) or speaker, words, moment(message.numbers, order, message.time)
            )
        )
    if own:
        yield Skip("message without words", own)
    # iPhones pack an export whose own name tells nothing into an archive that is called after the chat.
    named = options.outermost if path.stem == "_chat" and options.outermost else path
    name = _CHAT_WITH.sub("", title_of(named))
    yield from conversations(found, book.known(name) or name, origin, "whatsapp", options)


def _words(said: str) -> str:
    """Return what a person said: "" for a placeholder, the caption alone for a file."""
    if said.startswith(_PROGRAM):
        return ""
    # The mark of an edited message is short and stands at the end.
    body, end = said[:-_EDITED_CHARACTERS], said[-_EDITED_CHARACTERS:]
    words = _FILE.sub("", (body + _EDITED.sub("", end)).strip("\u200e\u200f \n")).strip()
    if _PLACEHOLDER.fullmatch(words) or words.rstrip(".。").casefold() in _DELETED:
        return ""
    return words


def _messages(text: str) -> Iterator[_Raw]:
    current: _Raw | None = None
    style: Style | None = None
    for line in text.splitlines():
        found = header(line, style)
        if found is None:
            if current is not None:
                current.lines.append(line)
            continue
        style = found.style
        if current is not None:
            yield current
        current = _Raw(found.numbers, found.time, [line[found.end :]])
    if current is not None:
        yield current


def _date_order(dates: list[tuple[int, int, int]]) -> str:
    """Return "ymd", "dmy" or "mdy": what no date contradicts; of several that fit, the likeliest."""
    if any(first > 31 for first, _, _ in dates):
        return "ymd"
    fitting = [
        order
        for order in ("dmy", "mdy", "ymd")
        if all(
            1 <= date[order.index("m")] <= 12 and 1 <= date[order.index("d")] <= 31
            for date in dates
        )
    ]
    if not fitting:
        return "dmy"
    return min(fitting, key=lambda order: _implausibility(dates, order))


def _implausibility(dates: list[tuple[int, int, int]], order: str) -> tuple[int, int]:
    """Return how often dates go back, and over how many years they reach, were they written in that order."""
    sortable = [tuple(date[order.index(part)] for part in "ymd") for date in dates]
    years = [date[0] for date in sortable]
    back = sum(1 for before, after in itertools.pairwise(sortable) if after < before)
    return back, max(years) - min(years)
