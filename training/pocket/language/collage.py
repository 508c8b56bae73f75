"""Ordinary texts: whole scenes, and collages of snippets as notebooks hold them.

A snippet is a line or two about one matter, in the format of a scene, whose ``domain`` names its
matter. A collage puts up to six snippets of different matters into one text, with sentences of
the attribute tables between; so few written lines make very many texts, and every snippet is a
distraction for every other.
"""

from pathlib import Path

from training.pocket.language import documents, scenes, variations
from training.pocket.language.draw import Draw, Split
from training.pocket.language.facts import Point
from training.pocket.language.scenes import Scene, Told
from training.pocket.language.template import capitalised

FOLDER = Path(__file__).parent / "snippets"
COLLAGE_SHARE = 0.42
MOST_SNIPPETS = 5
#: Shorter questions ("Who called?") are clear in a text of one matter only.
CLEAR_WORDS = 5


def snippets(split: Split | None = None) -> tuple[Scene, ...]:
    """Every snippet, or those of one side of the held-out rule."""
    return scenes.folder_of_scenes(FOLDER, split)


def cleared(point: Point) -> Point:
    """The point, asked only in words that are clear among other matters."""
    clear = tuple(t for t in point.wordings if len(t.source.split()) >= CLEAR_WORDS)
    point.wordings = clear or point.wordings
    return point


def collage(draw: Draw, count: int) -> Told:
    """A text of ``count`` snippets of different matters, and now and then facts between them."""
    told = [scenes.tell(s, draw) for s in draw.some(snippets(draw.split), count + 1)]
    *inside, outside = told if len(told) > 1 else [*told, told[0]]
    lines = [part.text for part in inside]
    points = [p for part in inside for p in part.points]
    missing = [p for part in inside for p in part.missing]
    if outside is not inside[0]:
        missing += draw.some(outside.points, 2)
    if draw.chance(0.35):
        group = documents.gathered(draw, draw.integer(1, 2))[0]
        for fact in group.facts:
            lines.insert(draw.integer(0, len(lines)), fact.state())
            points += fact.points
    if count > 1:
        points, missing = [cleared(p) for p in points], [cleared(p) for p in missing]
    return Told(joined(lines, draw), tuple(points), tuple(missing))


def joined(lines: list[str], draw: Draw) -> str:
    """Lines as a note of one of the usual looks."""
    style = draw.random.random()
    if style < 0.35:
        text = " ".join(sentence(line) for line in lines)
    elif style < 0.7:
        text = documents.bullets(draw, lines)
    else:
        text = draw.choose(("\n", "\n", "\n\n")).join(lines)
    if draw.chance(0.2):
        text = f"{documents.filler(draw)}\n{text}"
    if draw.chance(0.3):
        title = draw.choose(("notes", "TO DO", "Remember", "misc", "Don't forget", "this week"))
        text = f"{title}\n{text}"
    return text


def sentence(line: str) -> str:
    """A line as a sentence among others."""
    line = capitalised(line)
    return line if line[-1] in ".!?" else f"{line}."


def plain(draw: Draw) -> Told:
    """An ordinary text as it was written: a scene, or a collage."""
    if draw.chance(COLLAGE_SHARE):
        return collage(draw, draw.integer(1, MOST_SNIPPETS - 1))
    return scenes.tell(draw.choose(scenes.scenes(draw.split)), draw)


def ordinary(draw: Draw, level: float) -> Told:
    """An ordinary text, often varied, so that it cannot be recognised."""
    if draw.chance(1 - (1 - COLLAGE_SHARE) * level):
        most = max(1, round(MOST_SNIPPETS * level))
        return variations.varied(collage(draw, draw.integer(1, most)), draw, 0.0)
    return variations.varied(scenes.tell(draw.choose(scenes.scenes(draw.split)), draw), draw, level)
