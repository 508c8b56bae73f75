"""Adapters between two devices: what verifies and fits is installed, everything else leaves what serves as it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from personald.exchange import offers, pull, push
from sync.engine import Engine
from sync.folder import ROOT
from sync.outbox import Blob
from tests.sync.devices import World
from tests.training.tiny import write_base
from training.adapter import Shape, fresh
from training.base import Base, load_base
from training.card import Card
from training.registry import AdapterVersion, Registry, State
from training.tensorfile import to_bytes

NOW = datetime(2026, 5, 1, tzinfo=UTC)
SHAPE = Shape(4, 2.0)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Base:
    return load_base(write_base(tmp_path_factory.mktemp("base") / "llama", "llama"))


@dataclass
class Pair:
    """Two paired devices with a registry each."""

    world: World
    study: Registry
    laptop: Registry
    base: Base

    def engine(self, name: str) -> Engine:
        return self.world.device(name)

    def serve(self, domain: str = "mail", seed: int = 1, **more: Any) -> AdapterVersion:
        """Train (so to speak) an adapter on the study, and let it serve."""
        version = self.study.add_candidate(self.card(domain, **more), self.tensors(seed))
        return self.study.promote(version.id, "passed the gates")

    def card(self, domain: str = "mail", **more: Any) -> Card:
        known: dict[str, Any] = {"verdict": {"passed": True}, "documents": (("d" * 32, 1),)}
        return Card(domain, self.base.fingerprint, SHAPE, "root", NOW, **{**known, **more})

    def tensors(self, seed: int = 1) -> bytes:
        return to_bytes(fresh(self.base.model, SHAPE, seed))

    def push(self) -> bool:
        return push(self.engine("study"), self.study)

    def pull(self) -> list[tuple[str, str]]:
        arrivals, _ = pull(self.engine("laptop"), self.laptop, lambda: self.base)
        return [(item.domain, item.outcome) for item in arrivals]


@pytest.fixture
def pair(tmp_path: Path, base: Base) -> Pair:
    world = World(tmp_path)
    world.pair("study", "laptop")
    study = Registry(tmp_path / "study" / "adapters", b"s" * 32)
    laptop = Registry(tmp_path / "laptop" / "adapters", b"l" * 32)
    return Pair(world, study, laptop, base)


def test_what_serves_here_serves_there(pair: Pair) -> None:
    version = pair.serve()
    assert pair.push()
    assert pair.pull() == [("mail", "installed")]
    active = pair.laptop.active("mail")
    assert active is not None
    assert active.id == version.id
    assert pair.laptop.tensors(active.id) == pair.study.tensors(version.id)
    assert pair.pull() == []
    assert not pair.push()


def test_a_newer_version_replaces_the_older_one(pair: Pair) -> None:
    pair.serve(seed=1)
    pair.push()
    pair.pull()
    newer = pair.serve(seed=2)
    pair.push()
    assert pair.pull() == [("mail", "installed")]
    active = pair.laptop.active("mail")
    assert active is not None
    assert active.id == newer.id


def test_a_flipped_bit_installs_nothing(pair: Pair) -> None:
    pair.serve()
    pair.push()
    (path,) = (pair.world.shared / ROOT / "o").iterdir()
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    assert pair.pull() == []
    assert pair.laptop.versions() == []


@pytest.mark.parametrize(
    "more", [{"verdict": {"passed": False}}, {"verdict": None}, {"domain": "notes"}]
)
def test_what_did_not_pass_or_goes_by_another_name_is_refused(
    pair: Pair, more: dict[str, Any]
) -> None:
    card = pair.card(**{"domain": "mail", **more}).to_json()
    blob = Blob("mail", len(card).to_bytes(4, "big") + card + pair.tensors())
    pair.engine("study").publish([blob])
    assert pair.pull() == [("mail", "refused")]
    assert pair.laptop.versions() == []


@pytest.mark.parametrize("payload", [b"", b"\xff\xff\xff\xff{}", b"\0\0\0\x02{}rest"])
def test_what_is_no_adapter_is_refused(pair: Pair, payload: bytes) -> None:
    pair.engine("study").publish([Blob("mail", payload)])
    assert pair.pull() == [("mail", "refused")]


def test_tensors_of_another_form_are_refused(pair: Pair) -> None:
    card = pair.card().to_json()
    other = to_bytes(fresh(pair.base.model, Shape(8, 2.0), 1))
    pair.engine("study").publish([Blob("mail", len(card).to_bytes(4, "big") + card + other)])
    assert pair.pull() == [("mail", "refused")]


def test_an_adapter_of_another_base_waits_until_that_base_is_here(pair: Pair) -> None:
    card = pair.card()
    foreign = Card(**{**_fields(card), "base_fingerprint": "0" * 64})
    body = foreign.to_json()
    pair.engine("study").publish(
        [Blob("mail", len(body).to_bytes(4, "big") + body + pair.tensors())]
    )
    for _ in range(2):
        assert pair.pull() == [("mail", "waiting")]


def test_what_was_forgotten_there_is_destroyed_here(pair: Pair) -> None:
    pair.serve()
    pair.push()
    pair.pull()
    pair.study.forget({"d" * 32}, "forgotten")
    assert [blob.payload for blob in offers(pair.study)] == [None]
    pair.push()
    assert pair.pull() == [("", "forgotten"), ("mail", "withdrawn")]
    assert pair.laptop.active("mail") is None
    (version,) = pair.laptop.versions()
    assert (version.state, version.bytes) == (State.FORGOTTEN, 0)
    (left,) = (pair.world.shared / ROOT / "o").iterdir()
    assert left.stat().st_size < len(pair.tensors())


def test_a_device_that_was_away_destroys_what_it_kept_when_it_meets_the_rebuilt_adapter(
    pair: Pair,
) -> None:
    old = pair.serve(seed=1)
    pair.push()
    pair.pull()
    pair.study.forget({"d" * 32}, "forgotten")
    rebuilt = pair.serve(seed=2, documents=(("e" * 32, 1),))
    pair.push()
    assert pair.pull() == [("", "forgotten"), ("mail", "installed")]
    kept = {version.id: (version.state, version.bytes > 0) for version in pair.laptop.versions()}
    assert kept == {old.id: (State.FORGOTTEN, False), rebuilt.id: (State.ACTIVE, True)}
    assert pair.pull() == []


def test_what_learnt_from_a_forgotten_document_never_comes_back(pair: Pair) -> None:
    pair.serve(seed=1)
    pair.push()
    pair.pull()
    pair.laptop.forget({"d" * 32}, "forgotten")
    pair.serve(seed=2)
    pair.push()
    assert pair.pull() == [("mail", "refused")]
    assert pair.laptop.active("mail") is None


@pytest.mark.parametrize("payload", [b"7", b"{", b"\xff"])
def test_a_list_of_what_was_forgotten_that_is_none_is_refused(pair: Pair, payload: bytes) -> None:
    pair.engine("study").publish([Blob(f"forgotten.{'a' * 32}", payload)])
    assert pair.pull() == [(f"forgotten.{'a' * 32}", "refused")]


def _fields(card: Card) -> dict[str, Any]:
    return {name: getattr(card, name) for name in card.__dataclass_fields__}
