"""What a question asks for: the kind of value, the words that must be met, and the names that nobody else may stand in for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from personald.serve.support import names
from personald.serve.values import Kind
from personald.serve.words import stems

# How a question begins says most; the first pattern that is found decides.
_BEGINNINGS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (Kind.REASON, r"why|for what reason|how come"),
        (
            Kind.THING,
            r"who (?:do|does|did) [^?]* work for|(?:what|which) (?:do|does|did) [^?]* (?:do|work) (?:as|for)",
        ),
        (Kind.PERSON, r"who|whom|whose"),
        (
            Kind.DATE,
            r"when|(?:what|which) (?:day|date|month|year|time|evening|night|morning|weekday)s?|what's the (?:date|time)",
        ),
        (
            Kind.PLACE,
            r"where|(?:what|which) (?:street|road|town|city|village|country|place|church|hall|building|address)",
        ),
        (
            Kind.COUNT,
            r"how (?:much (?:do|does|did) [^?]* weigh|much (?:time|longer|older)|many|old|long|heavy|far|tall|hot|cold|big|high|deep|wide|fast|often|large|thick|late)|what time (?:did|was) [^?]*(?:run|finish)",
        ),
        (
            Kind.COUNT,
            r"how much (?!(?:does|do|did|is|are|was|were|will|would|rent|money|tax|vat|interest)\b)\w+ (?:goes?|do i (?:need|use|take|put)|is in|does|should)",
        ),
        (Kind.AMOUNT, r"how much"),
        (
            Kind.PHONE,
            r"how (?:do|can|could) i (?:call|ring|phone)|(?:which|what) number (?:do|can|should) i (?:call|ring|dial)",
        ),
    )
)
# What "what", "which" and the rest ask for, by the thing that they ask for.
_SUBJECTS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        (Kind.EMAIL, r"\be-?mail|\bmail address|\bwrite to\b.*\bmail\b"),
        (
            Kind.PHONE,
            r"\b(?:tele)?phone\b|\b(?:mobile|cell|landline) number|\bnumber reach|\breach .* (?:by|on the) phone",
        ),
        (Kind.DATE, r"\b(?:birthday|deadline|date|anniversary)\b(?! (?:party|present|cake|gift))"),
        (
            Kind.AMOUNT,
            r"\b(?:price|costs?|fee|copay|rent|salary|total|premium|quoted?|figure|budget|deposit|charged?)\b",
        ),
        (Kind.COUNT, r"\b(?:weight|length|height|age|dose|temperature|shoe size)\b"),
        (Kind.CODE, r"\b(?:code|pin|number|plate|registration|reference|combination|iban)\b"),
        (Kind.PLACE, r"\b(?:address|street)\b"),
    )
)

# Words that only say what kind of value is wanted: its form already answers for them.
_CONSUMED: dict[Kind, frozenset[str]] = {
    Kind.PHONE: frozenset(stems("phone telephone number mobile cell reach call ring reaches")),
    Kind.EMAIL: frozenset(stems("email e-mail mail address write")),
    Kind.DATE: frozenset(stems("date day time month year evening night weekday")),
    Kind.AMOUNT: frozenset(stems("cost price pay amount sum figure charge")),
    Kind.COUNT: frozenset(stems("long many much old heavy far tall weigh size")),
    Kind.CODE: frozenset(stems("number")),
    Kind.PLACE: frozenset(stems("address street place town city live")),
}
_LIVING = re.compile(r"\bfor a living\b", re.IGNORECASE)
_HEAD = re.compile(
    r"(?:'s|s'|’s|\bthe|\bmy|\bour|\bhis|\bher|\btheir)\s+(?!.*(?:'s|’s|s')\s)([\w\- ]+?)"
    r"(?=\s+(?:of|for|at|in|on|from|to|when|before|after|with|that|who|whom|we|i|called|is|was|do|does)\b|\s*\?|\s*$)",
    re.IGNORECASE,
)
_EARLIER = re.compile(
    r"\b(?:before|used to|previous(?:ly)?|former(?:ly)?|earlier|originally|at first|first figure|first meant|first going|initially|old)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, understood as far as its form goes.

    Attributes:
        text: as asked.
        kind: what its answer looks like.
        words: stems of its content words, in order, without those that only say the kind.
        names: stems of the names in it; a passage must be about every one of them.
        attributes: stems of the words that say the kind.
        earlier: it asks for how something was, not for how it is.
        head: stem of the noun that the answer is a value of ("birthday" in "When is Imran's birthday?"); "" when none.
    """

    text: str
    kind: Kind
    words: tuple[str, ...]
    names: frozenset[str]
    attributes: tuple[str, ...]
    earlier: bool
    head: str = ""

    @classmethod
    def understand(cls, text: str) -> Question:
        """Read a question's form."""
        text = _LIVING.sub("as a job", text)
        kind = _kind(text)
        consumed = _CONSUMED.get(kind, frozenset())
        words = list(dict.fromkeys(stems(text)))
        named = names(text)
        head = _HEAD.search(text)
        heads = [word for word in stems(head.group(1)) if word in words] if head else []
        return cls(
            text,
            kind,
            tuple(word for word in words if word not in consumed),
            named,
            tuple(word for word in words if word in consumed),
            _EARLIER.search(text) is not None,
            heads[-1] if heads and heads[-1] not in (consumed | named) else "",
        )


# "At which …", "Until when …", "Sorry, what …": what may stand before the asking word.
_ASKING = re.compile(
    r"\b(?:who(?:m|se)?|why|when|where|what|which|how)\b.*", re.IGNORECASE | re.DOTALL
)


def _kind(text: str) -> Kind:
    asking = _ASKING.search(text)
    for kind, pattern in _BEGINNINGS:
        if asking and re.match(rf"(?:{pattern.pattern})\b", asking.group(), re.IGNORECASE):
            return kind
    return next((kind for kind, pattern in _SUBJECTS if pattern.search(text)), Kind.THING)
