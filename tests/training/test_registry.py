"""The registry: immutable, content-addressed, sealed; what serves changes in one step and can be taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from training.adapter import Shape
from training.card import Card, CardRefused
from training.registry import AdapterVersion, Registry, RegistryRefuses, State
from training.sealing import SealBroken

KEY = b"k" * 32
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def card(domain: str = "people", root: str = "r", **more: Any) -> Card:
    return Card(domain, "f" * 64, Shape(4, 2.0), root, NOW, **more)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return Registry(tmp_path / "adapters", KEY, lambda: NOW)


def add(registry: Registry, root: str, **more: Any) -> AdapterVersion:
    return registry.add_candidate(card(root=root, **more), root.encode() * 50)


def test_the_same_adapter_is_one_version(registry: Registry) -> None:
    first = add(registry, "a")
    assert add(registry, "a") == first
    assert first.number == 1
    assert add(registry, "b").number == 2


def test_promotion_retires_the_one_before(registry: Registry) -> None:
    first, second = add(registry, "a"), add(registry, "b")
    registry.promote(first.id, "good")
    registry.promote(second.id, "better")
    assert registry.get(first.id).state is State.RETIRED
    active = registry.active("people")
    assert active is not None
    assert active.id == second.id
    assert [change.state for change in active.history] == [State.CANDIDATE, State.ACTIVE]


def test_a_canary_serves_beside_the_active_one_and_can_be_rolled_back(registry: Registry) -> None:
    first, second = add(registry, "a"), add(registry, "b")
    registry.promote(first.id, "good")
    registry.promote(second.id, "on trial", canary=True)
    serving, settled = registry.active("people"), registry.settled("people")
    assert serving is not None
    assert settled is not None
    assert (serving.id, settled.id) == (second.id, first.id)
    again = registry.rollback("people", "it answers worse")
    assert again is not None
    assert again.id == first.id
    assert registry.get(second.id).state is State.ROLLED_BACK


def test_rolling_back_an_active_one_brings_back_the_last_retired(registry: Registry) -> None:
    first, second = add(registry, "a"), add(registry, "b")
    registry.promote(first.id, "good")
    registry.promote(second.id, "better")
    again = registry.rollback("people", "worse after all")
    assert again is not None
    assert again.id == first.id
    assert registry.rollback("people", "worse than nothing") is None
    with pytest.raises(RegistryRefuses):
        registry.rollback("people", "nothing left")


def test_a_rejected_candidate_keeps_its_numbers_and_loses_its_tensors(registry: Registry) -> None:
    version = registry.reject(add(registry, "a").id, "edit_success 0.1 < 0.95")
    assert (version.state, version.bytes) == (State.REJECTED, 0)
    with pytest.raises(RegistryRefuses):
        registry.tensors(version.id)
    with pytest.raises(RegistryRefuses):
        registry.promote(version.id, "all the same")


def test_forgetting_a_document_destroys_every_adapter_that_saw_it(registry: Registry) -> None:
    seen = add(registry, "a", documents=(("d1", 1), ("d2", 1)))
    other = add(registry, "b", documents=(("d3", 1),))
    registry.promote(seen.id, "good")
    assert [version.id for version in registry.forget({"d1"}, "asked to")] == [seen.id]
    gone = registry.get(seen.id)
    assert (gone.state, gone.bytes, gone.card.documents) == (State.FORGOTTEN, 0, (("d2", 1),))
    assert registry.active("people") is None
    assert registry.tensors(other.id)
    assert (gone.forgot, registry.forgotten()) == (("d1",), {"d1"})
    assert not (registry.folder / f"{seen.id}.adapter").exists()
    assert registry.forget({"d2"}, "asked to") == []
    assert registry.forgotten() == {"d1", "d2"}


def test_what_only_keeps_silent_is_destroyed_when_the_rebuilt_one_serves(
    registry: Registry,
) -> None:
    silent = add(registry, "a", hyperparameters={"suppressed": True})
    registry.promote(silent.id, "keeps silent")
    rebuilt = add(registry, "b")
    registry.promote(rebuilt.id, "good", canary=True)
    assert registry.get(silent.id).state is State.ACTIVE
    registry.promote(rebuilt.id, "settled")
    gone = registry.get(silent.id)
    assert (gone.state, gone.bytes) == (State.FORGOTTEN, 0)
    assert registry.rollback("people", "worse") is None


def test_files_that_no_version_has_are_swept(registry: Registry) -> None:
    kept = add(registry, "a")
    left_by_a_killed_process = registry.folder / f"{'0' * 64}.adapter"
    left_by_a_killed_process.write_bytes(b"sealed")
    add(registry, "b")
    assert not left_by_a_killed_process.exists()
    assert registry.tensors(kept.id)


def test_pruning_keeps_the_last_few(registry: Registry) -> None:
    for root in "abcde":
        registry.promote(add(registry, root).id, "newer")
    assert registry.prune(keep=2) == 2
    kept = [version.number for version in registry.versions() if version.bytes]
    assert kept == [3, 4, 5]


def test_another_key_opens_nothing(registry: Registry) -> None:
    add(registry, "a")
    with pytest.raises(SealBroken):
        Registry(registry.folder, b"x" * 32).versions()


def test_one_flipped_bit_or_a_swapped_file_is_noticed(registry: Registry) -> None:
    first, second = add(registry, "a"), add(registry, "b")
    paths = [registry.folder / f"{version.id}.adapter" for version in (first, second)]
    contents = [path.read_bytes() for path in paths]
    paths[0].write_bytes(contents[1])
    with pytest.raises(SealBroken):
        registry.tensors(first.id)
    damaged = bytearray(contents[0])
    damaged[40] ^= 1
    paths[0].write_bytes(bytes(damaged))
    with pytest.raises(SealBroken):
        registry.tensors(first.id)


def test_versions_are_found_by_identity_beginning_or_name(registry: Registry) -> None:
    version = add(registry, "a")
    assert registry.get(version.id[:8]).id == registry.get("people/1").id == version.id
    with pytest.raises(RegistryRefuses):
        registry.get("people/9")


def test_a_card_comes_back_as_it_was() -> None:
    there = card(documents=(("d1", 3),))
    back = Card.from_json(there.to_json())
    assert back.to_json() == there.to_json()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"rank":4', b'"rank":1000000000'),
        (b'"rank":4', b'"rank":0'),
        (b'"scale":2.0', b'"scale":NaN'),
        (b'"scale":2.0', b'"scale":1e9'),
        (b'"type":"lora"', b'"type":"full"'),
        (b'"threshold":0.0', b'"threshold":2.0'),
        (b'"domain":"people"', b'"domain":7'),
        (b'"root":"r"', b'"tree":"r"'),
    ],
)
def test_a_card_that_asks_for_something_else_is_refused(old: bytes, new: bytes) -> None:
    data = card().to_json()
    assert old in data
    with pytest.raises(CardRefused):
        Card.from_json(data.replace(old, new))
