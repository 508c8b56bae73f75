"""One mail → documents: the message with its history, signature and disclaimer set apart, and its attachments.

The text opens with the headers a person sees, so that it can be read, searched and quoted alone; the same facts stand
in the properties.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from pathlib import Path

from extractors import quotes
from extractors.compose import Composer
from extractors.document import Document, Domain, Role, Span
from extractors.files import read_whole
from extractors.formats import html, mime
from extractors.formats.attachments import attached_documents
from extractors.normalise import clean, one_line
from extractors.options import Options
from extractors.results import Item, Skip

MAX_MESSAGE_BYTES = 200 * 1024 * 1024
MAX_HTML_CHARACTERS = 4 * 1024 * 1024
MAX_ATTACHMENT_BYTES = 64 * 1024 * 1024
SHOWN_RECIPIENTS = 30

_MESSAGE_ID = re.compile(r"<([^<>\s]{3,250})>")
_REPLY_MARK = re.compile(
    r"^\s*(?:(?:re|aw|antw|sv|vs|ref|rif|res|odp|fwd?|wg|tr|rv|enc|vl|fs|回复|答复|转发|答覆)(?:\[\d+\])?\s*[:：]\s*)+",
    re.IGNORECASE,
)
_SPAM_FOLDERS = re.compile(
    r"(?:^|[/\\.\[\]])(?:spam|junk|junk e-?mail|bulk mail|trash|deleted (?:messages|items)|bin|papierkorb|gelöschte (?:elemente|objekte)"
    r"|corbeille|indésirables|papelera|cestino|lixeira|prullenbak|papirkurv|søppelpost|skräppost|papperskorgen|kosz)(?:\.mbox)?(?:[/\\]|$)",
    re.IGNORECASE,
)
_SPAM_LABELS = frozenset(("spam", "trash", "junk", "bin", "papierkorb", "corbeille", "papelera"))
# What programs write in place of the message: that another program, or another view, would show it.
_ADVICE = re.compile(
    r"(?:view|read|see|display|show|support|render|enable)\w*\b[^.!?]{0,80}\bhtml"
    r"|\bhtml\b[^.!?]{0,60}\b(?:support|view|read|capable|enabled|compatible|client|format|version|mail|program|reader)"
    r"|view (?:this|it) (?:e-?mail|message|in)|your (?:e-?mail )?(?:client|program|reader)",
    re.IGNORECASE,
)
_BULK_LABELS = frozenset(("category promotions", "category_promotions", "promotions"))


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read a mail kept as one file: what a person saved by itself is read even when it is a newsletter."""
    data = read_whole(path, MAX_MESSAGE_BYTES)
    single = path.suffix.lower() in (".eml", ".mht", ".mhtml", "") and not in_maildir(path)
    if not single and not options.include_bulk and in_spam_folder(path):
        yield Skip("spam or deleted mail")
        return
    yield from documents(data, origin, options, filtered=not single)


def in_spam_folder(path: Path) -> bool:
    """Tell whether a path lies in, or is, a folder of spam or deleted mail, in the languages of the big programs."""
    return bool(_SPAM_FOLDERS.search(str(path)))


def in_maildir(path: Path) -> bool:
    """Tell whether a file lies in a Maildir (its folder is `cur` or `new`, as qmail's maildir(5) has it)."""
    return path.parent.name in ("cur", "new")


def documents(
    data: bytes,
    origin: str,
    options: Options,
    filtered: bool,
    extra: tuple[tuple[str, str], ...] = (),
) -> Iterator[Item]:
    """Make documents of one message.

    Args:
        data: the message as it was sent, headers first.
        origin: the message's origin; attachments append `/name` to it.
        options: what the format is told.
        filtered: leave bulk mail and spam out (mailboxes); a mail saved by itself is always read.
        extra: further properties that the mailbox knows (labels, flags).

    Raises:
        CannotRead: the message is refused.
    """
    message = mime.parse(data)
    reason = _unwanted(message) if filtered and not options.include_bulk else ""
    if reason:
        yield Skip(reason)
        return
    parts = list(mime.leaves(message, options.max_parts))
    yield _message(message, parts, origin, options, extra)
    if options.reduced:
        return
    for index, part in enumerate(parts):
        if _is_body(part) or part.type.startswith(("image/", "audio/", "video/")):
            continue
        yield from _attachment(part, index, origin, options)


def message_id(message: Message) -> str:
    """Return a message's own identifier without angle brackets, "" when it has none."""
    match = _MESSAGE_ID.search(mime.header(message, "Message-ID"))
    return match.group(1) if match else ""


def thread_of(message: Message) -> str:
    """Return what binds a message to its thread: the first message it refers to, else its own identifier."""
    for name in ("References", "In-Reply-To"):
        match = _MESSAGE_ID.search(mime.header(message, name, 20_000))
        if match:
            return match.group(1)
    return message_id(message)


def bare_subject(subject: str) -> str:
    """Return a subject without the marks of replies and forwards."""
    return _REPLY_MARK.sub("", subject).strip()


def _message(
    message: Message,
    parts: list[mime.Part],
    origin: str,
    options: Options,
    extra: tuple[tuple[str, str], ...],
) -> Document:
    subject = mime.header(message, "Subject", 300)
    senders = mime.addresses(message, "From") or mime.addresses(message, "Sender")
    to, cc = mime.addresses(message, "To"), mime.addresses(message, "Cc")
    sent = mime.date(message)
    attached = tuple(part.name for part in parts if part.name and not _is_body(part))
    properties = [
        ("From", ", ".join(senders)),
        ("To", _listed(to)),
        ("Cc", _listed(cc)),
        (
            "Date",
            sent.strftime("%Y-%m-%d %H:%M %z").strip()
            if sent
            else mime.header(message, "Date", 100),
        ),
        ("Subject", subject),
    ]
    composer = Composer()
    for name, value in properties:
        if value:
            composer.add(f"{name}: {value}")
    if attached:
        properties.append(("Attachments", ", ".join(attached[:SHOWN_RECIPIENTS])))
        composer.add(f"Attachments: {', '.join(attached[:SHOWN_RECIPIENTS])}")
    body, spans = body_text(parts, options)
    if _is_bulk(message):
        spans = (Span(0, len(body), Role.BOILERPLATE),) if body else ()
    composer.add_composed(body, spans)
    return Document(
        origin=origin,
        domain=options.domain or Domain.MAIL,
        kind="mail",
        title=subject or (f"Mail from {senders[0]}" if senders else "Mail without a subject"),
        text=composer.text() or "Mail without a text",
        author=senders[0] if senders else "",
        recipients=(*to, *cc, *mime.addresses(message, "Bcc")),
        date=sent,
        thread=thread_of(message) or bare_subject(subject),
        tags=labels(message),
        properties=tuple(
            (name, one_line(value, 2000)) for name, value in (*properties, *extra) if value
        ),
        spans=composer.spans(),
    )


def body_text(parts: list[mime.Part], options: Options) -> tuple[str, tuple[Span, ...]]:
    """Return a message's readable body and its spans: of two alternatives the plain one, unless it says nothing."""
    pieces: list[str] = []
    waiting: list[tuple[tuple[str, ...], str]] = []
    bodies = [part for part in parts if _is_body(part)]
    has_html = any(part.type == "text/html" for part in bodies)
    for part in bodies:
        alternative = "multipart/alternative" in part.containers
        if part.type == "text/html":
            if alternative and waiting:
                plain = waiting.pop()[1]
                pieces.append(plain if _speaks(plain) else _html(part.message, options))
            else:
                pieces.append(_html(part.message, options))
        elif alternative and has_html:
            if waiting:
                pieces.append(waiting.pop()[1])
            waiting.append((part.containers, mime.text(part.message)))
        else:
            pieces.append(mime.text(part.message))
    pieces.extend(plain for _, plain in waiting)
    body = clean("\n\n".join(piece.strip("\r\n") for piece in pieces if piece.strip())).strip("\n")
    body = body[: options.max_text_characters]
    return body, quotes.set_apart(body) if body else ()


def labels(message: Message) -> tuple[str, ...]:
    """Return the labels that Gmail's export or a mail program wrote into the headers."""
    found = mime.header(message, "X-Gmail-Labels") or mime.header(message, "X-Keywords")
    return tuple(
        dict.fromkeys(label.strip('" ') for label in found.split(",") if label.strip('" '))
    )


def _speaks(plain: str) -> bool:
    """Tell whether a plain alternative carries the message and not only the advice to use another program."""
    bare = " ".join(plain.split())
    if len(bare) < 3:
        return False
    if len(bare) < 400 and _ADVICE.search(bare):
        return False
    # A plain part full of the page's own style sheet was made by a careless program.
    return bare.count("{") + bare.count("}") < 20 and "<html" not in bare[:500].lower()


def _html(part: Message, options: Options) -> str:
    source = html.decode(mime.payload(part), mime.declared_charset(part))
    return html.to_text(source[:MAX_HTML_CHARACTERS])


def _is_body(part: mime.Part) -> bool:
    return not part.attached and part.type in (
        "text/plain",
        "text/html",
        "text/enriched",
        "text/richtext",
    )


def _attachment(part: mime.Part, index: int, origin: str, options: Options) -> Iterator[Item]:
    if part.type == "message/rfc822":
        enclosed = part.message.get_payload()
        if not isinstance(enclosed, list) or not enclosed or not isinstance(enclosed[0], Message):
            return
        try:
            data, name = _enclosed(part.message, enclosed[0]), part.name or f"forwarded-{index}.eml"
        except (RecursionError, ValueError, LookupError, TypeError, AttributeError):
            return
        if not name.lower().endswith(".eml"):
            name += ".eml"
    else:
        data, name = mime.payload(part.message), part.name
        if not name and part.type == "text/calendar":
            name = f"invitation-{index}.ics"
        if not name and part.type in ("text/vcard", "text/x-vcard", "text/directory"):
            name = f"contact-{index}.vcf"
    if not name or not data:
        return
    if len(data) > MAX_ATTACHMENT_BYTES:
        yield Skip("large attachment")
        return
    yield from attached_documents(data, name, origin, options)


def _enclosed(part: Message, inside: Message) -> bytes:
    """Return an enclosed mail's bytes; some programs put it into base64, which RFC 2046, 5.2.1 forbids."""
    data = inside.as_bytes()
    coding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    return mime.decode_base64(data.strip()) if coding == "base64" else data


def _unwanted(message: Message) -> str:
    """Return why a message is left out by default: "spam or deleted mail", "bulk mail", or ""."""
    named = {label.lower() for label in labels(message)}
    spam = mime.header(message, "X-Spam-Flag").upper().startswith("YES") or mime.header(
        message, "X-Spam-Status"
    ).lower().startswith("yes")
    if spam or named & _SPAM_LABELS:
        return "spam or deleted mail"
    if named & _BULK_LABELS or _is_bulk(message):
        return "bulk mail"
    return ""


def _is_bulk(message: Message) -> bool:
    """Tell a newsletter or an automatic mailing from a person's mail and from a discussion list."""
    precedence = mime.header(message, "Precedence").lower()
    if precedence in ("bulk", "junk"):
        return "List-Post" not in message
    return (
        "List-Unsubscribe" in message
        and "List-Post" not in message
        and "In-Reply-To" not in message
        and "References" not in message
    )


def _listed(people: tuple[str, ...]) -> str:
    shown = ", ".join(people[:SHOWN_RECIPIENTS])
    more = len(people) - SHOWN_RECIPIENTS
    return f"{shown} and {more} more" if more > 0 else shown
