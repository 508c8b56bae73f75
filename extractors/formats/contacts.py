"""vCard 2.1, 3.0 and 4.0: each card a document of a person.

Read line by line here: vobject, the best of the libraries measured, refuses 2 of 19 real files and loses all cards
after a broken one; the grammar (RFC 6350, 3.2–3.3, and vCard 2.1's quoted-printable) is small.
"""

from __future__ import annotations

import hashlib
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from extractors import charset
from extractors.document import Document, Domain
from extractors.files import read_whole
from extractors.formats.mime import decode_base64
from extractors.normalise import clean, one_line
from extractors.options import Options
from extractors.results import CannotRead, Failure, FailureKind, Item, Skip

_LINE = re.compile(
    r"(?:([\w-]+)\.)?([A-Za-z][\w-]*)((?:;(?:\"[^\"]*\"|[^\":;])*)*):(.*)", re.DOTALL
)
_TYPES = {
    "cell": "mobile",
    "home": "home",
    "work": "work",
    "fax": "fax",
    "pager": "pager",
    "main": "main",
    "iphone": "mobile",
    "mobile": "mobile",
    "school": "school",
}
_APPLE_LABEL = re.compile(r"_\$!<(.*)>!\$_")
_BINARY = frozenset(("PHOTO", "LOGO", "SOUND", "KEY"))


@dataclass(frozen=True, slots=True)
class Property:
    """One line of a card: its name, its parameters as (name, value), its value decoded but not split, its group."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    value: str
    group: str = ""

    @property
    def type(self) -> str:
        """The kind that people give it ("work", "mobile", "home fax"), "" when it has none."""
        words = [
            word.strip('"')
            for name, value in self.parameters
            if name in ("TYPE", "")
            for word in value.lower().split(",")
        ]
        kinds = list(dict.fromkeys(_TYPES[word] for word in words if word in _TYPES))
        if "fax" in kinds:
            # Whoever asks for a number to call must not be given one that whistles.
            return " ".join([*(kind for kind in kinds[:2] if kind != "fax"), "fax"])
        return kinds[0] if kinds else ""


def extract(path: Path, origin: str, options: Options) -> Iterator[Item]:
    """Read the cards of a file; each one's origin is `path#uid`, or a digest of its name and addresses."""
    text = charset.decode(read_whole(path, options.max_text_bytes))
    cut = _cut_off(text)
    if cut:
        # Half a number would be remembered as a whole one.
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1]
    seen: set[str] = set()
    for card in cards(text):
        document = person(card, origin, options, seen)
        if document is None:
            yield Skip("card without a name")
        else:
            yield document
    if cut and seen:
        yield Failure(
            "the file is cut off in its last card", FailureKind.DAMAGED, f"{origin}#cut off"
        )
    elif cut:
        raise CannotRead("it is cut off before anything that names a person")
    if "BEGIN:VCARD" not in text[:100_000].upper():
        raise CannotRead("it holds no contact card")


def _cut_off(text: str) -> bool:
    """Tell whether the last card of a text has no end."""
    upper = text.upper()
    return upper.rfind("BEGIN:VCARD") > upper.rfind("END:VCARD")


def cards(text: str) -> Iterator[tuple[Property, ...]]:
    """Yield the cards of a text; a card cut off at the end of the text counts as far as it goes."""
    current: list[Property] | None = None
    for line in _unfolded(text):
        bare = line.strip().upper()
        if bare == "BEGIN:VCARD":
            if current:
                yield tuple(current)
            current = []
        elif bare == "END:VCARD":
            if current is not None:
                yield tuple(current)
            current = None
        elif current is not None:
            found = parse_line(line)
            if found is not None:
                current.append(found)
    if current:
        yield tuple(current)


def parse_line(line: str) -> Property | None:
    """Read one unfolded line, None when it is no property or carries a picture, a sound or a key."""
    match = _LINE.match(line)
    if match is None:
        return None
    name = match.group(2).upper()
    if name in _BINARY:
        return None
    parameters = tuple(
        (key.strip().upper(), value.strip('"')) if value else ("", key.strip().upper())
        for key, _, value in (entry.partition("=") for entry in match.group(3).split(";")[1:])
    )
    named = dict(parameters)
    value = match.group(4)
    words = {v.upper() for k, v in parameters if k in ("", "ENCODING")}
    if "QUOTED-PRINTABLE" in words:
        raw = quopri.decodestring(value.encode("utf-8", "replace"))
        value = charset.decode(raw, named.get("CHARSET", ""))
    elif words & {"BASE64", "B"}:
        value = charset.decode(
            decode_base64(value.encode("utf-8", "replace")), named.get("CHARSET", "")
        )
    return Property(name, parameters, value, (match.group(1) or "").lower())


def person(
    card: tuple[Property, ...], origin: str, options: Options, seen: set[str]
) -> Document | None:
    """Make a document of a card, None when nothing in it names anybody."""
    title = _name(card)
    properties = _facts(card)
    if not title:
        return None
    uid = next((one_line(p.value, 200) for p in card if p.name == "UID" and p.value.strip()), "")
    if not uid:
        told = "\n".join(
            [title, *(value for name, value in properties if name.startswith(("Phone", "Email")))]
        )
        uid = hashlib.blake2b(told.encode(), digest_size=10).hexdigest()
    number, part = 1, uid
    while part in seen:
        number += 1
        part = f"{uid}/{number}"
    seen.add(part)
    lines = [title, *(f"{name}: {value}" for name, value in properties)]
    categories = [
        one_line(word) for p in card if p.name == "CATEGORIES" for word in _split(p.value, ",")
    ]
    return Document(
        origin=f"{origin}#{part}",
        domain=options.domain or Domain.PEOPLE,
        kind="contact",
        title=title,
        text=clean("\n".join(lines)),
        tags=tuple(dict.fromkeys(word for word in categories if word)),
        properties=(("Name", title), *properties),
    )


def _facts(card: tuple[Property, ...]) -> tuple[tuple[str, str], ...]:
    facts: list[tuple[str, str]] = []
    labels = _labels(card)
    for entry in card:
        kind = entry.type or labels.get(entry.group, "")
        suffix = f" ({kind})" if kind else ""
        value = _unescape(entry.value)
        match entry.name:
            case "TEL":
                facts.append((f"Phone{suffix}", value.removeprefix("tel:")))
            case "EMAIL":
                facts.append((f"Email{suffix}", value.removeprefix("mailto:")))
            case "ADR":
                facts.append((f"Address{suffix}", ", ".join(_split(entry.value, ";"))))
            case "BDAY":
                facts.append(("Birthday", _day(value)))
            case "ANNIVERSARY":
                facts.append(("Anniversary", _day(value)))
            case "ORG":
                facts.append(("Organisation", ", ".join(_split(entry.value, ";"))))
            case "TITLE":
                facts.append(("Job title", value))
            case "ROLE":
                facts.append(("Role", value))
            case "NICKNAME":
                facts.append(("Nickname", ", ".join(_split(entry.value, ","))))
            case "URL":
                facts.append(("Website", value))
            case "IMPP" | "X-JABBER" | "X-SKYPE" | "X-AIM" | "X-ICQ" | "X-SKYPE-USERNAME":
                facts.append(("Chat", value))
            case (
                "RELATED"
                | "X-ABRELATEDNAMES"
                | "X-SPOUSE"
                | "X-ANNIVERSARY"
                | "X-MANAGER"
                | "X-ASSISTANT"
            ):
                facts.append(
                    (
                        labels.get(
                            entry.group,
                            entry.name.removeprefix("X-").replace("ABRELATEDNAMES", "Related"),
                        ).capitalize(),
                        value,
                    )
                )
            case "NOTE":
                facts.append(("Note", value))
    shown = ((name, one_line(value, 2000)) for name, value in facts)
    return tuple(dict.fromkeys((name, value) for name, value in shown if value))


def _labels(card: tuple[Property, ...]) -> dict[str, str]:
    """Return group → the label that the person chose, as Apple writes it: `item1.X-ABLabel:_$!<Spouse>!$_`."""
    return {
        entry.group: one_line(_APPLE_LABEL.sub(r"\1", _unescape(entry.value))).lower()
        for entry in card
        if entry.group and entry.name == "X-ABLABEL" and entry.value.strip()
    }


def _name(card: tuple[Property, ...]) -> str:
    for wanted in ("FN", "N", "NICKNAME", "ORG", "EMAIL"):
        for entry in card:
            if entry.name != wanted:
                continue
            if wanted == "N":
                family, given, more, before, after = (
                    *_split(entry.value, ";", keep=True),
                    *[""] * 5,
                )[:5]
                name = one_line(
                    " ".join(word for word in (before, given, more, family, after) if word)
                )
            elif wanted == "ORG":
                name = one_line(", ".join(_split(entry.value, ";")))
            else:
                name = one_line(_unescape(entry.value))
            if name:
                return name
    return ""


def _unfolded(text: str) -> Iterator[str]:
    """Undo folding: a line that begins with a blank goes on the one before (RFC 6350, 3.2); quoted-printable lines
    that end in "=" go on the next one (vCard 2.1)."""
    current = ""
    quoted = False
    for line in re.split(r"\r\n|\r|\n", text):
        if quoted and current.endswith("="):
            current = (
                current[:-1] + line.lstrip(" \t") if line[:1] in " \t" else current[:-1] + line
            )
            continue
        if line[:1] in (" ", "\t") and current:
            current += line[1:]
            continue
        if current:
            yield current
        current = line
        quoted = "QUOTED-PRINTABLE" in line.partition(":")[0].upper()
    if current:
        yield current


def _split(value: str, separator: str, keep: bool = False) -> list[str]:
    parts = re.split(rf"(?<!\\){re.escape(separator)}", value)
    words = [one_line(_unescape(part)) for part in parts]
    return words if keep else [word for word in words if word]


def _unescape(value: str) -> str:
    return re.sub(
        r"\\(.)", lambda m: "\n" if m.group(1) in "nN" else m.group(1), value, flags=re.DOTALL
    )


def _day(value: str) -> str:
    """Write a birthday as 1990-05-01; the forms without a year, and everything unknown, stay as they are."""
    match = re.fullmatch(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].*)?", value.strip())
    if match:
        year, month, day = match.groups()
        # Apple writes 1604 where no year is known.
        return f"--{month}-{day}" if year == "1604" else f"{year}-{month}-{day}"
    return value
