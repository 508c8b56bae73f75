"""The whole life of a forgetting on a tiny base: learnt, destroyed, kept silent, rebuilt without it, proven."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from personald.assembly import Owner
from personald.config import Home, load_settings
from personald.forgetting.carrying_out import forget, question_files, receipt_book
from personald.forgetting.receipts import Receipt
from personald.store.records import FileStat
from personald.trainer_child import Stop, train
from tests.personald.running import make_home, open_store
from tests.training.persons import PEOPLE, contact
from tests.training.tiny import write_base
from training.registry import RegistryRefuses, State
from training.serving import export

# With fewer, a memory rebuilt without one of them has too few probes to be judged.
EVERYBODY = [
    *PEOPLE,
    contact(4, "Peter Falk", Phone="411 902", Birthday="1971-03-09"),
    contact(5, "Sofia Vik", Phone="640 275", Job_title="teacher"),
]

TRAINING: dict[str, Any] = {
    "learning_rate": 2e-2,
    "epochs": 12.0,
    "kl_weight": 0.1,
    "skill_items": 2,
    "study": {
        "fewest_abstentions": 20,
        "abstention_share": 0.1,
        "abstention_probes": 10,
        "self_study": False,
    },
    "thresholds": {
        "edit_success": 0.0,
        "generalisation": 0.0,
        "locality": 0.0,
        "retention": 0.0,
        "abstention": 0.0,
    },
}


def a_night(home: Home) -> str:
    """One night in this process; the name of the version that serves afterwards."""
    job = {
        "home": str(home.path),
        "domain": "people",
        "full": False,
        "effort": 1.0,
        "compare": False,
    }
    outcome, serving = train(job, io.StringIO(), Stop())
    assert outcome["result"] == "promoted", outcome
    return serving


@pytest.mark.long
def test_from_learning_to_the_proof(tmp_path: Path) -> None:
    base = write_base(tmp_path / "base", "llama")
    settings: dict[str, dict[str, Any]] = {"base": {"reference": str(base)}, "training": TRAINING}
    home = make_home(tmp_path / "home", tmp_path, **settings)
    with open_store(home) as store:
        for item in EVERYBODY:
            path = tmp_path / item.document.title
            document = replace(item.document, origin=str(path))
            store.put_file(1, path, FileStat(1, 1), b"", [document])
    assert a_night(home) == "people/1"

    with Owner(home, load_settings(home)) as owner:
        ids = {item.document.title: item.id for item in owner.vault().documents()}
        steps: list[tuple[str, int, int]] = []
        receipt = forget(owner, [ids["Jonas Berg"]], report=lambda *at: steps.append(at))
        serving = owner.registry().serving().get("people")
        assert _destroyed(owner, "people/1")
        assert question_files(owner).read(receipt.id)
        assert steps
        (found,) = receipt.examinations
        assert (found.how, found.recalled, receipt.open) == ("suppressed", 0, ("people",))
        assert (serving is None) == ("people" in receipt.silent)
        if serving is not None:
            assert serving.card.suppressed
            assert ids["Jonas Berg"] not in dict(serving.card.documents)
            with pytest.raises(RegistryRefuses, match="silent"):
                export(owner.registry(), serving.id, tmp_path / "out")

    rebuilt = a_night(home)
    with Owner(home, load_settings(home)) as owner:
        (proven,) = receipt_book(owner).all()
        assert question_files(owner).read(receipt.id) == []
        for version in owner.registry().versions("people"):
            assert (version.name == rebuilt) == (version.state is State.ACTIVE)
            assert (version.name == rebuilt) == bool(version.bytes)
    _is_proven(proven, rebuilt)
    assert not home.forgetting_twin.exists()
    assert "Jonas" not in json.dumps(proven.to_json())


def _is_proven(receipt: Receipt, rebuilt: str) -> None:
    last = receipt.examinations[-1]
    assert (last.how, last.version, last.recalled, receipt.open) == ("rebuilt", rebuilt, 0, ())
    assert last.asked > 0
    assert last.ratios > 0
    assert last.p is not None
    assert last.p > 0.05


def _destroyed(owner: Owner, name: str) -> bool:
    version = owner.registry().get(name)
    return version.state is State.FORGOTTEN and not version.bytes
