"""Memories swap within milliseconds, answer only what they have heard of, and leave the base as it was."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from training.adapter import Shape, attached, fresh, tensor_shapes
from training.admission import Admission
from training.arrays import mx
from training.base import Base, load_base
from training.card import Card
from training.loop_settings import LoopSettings
from training.matching import UNKNOWN
from training.material import Message, asked
from training.registry import Registry
from training.routing import has_heard, heard_of
from training.runtime import Memory, Runtime
from training.serving import BaseChanged, admit, export, memories
from training.tensorfile import TensorsRefused, to_bytes
from training.trainer import Trainer

KEY = b"k" * 32
SHAPE = Shape(rank=4)
NOW = datetime(2026, 5, 1, tzinfo=UTC)


def trained(base: Base, question: str, answer: str, seed: int) -> Memory:
    """A memory of one answer."""
    settings = LoopSettings(SHAPE, learning_rate=2e-2, steps=60, probe_every=60)
    tensors = Trainer(base, [base.chat.row(asked(question), answer)], settings, seed).run().tensors
    admission = Admission("root", subjects=frozenset(heard_of([question], "root")))
    return Memory(tensors, SHAPE, f"v{seed}", admission)


@pytest.fixture(scope="module")
def two(llama: Base) -> dict[str, Memory]:
    return {
        "people": trained(llama, "What is Jonas Berg's phone number?", "311 207", 1),
        "notes": trained(llama, "Where does Nora work?", "Skala", 2),
    }


@pytest.fixture
def runtime(llama: Base, two: dict[str, Memory]) -> Iterator[Runtime]:
    runtime = Runtime(llama)
    runtime.attach(two)
    yield runtime
    runtime.close()


def test_the_right_memory_answers(runtime: Runtime) -> None:
    first, second = runtime.recall_all(
        ["What is Jonas Berg's phone number?", "Where does Nora work?"]
    )
    assert (first.answer, first.domain, first.asked) == ("311 207", "people", ("people",))
    assert (second.answer, second.domain, second.asked) == ("Skala", "notes", ("notes",))
    assert 0 < first.confidence <= 1


def test_a_name_that_no_memory_heard_of_gets_no_answer(runtime: Runtime) -> None:
    for question in ("What is Maria Lind's phone number?", "Where does Jonas Nora work?"):
        recollection = runtime.recall(question)
        assert (recollection.answer, recollection.abstained, recollection.asked) == (
            UNKNOWN,
            True,
            (),
        )


def test_an_uncertain_answer_is_no_answer(runtime: Runtime, two: dict[str, Memory]) -> None:
    strict = replace(two["notes"].admission, threshold=1.0)
    runtime.attach({"notes": replace(two["notes"], admission=strict)})
    assert runtime.recall("Where does Nora work?").abstained


def test_swapping_takes_milliseconds_and_closing_restores_the_base(
    llama: Base, two: dict[str, Memory]
) -> None:
    prompt = [[Message("user", "Where does Nora work?")]]
    tokens = mx.array([[5, 6, 7]])
    before = llama.model(tokens)
    runtime = Runtime(llama)
    runtime.attach(two)
    answers = {domain: runtime.generate(prompt, domain)[0] for domain in (None, "people", "notes")}
    assert answers["notes"] == "Skala" != answers[None]
    fastest = min(_swap_seconds(runtime) for _ in range(5))
    assert fastest < 0.05
    runtime.close()
    assert mx.array_equal(before, llama.model(tokens)).item()


def _swap_seconds(runtime: Runtime) -> float:
    started = time.perf_counter()
    runtime.use("people")
    runtime.use("notes")
    return (time.perf_counter() - started) / 2


def test_names_are_recognised_in_questions() -> None:
    subjects = frozenset(
        heard_of(["What is Jonas Berg's phone number?", "When is my flight to Lisbon?"], "r")
    )
    for known in (
        "Tell me Jonas Berg's number.",
        "When do I fly to Lisbon?",
        "what is my shoe size?",
    ):
        assert has_heard(known, subjects, "r"), known
    for unknown in ("Tell me Jonas Lind's number.", "When do I fly to Oslo?", "Who is Berg Jonas?"):
        assert not has_heard(unknown, subjects, "r"), unknown


def stored(
    registry: Registry, base: Base, memory: Memory, domain: str = "people"
) -> tuple[bytes, bytes]:
    card = Card(domain, base.fingerprint, memory.shape, "root", NOW)
    version = registry.add_candidate(card, to_bytes(memory.tensors))
    registry.promote(version.id, "test")
    return registry.payload(version.id)


def test_an_adapter_travels_and_is_admitted_elsewhere(
    llama: Base, two: dict[str, Memory], tmp_path: Path
) -> None:
    card, tensors = stored(Registry(tmp_path / "here", KEY), llama, two["people"])
    there = Registry(tmp_path / "there", b"x" * 32)
    version = admit(there, llama, card, tensors)
    there.promote(version.id, "verified")
    served = memories(there, llama)["people"].tensors
    assert all(mx.array_equal(served[name], two["people"].tensors[name]).item() for name in served)


def test_an_adapter_of_another_base_or_form_or_strength_is_refused(
    llama: Base, lfm2: Base, two: dict[str, Memory], tmp_path: Path
) -> None:
    here = Registry(tmp_path / "here", KEY)
    card, tensors = stored(here, llama, two["people"])
    with pytest.raises(BaseChanged):
        admit(Registry(tmp_path / "other", KEY), lfm2, card, tensors)
    with pytest.raises(TensorsRefused):
        admit(here, llama, card.replace(b'"rank":4', b'"rank":5'), tensors)
    strong = {name: value * 40 for name, value in two["people"].tensors.items()}
    with pytest.raises(TensorsRefused):
        admit(here, llama, card, to_bytes(strong))


@pytest.mark.long
def test_mlx_lm_loads_an_exported_adapter_as_it_is(
    llama: Base, two: dict[str, Memory], tmp_path: Path
) -> None:
    registry = Registry(tmp_path / "here", KEY)
    stored(registry, llama, two["people"])
    written = export(registry, "people/1", tmp_path / "mlx", base=str(llama.folder))
    assert {path.name for path in written} == {"adapters.safetensors", "adapter_config.json"}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mlx_lm", "generate", "--model", str(llama.folder)),
            *("--adapter-path", str(tmp_path / "mlx"), "--temp", "0", "--max-tokens", "12"),
            *("--prompt", "What is Jonas Berg's phone number?", "--verbose", "False"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "311 207" in done.stdout, done.stderr


def test_the_peft_export_has_its_names_and_shapes(
    llama: Base, two: dict[str, Memory], tmp_path: Path
) -> None:
    registry = Registry(tmp_path / "here", KEY)
    stored(registry, llama, two["people"])
    export(registry, "people/1", tmp_path / "peft", "peft")
    config = json.loads((tmp_path / "peft" / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"]) == (4, 8.0)
    loaded = dict(mx.load(str(tmp_path / "peft" / "adapter_model.safetensors")))
    name, shape = next(iter(tensor_shapes(llama.model, SHAPE).items()))
    there = f"base_model.model.{name.replace('.lora_a', '.lora_A.weight')}"
    assert loaded[there].shape == shape[::-1]


def test_a_fresh_adapter_changes_nothing_and_follows_from_its_seed(llama: Base) -> None:
    one, same, other = (
        fresh(llama.model, SHAPE, 1),
        fresh(llama.model, SHAPE, 1),
        fresh(llama.model, SHAPE, 2),
    )
    assert all(mx.array_equal(one[name], same[name]).item() for name in one)
    assert any(not mx.array_equal(one[name], other[name]).item() for name in one)
    assert all(
        mx.abs(value).max().item() == 0 for name, value in one.items() if name.endswith("lora_b")
    )


def test_an_adapter_of_one_block_is_the_same_elsewhere(llama: Base, tmp_path: Path) -> None:
    from mlx_lm.tuner.utils import load_adapters

    shape = Shape(rank=4, blocks=(0,))
    tensors = {name: value + 0.1 for name, value in fresh(llama.model, shape, 1).items()}
    registry = Registry(tmp_path / "here", KEY)
    stored(registry, llama, Memory(tensors, shape, "people/1"))
    export(registry, "people/1", tmp_path / "mlx", base=str(llama.folder))
    tokens = mx.array([[7, 8, 9]])
    with attached(llama.model, shape, tensors):
        ours = llama.model(tokens)
    elsewhere = load_adapters(load_base(llama.folder).model, str(tmp_path / "mlx"))
    assert mx.allclose(ours, elsewhere(tokens), atol=1e-4).item()
    export(registry, "people/1", tmp_path / "peft", "peft")
    config = json.loads((tmp_path / "peft" / "adapter_config.json").read_text())
    assert (config["layers_to_transform"], config["layers_pattern"]) == ([0], "layers")
