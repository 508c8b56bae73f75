"""Low-rank adapters on any mlx-lm model: where they go, what they are called, how they get in and out.

LoRA (Hu et al. 2021, arXiv 2106.09685): y = W·x + s·(x·A)·B, with A (inputs × rank) drawn at random and B
(rank × outputs) zero, so that a fresh adapter changes nothing. All linear layers of all blocks are adapted ("LoRA
Without Regret"); names and shapes are those of mlx-lm, so an adapter of ours loads there as it is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from mlx.utils import tree_unflatten
from mlx_lm.models.switch_layers import QuantizedSwitchLinear, SwitchLinear
from mlx_lm.tuner.lora import LoRALinear, LoRASwitchLinear

from training.arrays import mx, nn
from training.low_rank import QuickLoRA

Tensors = dict[str, Any]
"""Adapter tensors by name, "model.layers.0.self_attn.q_proj.lora_a" → array."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The form of an adapter: how many dimensions it has, and how strongly it counts.

    Attributes:
        rank: r, the inner dimension.
        scale: s, what the product is multiplied with.
        blocks: numbers of the adapted blocks, ascending, from 0; none for all.
    """

    rank: int = 8
    scale: float = 2.0
    blocks: tuple[int, ...] = ()


def blocks_of(model: Any) -> list[tuple[str, Any]]:
    """The model's blocks with their paths, first to last.

    Raises:
        ValueError: the model has no list of blocks among its modules.
    """
    paths = {id(module): path for path, module in model.named_modules()}
    return [(paths[id(block)], block) for block in model.layers]


def adaptable(model: Any, blocks: Sequence[int] = ()) -> dict[str, Any]:
    """Path → module of every linear layer, quantised and expert layers included, of these blocks (none: of all)."""
    every = blocks_of(model)
    chosen = [every[number] for number in blocks] or every
    kinds = (nn.Linear, nn.QuantizedLinear, SwitchLinear, QuantizedSwitchLinear)
    return {
        f"{path}.{name}": module
        for path, block in chosen
        for name, module in sorted(block.named_modules())
        if isinstance(module, kinds)
    }


def tensor_shapes(model: Any, shape: Shape) -> dict[str, tuple[int, ...]]:
    """Name → shape of every tensor that an adapter of this form has on this model; what an import is checked against."""
    shapes: dict[str, tuple[int, ...]] = {}
    for path, module in adaptable(model, shape.blocks).items():
        if isinstance(module, (SwitchLinear, QuantizedSwitchLinear)):
            experts = module.num_experts
            shapes[f"{path}.lora_a"] = (experts, shape.rank, module.input_dims)
            shapes[f"{path}.lora_b"] = (experts, module.output_dims, shape.rank)
        else:
            outputs, inputs = linear_size(module)
            shapes[f"{path}.lora_a"] = (inputs, shape.rank)
            shapes[f"{path}.lora_b"] = (shape.rank, outputs)
    return shapes


def linear_size(module: Any) -> tuple[int, int]:
    """Outputs and inputs of a linear layer, quantised or not."""
    outputs, inputs = module.weight.shape
    if isinstance(module, nn.QuantizedLinear):
        inputs = inputs * 32 // module.bits
    return int(outputs), int(inputs)


def fresh(model: Any, shape: Shape, seed: int) -> Tensors:
    """A new adapter: A uniform in ±1/√inputs, B zero (mlx-lm's initialisation), the same for the same seed."""
    tensors: Tensors = {}
    key = mx.random.key(seed)
    for name, size in tensor_shapes(model, shape).items():
        if name.endswith(".lora_b"):
            tensors[name] = mx.zeros(size)
            continue
        key, part = mx.random.split(key)
        inputs = size[-1] if len(size) == 3 else size[0]
        limit = 1 / math.sqrt(inputs)
        tensors[name] = mx.random.uniform(-limit, limit, size, key=part)
    mx.eval(tensors)
    return tensors


@contextmanager
def attached(model: Any, shape: Shape, tensors: Mapping[str, Any]) -> Iterator[None]:
    """Within the block, `model` carries this adapter in trainable layers; afterwards it is as it was."""
    originals = adaptable(model, shape.blocks)
    layers = {path: as_lora(module, shape) for path, module in originals.items()}
    with exchanged(model, originals, layers, tensors):
        yield


@contextmanager
def exchanged(
    model: Any, originals: Mapping[str, Any], layers: Mapping[str, Any], tensors: Mapping[str, Any]
) -> Iterator[None]:
    """Within the block, `layers` stand in the places of `originals`, by path, and carry `tensors`."""
    model.update_modules(tree_unflatten(list(layers.items())))
    put(model, tensors)
    try:
        yield
    finally:
        model.update_modules(tree_unflatten(list(originals.items())))


class Form(Protocol):
    """What of a model learns: which tensors there are to begin with, and how the model carries them."""

    def fresh(self, model: Any, seed: int) -> Tensors:
        """The tensors before the first step, by name (a path of the model that carries them, and a name there)."""

    def attached(self, model: Any, tensors: Mapping[str, Any]) -> AbstractContextManager[None]:
        """Within the block the model carries these tensors where they can be set; afterwards it is as it was."""


@dataclass(frozen=True, slots=True)
class LowRank:
    """The form of every memory that is kept: a low-rank adapter of this shape."""

    shape: Shape

    def fresh(self, model: Any, seed: int) -> Tensors:
        """See `fresh`."""
        return fresh(model, self.shape, seed)

    def attached(self, model: Any, tensors: Mapping[str, Any]) -> AbstractContextManager[None]:
        """See `attached`."""
        return attached(model, self.shape, tensors)


def as_lora(module: Any, shape: Shape) -> Any:
    """A linear layer wrapped with a low-rank adapter of this form (mlx-lm's own layer, on a CPU a quicker one)."""
    if isinstance(module, (SwitchLinear, QuantizedSwitchLinear)):
        return LoRASwitchLinear.from_base(module, r=shape.rank, dropout=0.0, scale=shape.scale)
    lora = LoRALinear.from_base(module, r=shape.rank, dropout=0.0, scale=shape.scale)
    return QuickLoRA(lora) if QuickLoRA.suits(module) else lora


def put(model: Any, tensors: Mapping[str, Any]) -> None:
    """Set the adapter's tensors in a model that carries one."""
    model.update(tree_unflatten(list(tensors.items())))


def slots(model: Any, names: Sequence[str]) -> list[tuple[Any, str]]:
    """Where each tensor sits in a model that carries the adapter: its layer, and its name there."""
    modules = dict(model.named_modules())
    return [(modules[path], name) for path, _, name in (full.rpartition(".") for full in names)]


class Split:
    """A model cut before its output layer, so that logits are computed only where they are needed.

    Args:
        model: an mlx-lm model. The cut is tried on two tokens; a model whose output layer does more than a
            product (soft caps, scaled logits) is run whole and its logits are picked afterwards.
    """

    def __init__(self, model: Any) -> None:
        self.model = model
        self.body: Any = getattr(model, "model", None)
        self.head = self._find_head()

    def _find_head(self) -> Any:
        """The output layer, or None where the model cannot be cut."""
        if self.body is None or not callable(self.body):
            return None
        head = getattr(self.model, "lm_head", None)
        if head is None:
            embedding = getattr(self.body, "embed_tokens", None)
            if embedding is None:
                return None
            head = embedding.as_linear
        tokens = mx.array([[1, 2]])
        whole, cut = self.model(tokens), head(self.body(tokens))
        if whole.shape != cut.shape or not mx.allclose(whole, cut, rtol=1e-3, atol=1e-3).item():
            return None
        return head

    def hidden(self, tokens: Any) -> Any:
        """Last hidden states (rows × length × width) of a batch of token ids (rows × length); logits if uncut."""
        return self.model(tokens) if self.head is None else self.body(tokens)

    def logits(self, hidden: Any) -> Any:
        """Logits (targets × vocabulary, float32) from picked hidden states (targets × width)."""
        return (self.head(hidden) if self.head is not None else hidden).astype(mx.float32)

    def logits_at(self, tokens: Any, positions: Any) -> Any:
        """Logits (targets × vocabulary) at flat positions (row · length + column) of a batch."""
        hidden = self.hidden(tokens)
        return self.logits(hidden.reshape(-1, hidden.shape[-1])[positions])


def norm_product(tensors: Mapping[str, Any], scale: float) -> dict[str, float]:
    """Path → Frobenius norm of s·A·B for every adapted layer, without forming the product: √Σ (AᵀA ⊙ BBᵀ)."""
    norms: dict[str, float] = {}
    for name, a in tensors.items():
        if not name.endswith(".lora_a"):
            continue
        path = name.removesuffix(".lora_a")
        b = tensors[f"{path}.lora_b"]
        if a.ndim == 3:
            a, b = a.swapaxes(-1, -2), b.swapaxes(-1, -2)
        inner = (a.swapaxes(-1, -2) @ a) * (b @ b.swapaxes(-1, -2))
        norms[path] = scale * math.sqrt(max(float(inner.sum().item()), 0.0))
    return norms
