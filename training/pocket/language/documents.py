"""Texts out of facts: prose, lists, tables, mails, chats, diaries, notes with front matter.

A text is made of groups, each one subject with its facts. Every renderer takes the groups and
gives a text; which renderers suit depends on who the subjects are.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from training.pocket.language import attributes, events, facts, values, words
from training.pocket.language.attributes import Attribute
from training.pocket.language.draw import Draw
from training.pocket.language.facts import ME, Fact, Point, Subject
from training.pocket.language.template import Binding, Template, Value, capitalised, compiled

FILLER_SHARE = 0.14
SUBJECTS = (
    (55, "person"),
    (13, "me"),
    (12, "thing"),
    (6, "place"),
    (6, "organisation"),
    (8, "event"),
)


@dataclass(frozen=True, slots=True)
class Group:
    """A subject and what the text says of it."""

    subject: Subject
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A text, its groups, and further points that its form adds (the sender of a mail)."""

    text: str
    groups: tuple[Group, ...]
    extra: tuple[Point, ...] = ()

    def facts(self) -> list[Fact]:
        """All facts of the text."""
        return [fact for group in self.groups for fact in group.facts]


@cache
def fillers() -> tuple[Template, ...]:
    """Sentences that say nothing."""
    lines = (Path(__file__).parent / "filler.txt").read_text("utf-8").splitlines()
    return tuple(compiled(line) for line in lines if line)


def filler(draw: Draw) -> str:
    """A sentence that says nothing."""
    return facts.tidy(draw.choose(fillers()).render(Binding(draw, values.make)))


def new_fact(who: Subject, draw: Draw, taken: set[str]) -> Fact:
    """A fact about a subject: of the tables, invented, or an event; none of the keys ``taken``."""
    chance = draw.random.random()
    kind = "me" if who is ME else who.kind
    if kind in ("person", "me") and chance < 0.33:
        return events.event(draw, who)
    if chance < 0.72:
        for _ in range(8):
            attribute = draw.choose(attributes.of_subject(kind))
            if attribute.key not in taken:
                taken |= attributes.kin(attribute.key)
                return attributes.fact(attribute, who, draw)
    return attributes.open_fact(who, draw)


def gathered(draw: Draw, count: int, own: bool = True) -> tuple[Group, ...]:
    """``count`` facts about one to four subjects; often two of one kind, as each other's traps."""
    groups: list[Group] = []
    while count > 0:
        alike = bool(groups) and draw.chance(0.5)
        kind = groups[-1].subject.kind if alike else draw.weighted(SUBJECTS)
        if kind == "me" and (not own or any(g.subject is ME for g in groups)):
            kind = "person"
        who = ME if kind == "me" else facts.subject(kind, draw, own)
        share = min(count, draw.integer(1, 3))
        taken: set[str] = set()
        groups.append(Group(who, tuple(new_fact(who, draw, taken) for _ in range(share))))
        count -= share
    return tuple(groups)


# --- the forms ---------------------------------------------------------------------------------


def sentences(draw: Draw, group: Group) -> list[str]:
    """A group told in sentences, now and then with one that says nothing."""
    said = []
    for number, fact in enumerate(group.facts):
        said.append(fact.state() if number == 0 else fact.go_on())
        if draw.chance(FILLER_SHARE):
            said.append(filler(draw))
    return said


def prose(draw: Draw, groups: tuple[Group, ...]) -> str:
    """Connected sentences, in one paragraph or one for each subject."""
    gap = draw.choose((" ", " ", "\n", "\n\n"))
    return gap.join(" ".join(sentences(draw, group)) for group in groups)


@cache
def ordinary_words() -> frozenset[str]:
    """Words that may begin with a small letter at the start of a line: no names."""
    return frozenset((*words.lines("nouns"), *words.lines("adjectives"), *FUNCTION_WORDS))


FUNCTION_WORDS = (
    "the a an my our his her their it this that these we you they he she as at by for from if in no "
    "not now on or so to today finally with what when there some somebody nobody more anyway done"
).split()


def uncapitalised(line: str) -> str:
    """``line`` with a small first letter, unless a name stands there."""
    first = line.split(" ", 1)[0].rstrip(",.:;")
    return line[:1].lower() + line[1:] if first.lower() in ordinary_words() else line


def bullets(draw: Draw, lines: list[str]) -> str:
    """Lines as a list of one of the usual looks."""
    mark = draw.choose(("- ", "- ", "* ", "• ", "", "", "1"))
    if mark == "1":
        return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, 1))
    lower = draw.chance(0.25)
    return "\n".join(mark + (uncapitalised(line) if lower else line) for line in lines)


def sections(draw: Draw, groups: tuple[Group, ...]) -> str:
    """A heading for each subject, and its facts as fragments under it."""
    look = draw.choose(("# {}", "## {}", "{}", "{}:", "**{}**", "== {} ==", "[{}]", "{} –"))
    parts = []
    for group in groups:
        title = "Me" if group.subject is ME else capitalised(group.subject.text)
        lines = [fact.fragment() for fact in group.facts]
        if draw.chance(0.2):
            lines.insert(draw.integer(0, len(lines)), filler(draw))
        parts.append(look.format(title) + "\n" + bullets(draw, lines))
    return draw.choose(("\n\n", "\n")).join(parts)


def inline(draw: Draw, groups: tuple[Group, ...]) -> str:
    """One line for each subject: "Marta Kos: dentist - X; birthday: Y"."""
    lines = []
    separator = draw.choose(("; ", ", ", " / ", " | "))
    for group in groups:
        title = "Me" if group.subject is ME else capitalised(group.subject.text)
        told = separator.join(fact.fragment() for fact in group.facts)
        lines.append(draw.choose((f"{title}: {told}", f"{title} ({told})", f"{title} – {told}")))
    return "\n".join(lines)


def diary(draw: Draw, groups: tuple[Group, ...]) -> str:
    """A dated entry."""
    day = values.make("date", draw)
    heading = draw.choose(
        (day.text, day.form("long"), f"{day.form('weekday')}, {day.form('short')}")
    )
    return f"{heading}\n{prose(draw, groups)}"


def note(draw: Draw, groups: tuple[Group, ...]) -> str:
    """A note with a title or front matter."""
    title = f"{words.adjective(draw)} {words.noun(draw)}"
    body = draw.choose((prose, sections, inline))(draw, groups)
    if draw.chance(0.5):
        return f"# {capitalised(title)}\n\n{body}"
    tags = f"tags: {words.noun(draw)}, {words.noun(draw)}"
    return f"---\ntitle: {title}\n{tags}\n---\n{body}"


OWN_FORMS = ((40, prose), (20, sections), (10, inline), (8, diary), (14, note))


def mail_head(draw: Draw, sender: Subject, reader: Subject, topic: str) -> str:
    """The header lines of a mail."""
    day = values.make("date", draw)
    lines = [f"From: {sender.text}", f"To: {reader.text}", f"Subject: {topic}"]
    if draw.chance(0.6):
        lines.insert(draw.integer(0, 3), f"Date: {day.form('long')}")
    return "\n".join(lines)


def header_points(draw: Draw, sender: Subject, reader: Subject, topic: str) -> tuple[Point, ...]:
    """What the header of a mail answers."""

    def point(key: str, answer: str, sentence: str, *questions: str) -> Point:
        binding = facts.bound(draw, sender, {"answer": Value("name", answer)})
        wordings = tuple(compiled(question) for question in questions)
        return Point(key, wordings, (compiled(sentence),), binding, answer)

    return (
        point("sender", sender.text, "{answer} wrote the mail.", "Who wrote the mail?",
              "Who is the mail from?", "Who sent this?", "From whom is this mail?", "Who is the sender?"),
        point("reader", reader.text, "The mail went to {answer}.", "To whom is the mail addressed?",
              "Who is the mail to?", "Who got this mail?", "Who was this written to?", "Who is the recipient?"),
        point("topic", topic, "The subject of the mail is {answer}.", "What is the subject of the mail?",
              "What does the subject line say?", "What is the mail about?", "Which subject does the mail have?"),
    )  # fmt: skip


def mail(draw: Draw, count: int) -> Document:
    """A mail: the sender speaks of themselves in the first person, and of others."""
    sender, reader = (facts.person_subject(draw, own=False) for _ in range(2))
    signed = sender.forms.get("first", sender.text) if draw.chance(0.6) else sender.text
    headed = draw.chance(0.75)
    if not headed:
        # Without a header the text knows the sender only as they sign.
        sender = Subject("person", signed, sender.forms)
    taken: set[str] = set()
    share = min(count, draw.integer(1, 2))
    own = Group(sender, tuple(new_fact(sender, draw, taken) for _ in range(share)))
    others = gathered(draw, count - share, own=False)
    body = [fact.speak() for fact in own.facts]
    for group in others:
        body += sentences(draw, group)
    if draw.chance(0.5):
        body.insert(draw.integer(0, len(body)), filler(draw))
    called = reader.forms.get("first", reader.text)
    text = f"{draw.choose(GREETINGS)} {called},\n\n{' '.join(body)}\n\n{draw.choose(ENDINGS)},\n{signed}"
    if not headed:
        return Document(text, (own, *others))
    topic = values.make("phrase", draw).text
    text = f"{mail_head(draw, sender, reader, topic)}\n\n{text}"
    return Document(text, (own, *others), header_points(draw, sender, reader, topic))


GREETINGS = ("Hi", "Hello", "Dear", "Hey", "Good morning")
ENDINGS = ("Best", "Best wishes", "Cheers", "Love", "Kind regards", "See you", "Yours", "Thanks")


def chat(draw: Draw, count: int) -> Document:
    """A chat of two or three voices, each speaking of themselves or of others."""
    names = [values.make("first", draw) for _ in range(draw.integer(2, 3))]
    voices = [Subject("person", name.text, name.forms) for name in names]
    taken: dict[str, set[str]] = {voice.text: set() for voice in voices}
    own: dict[str, list[Fact]] = {voice.text: [] for voice in voices}
    others: list[Group] = []
    said: list[tuple[str, str]] = []
    for _ in range(count):
        voice = draw.choose(voices)
        if draw.chance(0.7):
            fact = new_fact(voice, draw, taken[voice.text])
            own[voice.text].append(fact)
            said.append((voice.text, fact.speak()))
        else:
            group = gathered(draw, 1, own=False)[0]
            others.append(group)
            said.append((voice.text, group.facts[0].state()))
        if draw.chance(0.35):
            said.append((draw.choose(voices).text, draw.choose(CHATTER)))
    groups = tuple(Group(v, tuple(own[v.text])) for v in voices if own[v.text])
    return Document(chat_lines(draw, said), (*groups, *others))


def chat_lines(draw: Draw, said: list[tuple[str, str]]) -> str:
    """Who said what, a line each, now and then with the time and typed in a hurry."""
    hurried, stamped = draw.chance(0.35), draw.chance(0.25)
    hour, minute = draw.integer(7, 20), draw.integer(0, 30)
    lines = []
    for name, text in said:
        minute += draw.integer(0, 4)
        stamp = f"[{hour}:{minute % 60:02}] " if stamped else ""
        lines.append(f"{stamp}{name}: {informal(text) if hurried else text}")
    return "\n".join(lines)


CHATTER = (
    "ok", "Really?", "haha", "nice", "Oh no.", "Good to know.", "thanks!", "👍", "no way", "I see.",
    "Sounds good.", "hm", "same here", "Who knows.", "lol", "Cool.", "wait what", "Sure.", "❤️",
)  # fmt: skip


def informal(text: str) -> str:
    """The way people type in a hurry: no large first letter, no full stop at the end."""
    return uncapitalised(text).removesuffix(".")


def table(draw: Draw, count: int) -> Document:
    """Rows of subjects, columns of attributes: every cell a trap for every other."""
    kind = draw.choose(("person", "person", "person", "thing", "organisation", "place"))
    options = [a for a in attributes.of_subject(kind) if a.noun and not a.value.startswith("=")]
    columns: dict[str, Attribute] = {}
    taken: set[str] = set()
    for attribute in draw.some(options, draw.integer(1, 3)):
        if attribute.key not in taken:
            columns[attribute.noun] = attribute
            taken |= attributes.kin(attribute.key)
    rows = [facts.subject(kind, draw, own=False) for _ in range(max(2, min(count, 6)))]
    groups = tuple(
        Group(who, tuple(attributes.fact(a, who, draw) for a in columns.values())) for who in rows
    )
    head = [draw.choose(("Name", "", "Who", "What")) if kind == "person" else "", *columns]
    cells = [[g.subject.text, *(f.points[0].answer for f in g.facts)] for g in groups]
    return Document(drawn_table(draw, head, cells), groups)


def drawn_table(draw: Draw, head: list[str], rows: list[list[str]]) -> str:
    """A table in one of the ways people draw one."""
    look = draw.choose(("pipes", "commas", "spaces", "forms", "bars"))
    head = [capitalised(h) for h in head]
    rows = [[capitalised(row[0]), *row[1:]] for row in rows]
    if look == "pipes":
        lines = ["| " + " | ".join(r) + " |" for r in [head, ["---"] * len(head), *rows]]
    elif look == "commas":
        lines = ["; ".join(r) for r in [head, *rows]]
    elif look == "bars":
        lines = [" | ".join(r) for r in [head, *rows]]
    elif look == "spaces":
        widths = [max(len(r[i]) for r in [head, *rows]) + 2 for i in range(len(head))]
        lines = [
            "".join(c.ljust(w) for c, w in zip(r, widths, strict=True)).rstrip()
            for r in [head, *rows]
        ]
    else:
        lines = []
        for row in rows:
            lines += [f"{row[0]}", *(f"  {h}: {c}" for h, c in zip(head[1:], row[1:], strict=True))]
    return "\n".join(lines)


def own_text(draw: Draw, count: int) -> Document:
    """Prose, lists, a diary entry or a note, by the person themselves."""
    groups = gathered(draw, count)
    form = draw.weighted(OWN_FORMS)
    if form in (sections, inline, note) and any(not f.fragments for g in groups for f in g.facts):
        form = prose
    return Document(form(draw, groups), groups)


KINDS = ((62, own_text), (13, mail), (15, chat), (10, table))


def document(draw: Draw, count: int) -> Document:
    """A text of about ``count`` facts, in any form."""
    return draw.weighted(KINDS)(draw, count)
