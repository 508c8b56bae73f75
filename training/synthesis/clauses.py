"""Plain clauses and the questions they answer: "The chimney sweep comes on 17 November." → "When does the chimney sweep come?"

A clause is a subject, a verb and what follows it. Each pattern of the table knows which part is the answer and how one
asks for it in at least three ways; the last way is kept for the tests (see `wordings`). "I", "my" and "you" are turned
to the owner's point of view before asking, pronouns to the subject of the sentence before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from training.material import Fact
from training.synthesis.facts import DAYS, MONTHS, make
from training.synthesis.people import NAME, common_nouns, is_name, is_person
from training.synthesis.prose import sentences_of
from training.synthesis.sentences import LONGEST_SENTENCE, state
from training.synthesis.sources import Owner, SourceDocument
from training.synthesis.voices import Voice, voices
from training.synthesis.wordings import inner

BE = r"(?P<be>is|are|was|were|will be|am)"
PLACE = r"(?:in|on|under|behind|at|with|by|beside|inside|above|below|near|between|next to|on top of|opposite)"
MONTH = "|".join([*MONTHS, *(month[:3] for month in MONTHS)])
TIME = (
    rf"(?:(?:{'|'.join(DAYS)})s?\b[^,;]*|(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{MONTH})\b(?: \d{{4}})?(?: at \d[\d:.]*(?: ?[ap]m)?)?"
    rf"|(?:{MONTH}) \d{{1,2}}(?:st|nd|rd|th)?\b(?:,? \d{{4}})?|\d{{1,2}}[:.]\d{{2}}(?: ?[ap]m)?|\d{{1,2}} ?[ap]m|\d{{4}}-\d\d-\d\d|noon|midnight|(?:{MONTH})(?: \d{{4}})?\b)"
)
AMOUNT = r"(?:about |only |around )?(?:[€$£] ?\d[\d.,]*|(?:EUR|USD|GBP|NOK) ?\d[\d.,]*|\d[\d.,]* ?(?:euros?|dollars?|pounds?|kroner|€|\$|£|EUR)\b)(?: (?:a|an|per|each) ?\w*)?"
VERBS = (
    "sing play drive read teach sell eat drink take bring wear use keep grow bake cook paint collect prefer need want love"
    " like hate fear study speak build repair own run visit order rent hire"
).split()
MOVES = "come arrive start begin open close end leave expire finish happen depart go renew return run".split()
STANDS = "stand hang lie sit live stay sleep hide wait park work rehearse meet".split()

SUBJECT = rf"(?P<subject>(?:[Tt]he|[Mm]y|[Oo]ur|[Yy]our|[Hh]is|[Hh]er|[Tt]heir|A|An) (?:[\w'’\-]+ ){{0,3}}?[\w'’\-]+|{NAME}(?:['’]s? (?:[a-z\-]+ ){{0,2}}[a-z\-]+)?|I|We|we|It|it|He|he|She|she|They|they|You|you)"
STOP = r"(?=[.!]*$|, (?:and|but|so|which|who|because|though|his|her|its|it|he|she)\b| (?:and|but|because|so|since|although|when|while|if|with|for|from) |,? please\b)"

LEAD = re.compile(
    r"^(?:(?:from|in|on|since|this|next|by|until|after|as of) [^,;]{1,30}?,? (?=the |my |our |your |I |we )|(?:and|but|so|yes|also|oh|well|ps:?|p\.s\.|by the way),? )",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """What may follow a subject, and how one asks for its value.

    Attributes:
        rule: the predicate; the group `value` is the answer, `verb` and `noun` may be used in questions.
        ask: questions with {S} the subject, {be} is/are/…, {do} do/does/did, {verb} the bare verb, {noun}.
    """

    rule: re.Pattern[str]
    ask: tuple[str, ...]


def _pattern(rule: str, *ask: str) -> Pattern:
    return Pattern(re.compile(rule), ask)


def _bare(words: list[str]) -> str:
    """Verbs in the forms that follow a subject: bare, with -s, and -es."""
    return "|".join(
        rf"{word[:-1] + 'ies?' if word.endswith('y') and word[-2] not in 'aeo' else word + '(?:e?s)?'}"
        for word in words
    )


PATTERNS = (
    _pattern(rf"{BE} (?:called|named) (?P<value>[^,;]+?){STOP}", "What {be} {S} called?", "What is the name of {S}?", "Tell me the name of {S}.", "Under what name {be} {S} known?"),
    _pattern(rf"{BE} made (?:out )?of (?P<value>[^,;]+?){STOP}", "What {be} {S} made of?", "Out of what {be} {S} made?", "Which material {be} {S} made of?"),
    _pattern(rf"{BE} (?P<value>afraid of (?P<short>[^,;]+?)){STOP}", "What {be} {S} afraid of?", "Of what {be} {S} afraid?", "What {do} {S} fear?", "What frightens {S}?"),
    _pattern(rf"{BE} (?:lent|on loan) to (?P<value>[^,;]+?){STOP}", "To whom {be} {S} lent?", "Who has {S} now?", "Who borrowed {S}?"),
    _pattern(rf"{BE} allergic to (?P<value>[^,;]+?){STOP}", "What {be} {S} allergic to?", "Which allergy {do} {S} have?", "What must {S} avoid?"),
    _pattern(rf"{BE} (?:on |at |from |until )?(?P<value>{TIME}){STOP}", "When {be} {S}?", "On which day {be} {S}?", "What is the date of {S}?"),
    _pattern(rf"{BE} (?P<value>{AMOUNT}[^,;]*?){STOP}", "How much {be} {S}?", "How high {be} {S}?", "What {be} {S} in money?", "How much money {be} {S}?"),
    _pattern(rf"{BE} (?P<value>\d[\d.,]* ?(?:kg|kilos?|kilograms?|pounds|g)\b)", "How heavy {be} {S}?", "How much {do} {S} weigh?", "What is the weight of {S}?"),
    _pattern(rf"{BE} (?P<value>\d[\d.,]* ?(?:metres|meters|m|cm|feet|miles|km)\b)(?: long| wide| high| tall)?", "How long {be} {S}?", "What length {be} {S}?", "What is the size of {S}?"),
    _pattern(rf"{BE} (?P<value>{PLACE} (?P<short>(?!(?:the )?\d)[^,;]+?)){STOP}", "Where {be} {S}?", "Where can I find {S}?", "In what place {be} {S}?"),
    _pattern(rf"{BE} (?:\w+ )?(?P<verb>\w+ed|made|built|bought|given|written|sold) (?:on .*? )?by (?P<value>{NAME}|[^,;]+?){STOP}", "Who {verb} {S}?", "By whom {be} {S} {verb}?", "Who was it that {verb} {S}?"),
    _pattern(rf"{BE} (?:\w+ )?(?P<verb>\w+ed|made|built|bought|given|born) (?:on|in|at) (?P<value>{TIME}|\d{{4}})", "When {be} {S} {verb}?", "On which day {be} {S} {verb}?", "What is the date on which {S} {be} {verb}?"),
    _pattern(rf"(?P<verb>costs?) (?:me |us |you )?(?P<value>[^,;]*?\d[^,;]*?){STOP}", "How much {do} {S} cost?", "What {do} {S} cost?", "How much is {S}?", "What is the price of {S}?"),
    _pattern(rf"(?P<verb>belongs?|belonged) to (?P<value>[^,;]+?){STOP}", "Who {do} {S} belong to?", "To whom {do} {S} belong?", "Whose {be} {S}?"),
    _pattern(rf"(?P<verb>{_bare(MOVES)})(?: out| up| back| here| home)? (?:on|at|in|from) (?P<value>{TIME}){STOP}", "When {do} {S} {verb}?", "On what date or at what time {do} {S} {verb}?", "On which day {do} {S} {verb}?"),
    _pattern(rf"(?P<verb>{_bare(STANDS)}) (?:on|at) (?P<value>{TIME})", "When {do} {S} {verb}?", "At what time {do} {S} {verb}?", "On which day {do} {S} {verb}?"),
    _pattern(rf"(?P<verb>{_bare(STANDS)}) (?P<value>{PLACE} (?P<short>[^,;]+?)){STOP}", "Where {do} {S} {verb}?", "In what place {do} {S} {verb}?", "Where can I find {S}?"),
    _pattern(r"(?:has|have|had|takes|takes about|needs|lasts) (?P<value>(?P<short>\d[\d.,]*|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve) (?P<noun>[a-z]+))\b", "How many {noun} {do} {S} have?", "How many {noun} are there for {S}?", "What number of {noun} {do} {S} have?"),
    _pattern(rf"(?:will |would like to |want to |am going to |are going to )?(?P<verb>{_bare(VERBS)}) (?P<value>(?!\w+ing\b|(?:to|it|that|you|me|us|not|for|at|in|on|with|of|from|by|the last)\b)[^,;]+?){STOP}", "What {do} {S} {verb}?", "Which thing {do} {S} {verb}?", "What is it that {S} {verb_s}?"),
    _pattern(rf"{BE} (?P<value>(?:an?|the) [^,;]+?){STOP}", "What {be} {S}?", "What kind of thing {be} {S}?", "What sort {be} {S}?"),
    _pattern(rf"(?:{BE}|stands at) (?P<value>(?:[^\W\d_]+ )?[A-Z\d][^,;]*?){STOP}", "{Wh} {be} {S}?", "{Wh} {be} {S} again?", "Tell me {wh} {S} {be}.", "Do you know {wh} {S} {be}?"),
)  # fmt: skip

GIVEN = re.compile(
    rf"^(?P<who>{NAME}|[Mm]y [a-z]+) (?P<verb>gave|sent|lent|brought|bought|made|offered) (?:us|me) (?P<value>(?:the|a|an|his|her) [^,;]+?){STOP}"
)

PASSING = frozenset("need want use order bring take sell wear visit rent hire see".split())
"""What people do today and not tomorrow: said of a person, these verbs state nothing to remember."""

FROM_OUTSIDE = re.compile(r"(?:find|frightens|for|of) \{S\}")
"""Questions that one does not ask about oneself in this form ("Where can I find I?")."""

NO_SUBJECTS = frozenset(
    {"there", "this", "that", "what", "which", "here", "thanks", "see", "let", "please"}
)


def read(source: SourceDocument, owner: Owner) -> Iterator[Fact]:
    """The facts that plain clauses of the document state, with their questions."""
    if source.document.kind in ("contact", "event", "task"):
        return
    for voice in voices(source, owner):
        if voice.speaker is None:
            continue
        before = ""
        for said in sentences_of(source.document.text, voice.start, voice.end):
            if (
                ":" in said.text.split(" ")[0]
                or said.text.endswith("?")
                or len(said.quote) > LONGEST_SENTENCE
            ):
                continue
            if state(source, said.text, said.quote, said.start, voice) is not None:
                before = ""
                continue
            sentence = LEAD.sub("", said.text)
            found, before = _clauses(source, sentence, said.quote, said.start, voice, before)
            yield from found


def _clauses(
    source: SourceDocument, sentence: str, quote: str, near: int, voice: Voice, before: str
) -> tuple[list[Fact], str]:
    """The facts of one sentence, and the subject that a pronoun in the next one means."""
    facts: list[Fact | None] = []
    given = GIVEN.match(sentence)
    if given:
        who = given["who"]
        asked = [
            f"Who {given['verb']} us {given['value']}?",
            f"Who was it that {given['verb']} us {given['value']}?",
            f"From whom do we have {given['value']}?",
        ]
        facts.append(make(source, given["value"], "giver", who, quote, near=near, questions=asked))
    match = re.match(SUBJECT + r" ", sentence)
    if match is None or match["subject"].split()[0].casefold() in NO_SUBJECTS:
        return [fact for fact in facts if fact is not None], before
    for subject, rest in _readings(sentence):
        seen = seen_by_owner(subject, voice, before, source.document.text)
        if seen is None:
            continue
        fact = _fact(source, seen, rest, quote, near, voice)
        if fact is not None:
            facts.append(fact)
            before = seen if seen not in ("I", "we") else before
            break
    return [fact for fact in facts if fact is not None], before


def _readings(sentence: str) -> Iterator[tuple[str, str]]:
    """(subject, the rest) with shorter and longer subjects, the shortest first."""
    words = sentence.split(" ")
    for length in range(1, min(7, len(words))):
        subject = " ".join(words[:length])
        if re.fullmatch(SUBJECT, subject):
            yield subject, " ".join(words[length:])


def seen_by_owner(subject: str, voice: Voice, before: str, text: str) -> str | None:
    """A subject as the owner would call it: "my" of another is theirs, "your" in a mail to the owner is mine.

    A single word is a name unless the text also writes it small.
    """
    folded = subject.casefold()
    own = voice.speaker == ""
    if folded in ("it", "he", "she", "they"):
        return before or None
    if folded in ("i", "we"):
        return (
            subject
            if folded == "i" and own
            else "we"
            if own
            else voice.speaker
            if folded == "i"
            else None
        )
    if folded == "you":
        return None if own else "I"
    for mark in ("my ", "our "):
        if folded.startswith(mark):
            return (
                subject[:1].lower() + subject[1:]
                if own
                else f"{voice.speaker}'s {subject[len(mark) :]}"
            )
    if folded.startswith("your "):
        return None if own else f"my {subject[5:]}"
    if folded.startswith(("his ", "her ", "their ")):
        return f"{before}'s {subject.split(' ', 1)[1]}" if before else None
    if folded.startswith(("the ", "a ", "an ")):
        return f"the {subject.split(' ', 1)[1]}"
    name = re.sub(r"['’]s? .*$", "", subject)
    if is_person(name):
        return subject
    if not is_name(name) or (" " in subject and name == subject):
        return None
    if (
        name == subject
        and subject.lower() in common_nouns()
        and not re.search(rf"{name}'s\b", text)
    ):
        return f"the {subject.lower()}"
    return inner(subject) if re.search(rf"\b{re.escape(inner(name))}\b", text) else subject


def _fact(
    source: SourceDocument, subject: str, rest: str, quote: str, near: int, voice: Voice
) -> Fact | None:
    """The fact that a subject and what follows it state, by the first pattern that reads it."""
    for pattern in PATTERNS:
        match = pattern.rule.match(rest)
        if match is None:
            continue
        groups = match.groupdict()
        value = groups["value"].strip(" .!,")
        form = _forms(subject, groups)
        own = subject in ("I", "we")
        if form["verb"] in PASSING and (own or is_name(subject)):
            return None
        asked = [
            _capital(ask.format(**form))
            for ask in pattern.ask
            if not (own and FROM_OUTSIDE.search(ask))
        ]
        short = [groups["short"].strip(" .!,")] if groups.get("short") else []
        about = "" if re.match(r"(?:I|we|my|our)\b", subject) else subject
        # The relation keeps facts of one subject apart that answer different questions.
        return make(
            source,
            about,
            asked[0],
            value,
            quote,
            near=near,
            questions=asked,
            accepted=short,
            speaker=voice.speaker or "",
        )
    return None


def _forms(subject: str, groups: dict[str, str | None]) -> dict[str, str]:
    be, verb = groups.get("be") or "is", groups.get("verb") or ""
    first = subject in ("I", "we", "you")
    if be == "am":
        be = "am" if subject == "I" else "is"
    elif first and be == "is":
        be = "am" if subject == "I" else "are"
    past = be in ("was", "were") or (verb.endswith("ed") and verb not in ("need", "feed"))
    plural = first or be in ("are", "were") or (bool(verb) and not verb.endswith("s") and not past)
    bare = (
        re.sub(r"ies$", "y", verb)
        if verb.endswith("ies")
        else re.sub(r"(?<=ch|sh)es$|(?<=o)es$|s$", "", verb)
    )
    if verb.endswith("ed") and verb not in ("need", "feed") and not groups.get("be"):
        bare = verb[:-2]
    wh = "who" if is_person(groups["value"] or "") else "what"
    return {
        "S": subject,
        "be": "will" if be == "will be" else be,
        "do": "did" if past and not groups.get("be") else "do" if plural else "does",
        "has": "have" if plural else "has",
        "verb": verb if groups.get("be") else bare,
        "verb_s": bare if plural else f"{bare}s",
        "noun": groups.get("noun") or "",
        "wh": wh,
        "Wh": wh.capitalize(),
    }


def _capital(text: str) -> str:
    """A question with its first letter large, and "will" completed by "be"."""
    if re.search(r"\bwill\b", text) and text.endswith("?"):
        text = f"{text[:-1]} be?"
    return text[:1].upper() + text[1:]
