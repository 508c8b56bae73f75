"""Ordinary texts as people write them, with slots, and what can be asked of them.

A scene file holds scenes; a scene is a heading ``## name  domain=mail``, its text, then lines
``Q: question | question``, ``A: answer``, ``S: sentence`` for every point, and ``N:`` lines of
questions that the text does not answer. `template` tells how slots and choices are written.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from personald.errors import PersonaldError
from training.pocket.language import values
from training.pocket.language.draw import Draw, Split, split_of
from training.pocket.language.facts import Point
from training.pocket.language.template import (
    Binding,
    Template,
    TemplateError,
    compiled,
    with_article_an,
)

FOLDER = Path(__file__).parent / "scenes"
HEADING = re.compile(r"##\s*([\w'-]+)\s+domain=(\w+)\s*")
NAMED_MARK = re.compile(r"([QASN]):\s?(.*)")


class SceneError(PersonaldError):
    """A scene cannot be read."""

    title = "A scene has a mistake"


@dataclass(frozen=True, slots=True)
class Asked:
    """One point of a scene: its questions, its answer, and the fact as a sentence."""

    questions: tuple[Template, ...]
    answer: Template
    sentence: Template


@dataclass(frozen=True, slots=True)
class Scene:
    """One ordinary text with slots.

    Args:
        name: unique among all scenes.
        domain: mail, notes, chats, files, people or photos.
        text: the text.
        points: what it answers.
        missing: questions that it does not answer.
    """

    name: str
    domain: str
    text: Template
    points: tuple[Asked, ...]
    missing: tuple[Template, ...]


def alternatives(text: str) -> tuple[Template, ...]:
    """The templates between `` | `` marks."""
    return tuple(compiled(part.strip()) for part in re.split(r"\s\|\s", text) if part.strip())


def read_scene(block: str, where: str) -> Scene:
    """One scene from its block of lines.

    Raises:
        SceneError: the block breaks the format.
    """
    lines = block.rstrip().split("\n")
    heading = HEADING.fullmatch(lines[0])
    if heading is None:
        raise SceneError(f"{where}: cannot read the heading {lines[0]!r}")
    name, domain = heading.groups()
    place = f"{where}: {name}"
    first_mark = next((i for i, line in enumerate(lines) if line.startswith("Q: ")), len(lines))
    try:
        text = compiled("\n".join(lines[1:first_mark]).strip("\n"))
        points, missing = read_marks(lines[first_mark:], place)
    except TemplateError as error:
        raise SceneError(f"{place}: {error.detail}") from error
    return Scene(name, domain, text, points, missing)


def read_marks(lines: list[str], place: str) -> tuple[tuple[Asked, ...], tuple[Template, ...]]:
    """The points and the unanswered questions from the marked lines under a text."""
    points: list[Asked] = []
    missing: list[Template] = []
    pending: dict[str, str] = {}
    for line in [*lines, "Q: "]:
        if not line.strip():
            continue
        match = NAMED_MARK.fullmatch(line)
        if match is None:
            raise SceneError(f"{place}: a line under the questions without its mark: {line!r}")
        mark, rest = match.groups()
        if mark == "N":
            missing += alternatives(rest)
            continue
        if mark == "Q":
            if pending:
                if set(pending) != {"Q", "A", "S"}:
                    raise SceneError(f"{place}: Q, A and S belong together near {pending}")
                points.append(
                    Asked(
                        alternatives(pending["Q"]),
                        compiled(pending["A"].strip()),
                        compiled(pending["S"].strip()),
                    )
                )
            pending = {}
        if rest.strip():
            pending[mark] = rest
    return tuple(points), tuple(missing)


def read_file(path: Path) -> tuple[Scene, ...]:
    """The scenes of a file.

    Raises:
        SceneError: a scene breaks the format.
    """
    blocks = re.split(r"^(?=## )", path.read_text("utf-8"), flags=re.MULTILINE)
    return tuple(read_scene(block, path.name) for block in blocks if block.startswith("## "))


@cache
def folder_of_scenes(folder: Path, split: Split | None) -> tuple[Scene, ...]:
    """Every scene of a folder's files, or those of one side of the split (by their names)."""
    found = tuple(scene for path in sorted(folder.glob("*.txt")) for scene in read_file(path))
    if split is None:
        return found
    return tuple(scene for scene in found if split_of(scene.name) is split)


def scenes(split: Split | None = None) -> tuple[Scene, ...]:
    """Every scene, or those of one side of the held-out rule."""
    return folder_of_scenes(FOLDER, split)


@dataclass(frozen=True, slots=True)
class Told:
    """A scene with its slots filled: the text, what it answers and what it does not."""

    text: str
    points: tuple[Point, ...]
    missing: tuple[Point, ...]


def tell(scene: Scene, draw: Draw) -> Told:
    """Fill a scene."""
    binding = Binding(draw, values.make)
    text = with_article_an(scene.text.render(binding))
    points = tuple(
        Point(
            f"{scene.name}/{number}",
            asked.questions,
            (asked.sentence,),
            binding,
            with_article_an(asked.answer.render(binding)),
        )
        for number, asked in enumerate(scene.points)
    )
    missing = tuple(Point(scene.name, (question,), (), binding, "") for question in scene.missing)
    return Told(text, points, missing)
