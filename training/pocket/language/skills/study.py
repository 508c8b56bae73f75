"""Study a text: write questions about it, rewrite it, list its facts with their words.

The prompts are those of `training.prompts`, to the letter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from training import prompts
from training.pocket.language import collage, documents, rewording
from training.pocket.language.checks import share_repeated, words
from training.pocket.language.draw import Draw
from training.pocket.language.facts import ME, Fact, Point, tidy, trained_wordings
from training.pocket.language.sample import Check, Expected, Sample, SkillItem, Turn
from training.pocket.language.scenes import Told
from training.prompts import QuestionKind, RewriteForm

PAIRS, REWRITE, LIST = "pairs", "rewrite", "list"
SCENE_SHARE = 0.35
LONG_QUOTE = 50  # letters; a longer sentence is quoted in part
MOST_LISTED = 6
#: Forms that are written without articles where a text is reworded.
SHORT_FORMS = (RewriteForm.NOTE, RewriteForm.LIST)
#: What is written about a text is written in one of so many wordings: enough to be right in one.
WRITTEN_WORDINGS = 2
#: Letters that words of one stem mostly share; shorter words than the second number say little.
STEM, SHORTEST = 5, 4
#: Words of a question that its text need not hold.
FRAME = frozenset(
    "what which when where whom whose does have will should been that this with from".split()
)
SHAPES: dict[QuestionKind, frozenset[str]] = {
    QuestionKind.WHO: frozenset("person woman man first last who whom companion recipient".split()),
    QuestionKind.WHEN: frozenset("date weekday month year time time_range when".split()),
    QuestionKind.WHERE: frozenset("city country place street address room spot where".split()),
    QuestionKind.NUMBER: frozenset(
        "amount number small percent duration measure weight length distance temperature size age "
        "dose score price".split()
    ),
    QuestionKind.WHY: frozenset(("reason",)),
}
OPENERS: tuple[tuple[str, QuestionKind], ...] = (
    (r"(who|whose|whom|with whom|for whom|by whom|from whom|to whom)\b", QuestionKind.WHO),
    (r"(when|what time|at what time|which day|on which day|on what day|what date)\b", QuestionKind.WHEN),
    (r"(where|in which (town|city|street|room)|which (town|city|street|room))\b", QuestionKind.WHERE),
    (r"(how much|how many|how long|how old|how far|how often|for how)\b", QuestionKind.NUMBER),
    (r"(why|for what reason|how come)\b", QuestionKind.WHY),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Studied:
    """A text to study: its sentences or lines, each with the fact behind it, and its points."""

    text: str
    facts: tuple[tuple[str, Fact], ...]
    points: tuple[Point, ...]


def kind_of(point: Point) -> QuestionKind:
    """What kind of question asks for a point: by its value, or by its first wording."""
    value = point.binding.values.get("value")
    shape = value.kind if value is not None and value.text == point.answer else point.key
    for kind, shapes in SHAPES.items():
        if shape in shapes:
            return kind
    opening = point.wordings[0].source.lower()
    for pattern, kind in OPENERS:
        if re.match(pattern, opening):
            return kind
    return QuestionKind.WHAT


def studied(draw: Draw, count: int) -> Studied:
    """A text of ``count`` facts, told in sentences."""
    groups = documents.gathered(draw, count)
    pieces: list[tuple[str, Fact]] = []
    paragraphs: list[str] = []
    for group in groups:
        told: list[str] = []
        for number, fact in enumerate(group.facts):
            sentence = fact.state() if number == 0 else fact.go_on()
            pieces.append((sentence, fact))
            told.append(sentence)
            if draw.chance(0.1):
                told.append(documents.filler(draw))
        paragraphs.append(" ".join(told))
    text = draw.choose((" ", "\n", "\n\n")).join(paragraphs)
    points = tuple(point for _, fact in pieces for point in fact.points)
    return Studied(text, tuple(pieces), points)


def scene(draw: Draw) -> Told:
    """An ordinary text."""
    return collage.plain(draw)


def in_order(text: str, points: Sequence[Point]) -> list[Point]:
    """Points as their answers follow one another in a text.

    Whoever writes them down one by one can then see how far they have come: written in any order,
    the same fact came again and again.
    """
    return sorted(points, key=lambda point: text.casefold().find(point.answer.casefold()))


def expected(point: Point) -> Expected:
    """A point as a fact that an answer should hold."""
    answer = point.answer
    answers = (
        (answer, answer.removeprefix("because ")) if answer.startswith("because ") else (answer,)
    )
    return Expected(answers, point.every_wording(), point.say())


# --- write questions -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PairsTask:
    """A text to ask questions about.

    Args:
        text: the text.
        kind: what kind of questions is wanted.
        points: the points of that kind.
        is_ordinary: whether it is a scene or a collage, no text made of facts.
    """

    text: str
    kind: QuestionKind
    points: tuple[Point, ...]
    is_ordinary: bool


def pairs_task(draw: Draw, count: int) -> PairsTask:
    """A text, a kind of question, and the points of that kind."""
    while True:
        is_ordinary = draw.chance(SCENE_SHARE)
        if is_ordinary:
            told = scene(draw)
            text, points = told.text, list(told.points)
            points = [p for p in points if p.answer not in ("Yes", "No")]
            reverse: list[Point] = []
        else:
            study = studied(draw, count)
            text, points = study.text, list(study.points)
            reverse = [fact.reverse for _, fact in study.facts if fact.reverse]
        options: dict[QuestionKind, list[Point]] = {QuestionKind.ANY: points}
        for point in points:
            options.setdefault(kind_of(point), []).append(point)
        if reverse:
            options[QuestionKind.REVERSE] = reverse
        kinds = list(options)
        kind = QuestionKind.ANY if draw.chance(0.3) else draw.choose(kinds)
        if options[kind]:
            return PairsTask(text, kind, tuple(options[kind][:8]), is_ordinary)


def most_direct(point: Point, text: str) -> str:
    """The question for a point, in the wording that takes most of its words from the text.

    Of all that can be asked about a text nobody has seen, what it says itself can be foreseen best.
    """
    known = stems(text)

    def surplus(asked: str) -> int:
        own = stems(asked)
        return 2 * len(own & known) - len(own)

    trained = trained_wordings(point.wordings)
    return max((tidy(wording.render(point.binding)) for wording in trained), key=surplus)


def stems(text: str) -> frozenset[str]:
    """The beginnings of the words of a text that say something, so that "order" is in "ordered"."""
    return frozenset(w[:STEM] for w in words(text) if len(w) >= SHORTEST and w not in FRAME)


def pairs_sample(draw: Draw, level: float) -> Sample:
    """Write question–answer pairs of one kind about a text."""
    task = pairs_task(draw, draw.integer(1, 2 + round(3 * level)))
    lines: list[str] = []
    for point in in_order(task.text, task.points):
        own = most_direct(point, task.text) if task.is_ordinary else point.ask(WRITTEN_WORDINGS)
        lines += [f"Q: {own}", f"A: {point.answer}"]
    ask = prompts.over(task.text, prompts.WRITE_QUESTIONS[task.kind])
    return Sample(PAIRS, (Turn("user", ask), Turn("assistant", "\n".join(lines))))


def pairs_item(draw: Draw) -> SkillItem:
    """A held-out text to write question–answer pairs about."""
    task = pairs_task(draw, draw.integer(1, 5))
    ask = prompts.over(task.text, prompts.WRITE_QUESTIONS[task.kind])
    wanted = tuple(expected(point) for point in task.points)
    return SkillItem(PAIRS, (Turn("user", ask),), Check.PAIRS, text=task.text, facts=wanted)


# --- rewrite -------------------------------------------------------------------------------------


def rewritten(form: RewriteForm, lines: Sequence[str], title: str, draw: Draw) -> str:
    """Sentences, or lines where most do not end as sentences do, put into one of the forms."""
    closed = sum(line[-1] in ".!?" for line in lines)
    body = (" " if 2 * closed > len(lines) else "\n").join(lines)
    if form is RewriteForm.LIST:
        return "\n".join(f"- {line}" for line in lines)
    if form is RewriteForm.NOTE:
        return f"Note: {title}\n\n{body}"
    if form is RewriteForm.MAIL:
        return f"Hi,\n\n{draw.choose(('just so you know:', 'here is the news:', 'a short report:'))} {body}\n\nBest wishes"
    if form is RewriteForm.DIARY:
        return f"Dear diary,\n\n{body}"
    return body


def rewrite_task(
    draw: Draw, count: int, form: RewriteForm
) -> tuple[str, str, Sequence[str], list[Expected]]:
    """A text, a title for it, its facts in other words as the form says them, and what must be kept."""
    if draw.chance(SCENE_SHARE):
        told = scene(draw)
        points = [p for p in told.points if p.answer not in ("Yes", "No")]
        title = " ".join(told.text.split()[:3]).strip(",.:;–-#*")
        answers = [point.answer for point in points]
        said: Sequence[str] = rewording.retold(told.text, answers, form in SHORT_FORMS)
        if share_repeated(told.text, " ".join(said)) == 1:
            said = [point.say(WRITTEN_WORDINGS) for point in in_order(told.text, points)]
        return told.text, title, said, [expected(p) for p in points]
    study = studied(draw, count)
    lines = []
    kept = []
    for _, fact in study.facts:
        if fact.retell:
            fact.retell()
        lines.append(fact.state(WRITTEN_WORDINGS))
        subject = "" if fact.subject is ME else fact.subject.aliases[-1]
        kept += [
            Expected(e.answers, e.questions, e.sentence, subject)
            for e in (expected(point) for point in fact.points if point.key != "who")
        ]
    first = study.facts[0][1].subject
    return study.text, "me" if first is ME else first.text, lines, kept


def rewrite_sample(draw: Draw, level: float) -> Sample:
    """Rewrite a text's facts in another form."""
    form = draw.choose(tuple(RewriteForm))
    text, title, lines, _ = rewrite_task(draw, draw.integer(1, 2 + round(3 * level)), form)
    ask = prompts.over(text, prompts.REWRITE[form])
    return Sample(
        REWRITE, (Turn("user", ask), Turn("assistant", rewritten(form, lines, title, draw)))
    )


def rewrite_item(draw: Draw) -> SkillItem:
    """A held-out text to rewrite."""
    form = draw.choose(tuple(RewriteForm))
    text, _, _, kept = rewrite_task(draw, draw.integer(1, 5), form)
    ask = prompts.over(text, prompts.REWRITE[form])
    return SkillItem(REWRITE, (Turn("user", ask),), Check.REWRITE, text=text, facts=tuple(kept))


# --- list facts ----------------------------------------------------------------------------------


def supporting(text: str, answer: str) -> str:
    """The words of ``text`` that support ``answer``; empty when it does not stand there.

    They are the first sentence or line that holds it, or, where that is long, the part of it
    between commas, dashes and brackets.
    """
    for line in text.split("\n"):
        for sentence in re.split(r"(?<=[a-z0-9)][.!?]) (?=[A-Z\"(])", line):
            if answer.casefold() in sentence.casefold() and '"' not in sentence:
                return clause(sentence.strip(), answer)
    return ""


def clause(sentence: str, answer: str) -> str:
    """The shortest part of a long sentence that holds ``answer``, of two words or more."""
    if len(sentence) <= LONG_QUOTE:
        return sentence
    parts = [part.strip(" -–—:;,()") for part in re.split(r"(?<=[,;:)])\s|\s[–—(-]\s?", sentence)]
    fitting = [p for p in parts if answer.casefold() in p.casefold() and " " in p]
    return min(fitting, key=len) if fitting else sentence


def list_task(draw: Draw, count: int) -> tuple[str, list[str], list[Expected]]:
    """A text, the lines of its list of facts, and what the list must hold."""
    lines: list[str] = []
    wanted: list[Expected] = []
    if draw.chance(SCENE_SHARE):
        told = scene(draw)
        while len(told.points) > MOST_LISTED:
            told = collage.collage(draw, 1)
        for point in in_order(told.text, list(told.points)):
            quote = supporting(told.text, point.answer)
            if quote and point.answer not in ("Yes", "No"):
                lines.append(f'{point.say(WRITTEN_WORDINGS)} — "{quote}"')
                wanted.append(expected(point))
        if lines:
            return told.text, lines, wanted
    study = studied(draw, count)
    for quote, fact in study.facts:
        if fact.retell:
            fact.retell()
        point = fact.points[0]
        lines.append(f'{fact.state(WRITTEN_WORDINGS)} — "{quote}"')
        wanted.append(Expected((point.answer,), (), point.say()))
    return study.text, lines, wanted


def list_sample(draw: Draw, level: float) -> Sample:
    """List a text's facts with the words that support each."""
    text, lines, _ = list_task(draw, draw.integer(1, 2 + round(3 * level)))
    ask = prompts.over(text, prompts.LIST_FACTS)
    return Sample(LIST, (Turn("user", ask), Turn("assistant", "\n".join(lines))))


def list_item(draw: Draw) -> SkillItem:
    """A held-out text whose facts are to be listed."""
    text, _, wanted = list_task(draw, draw.integer(1, 5))
    ask = prompts.over(text, prompts.LIST_FACTS)
    return SkillItem(LIST, (Turn("user", ask),), Check.LIST, text=text, facts=tuple(wanted))
