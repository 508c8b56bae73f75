"""Look for mistakes in the language's data files: ``python -m training.pocket.language.check``.

Every scene is filled many times: every slot it uses must be declared by its text whichever
choices are taken, every answer (Yes and No apart) must stand in the text, and scene names must
differ. Every attribute must have the number of wordings that the format asks for, and every
template must render. Rewordings must be of the form that `rewording` reads and change something.
"""

import re
import sys
from collections import Counter

from personald.errors import PersonaldError
from training.pocket.language import (
    attributes,
    categories,
    collage,
    facts,
    rewording,
    scenes,
    values,
)
from training.pocket.language.attributes import Attribute
from training.pocket.language.draw import Draw
from training.pocket.language.facts import Fact
from training.pocket.language.scenes import Scene
from training.pocket.language.template import Binding, Template, TemplateError

FILLINGS = 12
FEWEST = {"statements": 7, "first_person": 3, "fragments": 2, "questions": 7}
PHRASE = r"[\w'-]+(?: [\w'-]+)*"
REWORDING = re.compile(rf"({PHRASE}) = ({PHRASE}(?: \| {PHRASE})*)")
KNOWN_SLOTS = frozenset("subject value they them their They Them Their".split())


def flat(text: str) -> str:
    """``text`` for a search: small letters, single spaces."""
    return re.sub(r"\s+", " ", text).casefold()


def scene_mistakes(scene: Scene) -> list[str]:
    """What is wrong with a scene."""
    found: list[str] = []
    for seed in range(FILLINGS):
        draw = Draw(f"{scene.name}/{seed}")
        binding = Binding(draw, values.make)
        try:
            text = scene.text.render(binding)
            declared = set(binding.values)
            for asked in scene.points:
                answer = asked.answer.render(binding)
                wordings = [q.render(binding) for q in asked.questions] + [
                    asked.sentence.render(binding)
                ]
                if answer not in ("Yes", "No") and flat(answer) not in flat(text):
                    found.append(f"the answer {answer!r} to {wordings[0]!r} is not in the text")
                if len(asked.questions) < 2:
                    found.append(f"only one wording of {wordings[0]!r}")
            for question in scene.missing:
                question.render(binding)
        except TemplateError as error:
            return [error.detail]
        undeclared = set(binding.values) - declared
        if undeclared:
            found.append(f"slots {sorted(undeclared)} are used but not declared in the text")
    if len(scene.points) < 2 or len(scene.missing) < 1:
        found.append("too few questions")
    return sorted(set(found))


def attribute_mistakes(attribute: Attribute) -> list[str]:
    """What is wrong with an attribute."""
    found: list[str] = []
    if attribute.value not in values.slot_types() and not attribute.value.startswith("="):
        return [f"there is no slot type {attribute.value!r}"]
    groups: dict[str, tuple[Template, ...]] = {
        name: getattr(attribute, name)
        for name in ("statements", "first_person", "fragments", "questions", "reverse")
    }
    for name, templates in groups.items():
        if len(templates) < FEWEST.get(name, 0):
            found.append(f"only {len(templates)} {name}")
        for template in templates:
            strange = {slot.name for slot in template.slots()} - KNOWN_SLOTS
            if strange:
                found.append(f"unknown slots {sorted(strange)} in {template.source!r}")
            if name != "questions" and "{value}" not in template.source:
                found.append(f"no {{value}} in {template.source!r}")
            if name == "questions" and "{value}" in template.source:
                found.append(f"the answer is in the question {template.source!r}")
    if not found:
        draw = Draw(attribute.key)
        render_all(attributes.fact(attribute, facts.subject(attribute.subject, draw), draw))
    return found


def render_all(fact: Fact) -> None:
    """Render every wording of a fact once, so that a broken one shows itself."""
    for template in (*fact.statements, *fact.continued, *fact.first_person, *fact.fragments):
        template.render(fact.binding)
    for point in (*fact.points, *([fact.reverse] if fact.reverse else [])):
        for template in (*point.wordings, *point.sentences):
            template.render(point.binding)


def rewording_mistakes() -> list[str]:
    """What is wrong with the bank of rewordings."""
    found: list[str] = []
    seen: dict[str, str] = {}
    for path in sorted(rewording.FOLDER.glob("*.txt")):
        for line in path.read_text("utf-8").splitlines():
            match = REWORDING.fullmatch(line)
            if match is None or match[1] != match[1].lower():
                found.append(f"{path.name}: cannot read {line!r}")
                continue
            if match[1] in match[2].split(" | "):
                found.append(f"{path.name}: {match[1]!r} is replaced by itself")
            if match[1] in seen:
                found.append(f"{path.name}: {match[1]!r} stands in {seen[match[1]]} as well")
            seen[match[1]] = path.name
    return found


def category_mistakes() -> list[str]:
    """What is wrong with the table of categories."""
    found = [
        f"category {names[0]}: {member!r} is no plain small-lettered phrase"
        for names, members in categories.table().items()
        for member in members
        if not re.fullmatch(PHRASE, member)
    ]
    counts = Counter(name for names in categories.table() for name in names)
    return found + [f"two categories are called {name}" for name, n in counts.items() if n > 1]


def mistakes() -> list[str]:
    """Every mistake in the data files, one a line."""
    found = rewording_mistakes() + category_mistakes()
    paths = [*sorted(scenes.FOLDER.glob("*.txt")), *sorted(collage.FOLDER.glob("*.txt"))]
    for path in paths:
        for block in re.split(r"^(?=## )", path.read_text("utf-8"), flags=re.MULTILINE):
            if not block.startswith("## "):
                continue
            try:
                scene = scenes.read_scene(block, path.name)
            except PersonaldError as error:
                found.append(error.detail)
            else:
                found += [f"{path.name}: {scene.name}: {m}" for m in scene_mistakes(scene)]
    headings = "\n".join(path.read_text("utf-8") for path in paths)
    names = Counter(re.findall(r"^## *([\w'-]+)", headings, flags=re.MULTILINE))
    found += [f"two scenes are called {name}" for name, count in names.items() if count > 1]
    for attribute in attributes.tables():
        found += [f"attribute {attribute.key}: {m}" for m in attribute_mistakes(attribute)]
    keys = Counter(a.key for a in attributes.tables())
    return found + [f"two attributes are called {key}" for key, count in keys.items() if count > 1]


def main() -> int:
    """Print the mistakes, or the sizes when there are none; exit 1 when there are mistakes."""
    found = mistakes()
    for line in found:
        print(line)
    if found:
        print(f"{len(found)} mistakes")
        return 1
    print(
        f"{len(scenes.scenes())} scenes, {len(collage.snippets())} snippets, "
        f"{len(attributes.tables())} attributes, {len(rewording.table())} rewordings, "
        f"{len(categories.table())} categories: 0 mistakes"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
