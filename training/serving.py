"""From the registry to the runtime and to other places: memories that serve, exports, and imports from elsewhere."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

from personald.errors import PersonaldError, UsageError
from training.adapter import Tensors, norm_product, tensor_shapes
from training.admission import Admission
from training.arrays import mx
from training.base import Base
from training.card import Card
from training.registry import AdapterVersion, Registry, RegistryRefuses
from training.runtime import Memory
from training.tensorfile import TensorsRefused, from_bytes, to_bytes

MOST_GROWTH = 4.0
"""An imported adapter may be at most so many times as strong, layer by layer, as the one it replaces."""

WEAKEST = 0.05
"""Strength (Frobenius norm of s·A·B) below which growth is not counted."""

INSIDE_BLOCK = re.compile(r"\.\d+\.(?P<inside>.+)\.lora_a$")


class BaseChanged(PersonaldError):
    """An adapter belongs to another base than the one in use."""

    title = "The adapter belongs to another base"


def memory(registry: Registry, version: AdapterVersion, base: Base) -> Memory:
    """A version, opened in memory and checked against the base.

    Raises:
        BaseChanged: it was trained on another base.
        TensorsRefused, RegistryRefuses, SealBroken: its tensors are not what they should be.
    """
    if version.card.base_fingerprint != base.fingerprint:
        raise BaseChanged(
            f"{version.name} was trained on base {version.card.base_fingerprint[:12]}, in use is {base.fingerprint[:12]}",
            "Train again, or go back to the earlier base.",
        )
    tensors = from_bytes(
        registry.tensors(version.id), tensor_shapes(base.model, version.card.shape)
    )
    return Memory(tensors, version.card.shape, version.name, Admission.of(version.card))


def memories(registry: Registry, base: Base) -> dict[str, Memory]:
    """Domain → memory of everything that serves on this base; versions of other bases are left out."""
    found: dict[str, Memory] = {}
    for domain, version in sorted(registry.serving().items()):
        if version.card.base_fingerprint == base.fingerprint:
            found[domain] = memory(registry, version, base)
    return found


def admit(
    registry: Registry, base: Base, card: bytes, tensors: bytes, reason: str = "imported"
) -> AdapterVersion:
    """Take in an adapter that came from elsewhere as a candidate, after the strictest checks.

    Args:
        registry: where it goes.
        base: the base in use; names and shapes must be exactly those of an adapter of this form on it.
        card, tensors: what travelled.
        reason: what the history says.

    Raises:
        CardRefused, TensorsRefused, BaseChanged: it is not an adapter for this base, or far stronger than the one
            that serves.
    """
    read = Card.from_json(card)
    if read.base_fingerprint != base.fingerprint:
        raise BaseChanged(
            f"it was trained on base {read.base_fingerprint[:12]}, in use is {base.fingerprint[:12]}"
        )
    if max(read.shape.blocks, default=0) >= len(base.model.layers):
        raise TensorsRefused("its card asks for more blocks than the base has")
    loaded = from_bytes(tensors, tensor_shapes(base.model, read.shape))
    serving = registry.active(read.domain)
    if serving is not None and serving.card.base_fingerprint == base.fingerprint:
        _compare(loaded, read, memory(registry, serving, base))
    return registry.add_candidate(read, tensors, reason)


def _compare(loaded: Tensors, card: Card, serving: Memory) -> None:
    before = norm_product(serving.tensors, serving.shape.scale)
    for path, strength in norm_product(loaded, card.shape.scale).items():
        if strength > MOST_GROWTH * max(before.get(path, 0.0), WEAKEST) and path in before:
            raise TensorsRefused(
                f"at {path} it is {strength / max(before[path], WEAKEST):.0f} times as strong as before"
            )


def export(
    registry: Registry, id: str, folder: Path, form: str = "mlx", base: str = ""
) -> list[Path]:
    """Write an adapter, in the clear, in another tool's layout; the person asked for it.

    Args:
        registry: where it comes from.
        id: which version.
        folder: where to; made if it is not there.
        form: "mlx" (`mlx_lm.generate --adapter-path`) or "peft".
        base: reference of the base, written into the configuration.

    Raises:
        UsageError: there is no such form.
        RegistryRefuses: it still holds, kept silent, something that was forgotten.
    """
    version = registry.get(id)
    if version.card.suppressed:
        raise RegistryRefuses(
            f"{version.name} only keeps silent about something that was forgotten",
            f"Rebuild it first: personald train {version.domain} --force",
        )
    writers = {"mlx": _mlx_files, "peft": _peft_files}
    if form not in writers:
        raise UsageError(
            f"there is no export form {form!r}", f"Choose one of: {', '.join(writers)}."
        )
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, content in writers[form](version.card, registry.tensors(version.id), base).items():
        (folder / name).write_bytes(content)
        written.append(folder / name)
    return written


def _loaded(tensors: bytes) -> Tensors:
    loaded: Any = mx.load(io.BytesIO(tensors), format="safetensors")
    return dict(loaded)


def _mlx_files(card: Card, tensors: bytes, base: str) -> dict[str, bytes]:
    """mlx-lm's layout (mlx_lm/tuner/utils.py, load_adapters)."""
    names = _loaded(tensors)
    keys = sorted({match["inside"] for name in names if (match := INSIDE_BLOCK.search(name))})
    config: dict[str, Any] = {
        "model": base,
        "fine_tune_type": "lora",
        # All of them: one that the file has no tensors for keeps a product of zero, and stays as it was.
        "num_layers": -1,
        "lora_parameters": {
            "rank": card.shape.rank,
            "scale": card.shape.scale,
            "dropout": 0.0,
            "keys": keys,
        },
    }
    return {
        "adapters.safetensors": tensors,
        "adapter_config.json": json.dumps(config, indent=1).encode(),
    }


def _peft_files(card: Card, tensors: bytes, base: str) -> dict[str, bytes]:
    """PEFT's layout: A as rank × inputs, B as outputs × rank, the scale as alpha / rank.

    Keys and fields are those of PEFT's documentation ("PEFT checkpoint format", and `LoraConfig`).

    Raises:
        UsageError: it adapts experts, whose three-dimensional tensors that layout has no place for.
    """
    loaded = _loaded(tensors)
    if any(value.ndim != 2 for value in loaded.values()):
        raise UsageError(
            "an adapter of a mixture of experts has no PEFT form", "Export it as mlx instead."
        )
    renamed = {
        f"base_model.model.{name.replace('.lora_a', '.lora_A.weight').replace('.lora_b', '.lora_B.weight')}": value.T
        for name, value in loaded.items()
    }
    config: dict[str, Any] = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": base,
        "r": card.shape.rank,
        "lora_alpha": card.shape.scale * card.shape.rank,
        "lora_dropout": 0.0,
        "bias": "none",
        "inference_mode": True,
        "target_modules": sorted({name.split(".")[-2] for name in loaded}),
    }
    if card.shape.blocks:
        config |= {"layers_to_transform": list(card.shape.blocks), "layers_pattern": "layers"}
    return {
        "adapter_model.safetensors": to_bytes(renamed),
        "adapter_config.json": json.dumps(config, indent=1).encode(),
    }
