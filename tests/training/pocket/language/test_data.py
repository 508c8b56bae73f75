"""The data files hold no mistakes, and the checker finds those that are planted."""

from pathlib import Path

import pytest

from training.pocket.language import attributes, check, collage, rewording, scenes, variations
from training.pocket.language.draw import Draw, Split
from training.pocket.language.scenes import SceneError

GOOD = """## key  domain=notes
The key is in the {c:colour} tin, says {p:first}.
Q: Where is the key? | What holds the key?
A: the {c} tin
S: The key is in the {c} tin.
Q: Who says so? | Who told me?
A: {p}
S: {p} says so.
N: Who has the car?
"""


def test_the_data_files_hold_no_mistakes() -> None:
    assert check.mistakes() == []


def test_there_are_as_many_attributes_and_scenes_as_the_language_needs() -> None:
    assert len(attributes.tables()) >= 150
    assert len(scenes.scenes()) >= 150
    assert len(collage.snippets()) >= 50


def test_a_good_scene_passes() -> None:
    assert check.scene_mistakes(scenes.read_scene(GOOD, "file")) == []


@pytest.mark.parametrize(
    ("change", "to", "complaint"),
    [
        ("A: {p}", "A: nobody", "not in the text"),
        ("A: {p}", "A: {q:first}", "not in the text"),
        ("Who has the car?", "Who has {x:thing}?", "not declared"),
        ("{c:colour}", "{c:colr}", "no slot type"),
        ("{p:first}", "{p:first.height}", "no form"),
    ],
)
def test_a_planted_mistake_is_found(change: str, to: str, complaint: str) -> None:
    scene = scenes.read_scene(GOOD.replace(change, to), "file")
    assert any(complaint in mistake for mistake in check.scene_mistakes(scene))


@pytest.mark.parametrize(
    ("change", "to"),
    [("## key  domain=notes", "## key"), ("S: {p} says so.\n", ""), ("A: {p}", "B: {p}")],
)
def test_a_broken_scene_is_refused_by_name(change: str, to: str) -> None:
    with pytest.raises(SceneError, match="file"):
        scenes.read_scene(GOOD.replace(change, to), "file")


def test_a_broken_file_is_one_line_of_the_checker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").write_text(GOOD.replace("{c:colour}", "{c:colour"), "utf-8")
    monkeypatch.setattr(scenes, "FOLDER", tmp_path)
    assert check.main() == 1
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 2
    assert "mine.txt: key" in said[0]
    assert said[1] == "1 mistakes"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("mends", "cannot read"),
        ("Mends = repairs", "cannot read"),
        ("mends = repairs |", "cannot read"),
        ("mends = mends | repairs", "replaced by itself"),
        ("mends = repairs\nmends = fixes", "as well"),
    ],
)
def test_a_planted_rewording_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, complaint: str
) -> None:
    (tmp_path / "mine.txt").write_text(f"{line}\n", "utf-8")
    monkeypatch.setattr(rewording, "FOLDER", tmp_path)
    assert [complaint in found for found in check.rewording_mistakes()] == [True]


def test_a_file_is_read_scene_by_scene(tmp_path: Path) -> None:
    path = tmp_path / "two.txt"
    path.write_text(GOOD + "\n" + GOOD.replace("## key", "## lock"), "utf-8")
    assert [scene.name for scene in scenes.read_file(path)] == ["key", "lock"]


def test_a_thinned_text_no_longer_holds_what_it_is_asked() -> None:
    thinned = 0
    for seed in range(150):
        draw = Draw(seed)
        told = scenes.tell(draw.choose(scenes.scenes(Split.TRAIN)), draw)
        assert "".join(variations.segments(told.text)) == told.text
        less = variations.thinned(told, draw)
        if less is not told:
            thinned += 1
            assert less.missing[0].answer.casefold() not in less.text.casefold()
            assert all(point.answer.casefold() in less.text.casefold() for point in less.points)
    assert thinned > 75
