"""What plain sentences state: "My dentist is Dr Weiss.", "Jonas Berg's boat is called Havørn.", "Nora works at Skala."

Patterns of high precision only: a sentence that none of them reads is left to the base's own reading (`selfstudy`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from training.material import Fact
from training.synthesis.facts import make
from training.synthesis.people import NAME, is_name
from training.synthesis.prose import sentences_of
from training.synthesis.relations import relation_for
from training.synthesis.sources import Owner, SourceDocument
from training.synthesis.voices import Voice, voices

NAMED_FIRST = re.compile(rf"({NAME}), ")
"""A value that begins with a name is that name; what follows the comma describes."""

NUMBERED_FIRST = re.compile(r"(\+?\d[\d ()\-./]{4,}\d), (?!.*\d)")
"""A value that begins with a number and goes on without one, likewise."""

LONGEST_SENTENCE = 240
"""Characters; a longer one states more than a pattern can tell apart."""

NOUN = r"(?P<noun>[A-Za-z][\w\-]*(?: [\w\-]+){0,3}?)"
VALUE = r"(?P<value>[^;]+?)"
END = r"(?=[.!;]?$|, (?:and|but|so|who|which|because|though)\b| (?:and|but|because|so|since|although|when|while|if) )"

WHO = rf"(?P<who>I|[Mm]y [a-z]+(?: [a-z]+)?|{NAME})"

PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), relation)
    for pattern, relation in (
        (
            rf"^(?P<whose>My|Our|{NAME}['’]s?) {NOUN} (?:is called|is named|is|are|was|will be) (?:now )?{VALUE}{END}",
            "*",
        ),
        (rf"^The {NOUN} (?:of|for) (?P<whose>(?:the |my |our )?[\w'’ \-]+?) is {VALUE}{END}", "*"),
        (rf"^The {NOUN} (?:is|are|will be) (?P<value>\S*[\d\"“‘'][^;]*?){END}", "the"),
        (rf"^(?P<value>{NAME}) is (?P<whose>my|our|{NAME}['’]s?) {NOUN}{END}", "*"),
        (
            rf"^{WHO} (?:works?|is working|am working) (?:at|for) (?P<value>(?:the )?[A-Z][\w&.'’\- ]+?){END}",
            "employer",
        ),
        (rf"^{WHO} (?:works?|is working|am working) as (?P<value>an? [\w\- ]+?){END}", "job"),
        (
            rf"^{WHO} (?:lives?|is living|am living) (?:in|at|on) (?P<value>[A-Z0-9][^;]*?){END}",
            "home",
        ),
        (rf"^{WHO} (?:moved|has moved|have moved) to (?P<value>[A-Z][\w'’\- ]+?){END}", "home"),
        (rf"^{WHO} (?:is|am) allergic to {VALUE}{END}", "allergy"),
        (rf"^{WHO} (?:was|were) born (?:on|in) {VALUE}{END}", "birthday"),
        (rf"^{WHO} (?:is|am) married to (?P<value>{NAME}){END}", "partner"),
        (rf"^{WHO} (?:drives?) (?P<value>an? [\w\- ]+?){END}", "car"),
        (rf"^{WHO} (?:plays?) the (?P<value>[a-z\- ]+?){END}", "instrument"),
        (rf"^{WHO} (?:speaks?) (?P<value>[A-Z][\w]+(?:(?:,| and) [A-Z]\w+)*){END}", "languages"),
        (rf"^{WHO} (?:studies|studied|study) (?P<value>[a-z][\w ]+?){END}", "subject of study"),
        (
            rf"^The (?P<thing>[\w\- ]+?) (?:costs?|cost) (?:me |us )?(?P<value>[^ ;]*\d[^;]*?){END}",
            "price",
        ),
    )
)

NO_VALUES = """a an the not very so too still now here there fine good great ok okay well bad nice lovely new old ready late
early tired happy sad ill better worse broken done over coming going getting being having in on at to for always
never almost nearly quite really just also only""".split()
DESCRIBES = re.compile(rf"(?:(?i:{'|'.join(NO_VALUES)})|[a-z]{{3,}}ed)(?![\w'’])")
"""A value that begins like this describes rather than names, and answers no question."""


def read(source: SourceDocument, owner: Owner) -> Iterator[Fact]:
    """The facts that plain sentences of the document state."""
    document = source.document
    if document.kind in ("contact", "event", "task"):
        return
    for voice in voices(source, owner):
        for found in sentences_of(document.text, voice.start, voice.end):
            if len(found.quote) > LONGEST_SENTENCE or found.text.endswith("?"):
                continue
            fact = state(source, found.text, found.quote, found.start, voice)
            if fact is not None:
                yield fact


def state(
    source: SourceDocument, sentence: str, quote: str, near: int, voice: Voice
) -> Fact | None:
    """The fact that one sentence states, by the first pattern that reads it."""
    for pattern, relation in PATTERNS:
        match = pattern.match(sentence)
        if match is None:
            continue
        groups = match.groupdict()
        value = (groups["value"] or "").strip(" .!,")
        first = NAMED_FIRST.match(value) or NUMBERED_FIRST.match(value)
        value = first[1] if first else value
        if not value or (relation in ("*", "the") and DESCRIBES.match(value)):
            continue
        about = groups.get("whose") or groups.get("who") or groups.get("thing") or ""
        subject = f"the {about}" if "thing" in groups else subject_of(about, voice)
        if relation == "the":
            subject = "the"
        if subject is None:
            continue
        named = groups.get("noun") if relation in ("*", "the") else relation
        speaker = voice.speaker or ""
        return make(
            source,
            subject,
            relation_for(named or relation),
            value,
            quote,
            near=near,
            speaker=speaker,
        )
    return None


def subject_of(about: str, voice: Voice) -> str | None:
    """Whom "my", "I", "my sister" or a name means in this voice; "" is the owner, None nobody certain."""
    folded = about.casefold()
    if folded in ("i", "my", "our"):
        return voice.speaker
    if folded.startswith(("my ", "our ")):
        rest = about.split(" ", 1)[1]
        if voice.speaker is None:
            return None
        return f"my {rest}" if voice.speaker == "" else f"{voice.speaker}'s {rest}"
    bare = re.sub(r"['’]s?$", "", about)
    if folded.startswith("the "):
        return about
    return bare if is_name(bare) else None
