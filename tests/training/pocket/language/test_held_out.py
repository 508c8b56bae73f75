"""The held-out rule: nothing of the test side is ever drawn in training."""

import pytest

from training.pocket.language import mixture, names, scenes, values, words
from training.pocket.language.draw import Draw, Split, SplitList, split_of
from training.pocket.language.facts import trained_wordings
from training.pocket.language.template import compiled

LISTS = ("nouns", "adjectives", "women", "men", "last", "cities", "countries")


@pytest.mark.parametrize("name", LISTS)
def test_every_open_list_is_cut_in_two_without_overlap(name: str) -> None:
    sides = words.word_list(name).sides
    assert not set(sides[Split.TRAIN]) & set(sides[Split.TEST])
    assert all(split_of(word) is Split.TRAIN for word in sides[Split.TRAIN])
    assert len(sides[Split.TEST]) >= 10


@pytest.mark.parametrize("kind", sorted(values.COMPOSED))
def test_composed_values_lie_on_the_draws_side(kind: str) -> None:
    for split in Split:
        for seed in range(25):
            assert split_of(values.make(kind, Draw(seed, split)).text) is split


def test_names_lie_on_the_draws_side() -> None:
    for split in Split:
        for seed in range(200):
            person = names.person(Draw(seed, split))
            assert split_of(person.form("first")) is split
            assert split_of(person.form("last")) is split


def test_dates_lie_on_the_draws_side() -> None:
    for split in Split:
        for seed in range(100):
            assert split_of(values.make("date", Draw(seed, split)).text) is split


def test_no_held_out_person_appears_in_training_samples() -> None:
    common = {w.lower() for w in words.word_list("nouns").sides[Split.TRAIN]}
    held_out = {
        name
        for kind in ("women", "men", "last")
        for name in words.word_list(kind).sides[Split.TEST]
        if len(name) > 5 and name.lower() not in common
    }
    written = set()
    for index in range(600):
        for turn in mixture.sample(11, index, 1.0).turns:
            written.update(turn.text.replace("'", " ").replace(",", " ").split())
    # A name of the test side may stand in a sample only as an ordinary word of the data files.
    data = " ".join(
        path.read_text("utf-8")
        for folder in (scenes.FOLDER, scenes.FOLDER.parent)
        for path in (*folder.rglob("*.t*"), folder / "names.py")
        if path.is_file() and (path.parent.name != "words" or path.name == "kinds.toml")
    )
    assert not {name for name in written & held_out if name not in data}


def test_training_never_uses_a_held_out_scene() -> None:
    assert scenes.scenes(Split.TRAIN)
    assert not set(scenes.scenes(Split.TRAIN)) & set(scenes.scenes(Split.TEST))


def test_wordings_are_held_out_only_when_enough_are_left() -> None:
    options = tuple(compiled(f"What is number {number}?") for number in range(60))
    kept = trained_wordings(options)
    assert 0 < len(kept) < len(options)
    assert all(split_of(t.source) is Split.TRAIN for t in kept)
    few = options[:3]
    assert trained_wordings(few) == few


def test_a_short_list_may_not_be_cut_into_nothing() -> None:
    assert len(SplitList(("a", "b", "c"))) == 3
    for kind, entries in words.kinds().items():
        assert all(len(entries.sides[split]) >= 2 for split in Split), kind
