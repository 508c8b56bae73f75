"""Sentences with choices and slots, compiled once: ``[a|b] {name:type} {name.form}``.

- ``[a|b|]`` is one of its options; options nest, may be empty and may hold slots.
- ``{name:type}`` declares a slot and fills it with a value of that type; ``{name}`` and
  ``{name.form}`` use it again; a bare ``{type}`` declares a slot of its own name.
- ``{name:=x/y/z}`` declares a slot that is one of the words written there.

`Template.render` writes one wording; the `Binding` remembers what every slot became, so that a
text, its questions and its answers agree.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

from personald.errors import PersonaldError
from training.pocket.language.draw import Draw


class TemplateError(PersonaldError):
    """A template cannot be read or filled."""

    title = "The grammar has a mistake"


class Value:
    """What a slot became: its text, and other forms of it (a person's first name, a date's day).

    Args:
        kind: the slot type.
        text: the usual form.
        forms: further forms by name.
    """

    __slots__ = ("forms", "kind", "text")

    def __init__(self, kind: str, text: str, forms: dict[str, str] | None = None) -> None:
        self.kind = kind
        self.text = text
        self.forms = forms or {}

    def form(self, name: str) -> str:
        """The form ``name`` of this value.

        Raises:
            TemplateError: the value has no such form.
        """
        if name in self.forms:
            return self.forms[name]
        if name == "s":
            return possessive(self.text)
        if name == "cap":
            return capitalised(self.text)
        if name == "lower":
            return self.text.lower()
        raise TemplateError(f"a {self.kind} has no form .{name}")


def possessive(name: str) -> str:
    """``name`` in the genitive."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def capitalised(text: str) -> str:
    """``text`` with its first letter large, the rest untouched."""
    return text[:1].upper() + text[1:]


#: An article before a vowel, in small letters or at the start of a sentence.
ARTICLE = re.compile(
    r"(?:(?<![\w.])a|(?:^|(?<=[.!?\n\"] )|(?<=[\n\"]))A) (?=[aeio][a-z]|[AEIO][a-z]|u[^ns][a-z]|un[^ei])"
)


def with_article_an(text: str) -> str:
    """``text`` with "an" where "a" stands before a vowel."""
    return ARTICLE.sub(lambda found: f"{found[0][0]}n ", text)


#: Makes a value of a slot type; `values.make` is the only one in use, handed in to keep the
#: template engine ignorant of the language.
Maker = Callable[[str, Draw], Value]


class Binding:
    """The values of the slots of one text.

    Args:
        draw: the source of chance.
        make: makes a value for a slot that is declared and not yet filled.
        values: slots that are filled already.
    """

    __slots__ = ("draw", "make", "values")

    def __init__(self, draw: Draw, make: Maker, values: dict[str, Value] | None = None) -> None:
        self.draw = draw
        self.make = make
        self.values = values if values is not None else {}


@dataclass(frozen=True, slots=True)
class Slot:
    """A place to fill: ``options`` when it lists its own words, else a value of type ``kind``."""

    name: str
    kind: str
    form: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """Alternatives, one of which is written."""

    options: tuple["tuple[Part, ...]", ...]


Part = str | Slot | Choice

TOKEN = re.compile(r"\{([^{}]*)\}|([\[\]|])|([^\[\]|{}]+)")
SLOT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::([a-z_]+)|:=([^{}]+))?(?:\.([A-Za-z_]+))?")


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A compiled template; equal only to itself, so that tables keyed by templates are fast.

    Args:
        source: the template as written.
        parts: what it is made of.
    """

    source: str
    parts: tuple[Part, ...]

    def render(self, binding: Binding) -> str:
        """One wording of the template; fills the slots of ``binding`` that it declares."""
        written: list[str] = []
        write(self.parts, binding, written)
        return "".join(written)

    def slots(self) -> Iterator[Slot]:
        """Every slot that stands in the template, in any option."""
        yield from slots(self.parts)


def slots(parts: tuple[Part, ...]) -> Iterator[Slot]:
    """Every slot among ``parts``, in any option."""
    for part in parts:
        if isinstance(part, Slot):
            yield part
        elif isinstance(part, Choice):
            for option in part.options:
                yield from slots(option)


def write(parts: tuple[Part, ...], binding: Binding, written: list[str]) -> None:
    """Append the wording of ``parts`` to ``written``."""
    for part in parts:
        if isinstance(part, str):
            written.append(part)
        elif isinstance(part, Slot):
            written.append(filled(part, binding))
        else:
            write(binding.draw.choose(part.options), binding, written)


def filled(slot: Slot, binding: Binding) -> str:
    """The text of a slot, drawing its value if it has none yet."""
    value = binding.values.get(slot.name)
    if value is None:
        if slot.options:
            value = Value("choice", binding.draw.choose(slot.options))
        else:
            value = binding.make(slot.kind or slot.name, binding.draw)
        binding.values[slot.name] = value
    return value.form(slot.form) if slot.form else value.text


@cache
def compiled(source: str) -> Template:
    """Compile a template.

    Raises:
        TemplateError: a bracket or brace does not close, or a slot cannot be read.
    """
    stack: list[list[list[Part]]] = [[[]]]
    position = 0
    while position < len(source):
        match = TOKEN.match(source, position)
        if match is None:
            raise TemplateError(f"a brace does not close in {source!r}")
        position = match.end()
        inside, mark, plain = match.groups()
        if inside is not None:
            stack[-1][-1].append(parsed_slot(inside, source))
        elif plain is not None or (mark == "|" and len(stack) == 1):
            stack[-1][-1].append(plain if plain is not None else "|")
        elif mark == "[":
            stack.append([[]])
        elif mark == "|":
            stack[-1].append([])
        elif len(stack) == 1:
            raise TemplateError(f"a ] without its [ in {source!r}")
        else:
            options = tuple(tuple(option) for option in stack.pop())
            stack[-1][-1].append(Choice(options))
    if len(stack) != 1:
        raise TemplateError(f"a [ does not close in {source!r}")
    return Template(source, tuple(stack[0][0]))


def parsed_slot(inside: str, source: str) -> Slot:
    """The slot written between braces."""
    match = SLOT.fullmatch(inside.strip())
    if match is None:
        raise TemplateError(f"cannot read the slot {{{inside}}} in {source!r}")
    name, kind, options, form = match.groups()
    return Slot(name, kind or "", form or "", tuple(options.split("/")) if options else ())
