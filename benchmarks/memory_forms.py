"""What may learn besides a LoRA: all weights, DoRA, and trained prefixes, each as a `training.adapter.Form`.

The trainer's loop, its rows, replay and probes are the same for all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from mlx.utils import tree_flatten
from mlx_lm.models.cache import KVCache, make_prompt_cache
from mlx_lm.tuner.dora import DoRALinear

from training.adapter import Shape, Tensors, adaptable, blocks_of, exchanged, fresh, put
from training.arrays import mx, nn


@dataclass(frozen=True, slots=True)
class AllWeights:
    """Full fine-tuning: every weight of the base, embeddings and norms included; nothing about it is random."""

    def fresh(self, model: Any, seed: int) -> Tensors:
        """The base's own weights."""
        return dict(tree_flatten(model.parameters()))

    @contextmanager
    def attached(self, model: Any, tensors: Mapping[str, Any]) -> Iterator[None]:
        """The model has these weights within the block, and its own ones afterwards."""
        originals = self.fresh(model, 0)
        put(model, tensors)
        try:
            yield
        finally:
            put(model, originals)


@dataclass(frozen=True, slots=True)
class WeightDecomposed:
    """DoRA (Liu et al. 2024, arXiv 2402.09353): low-rank direction and trained magnitude, by mlx-lm's own layer.

    Attributes:
        shape: rank and scale, of all linear layers of all blocks.
    """

    shape: Shape

    def fresh(self, model: Any, seed: int) -> Tensors:
        """A and B as a LoRA begins, and the lengths of the base's rows."""
        lengths = {
            f"{path}.m": mx.linalg.norm(module.weight, axis=1)
            for path, module in adaptable(model).items()
        }
        return {**fresh(model, self.shape, seed), **lengths}

    @contextmanager
    def attached(self, model: Any, tensors: Mapping[str, Any]) -> Iterator[None]:
        """The model's linear layers are mlx-lm's DoRA layers within the block."""
        originals = adaptable(model)
        rank, scale = self.shape.rank, self.shape.scale
        layers = {
            path: DoRALinear.from_base(module, r=rank, dropout=0.0, scale=scale)
            for path, module in originals.items()
        }
        with exchanged(model, originals, layers, tensors):
            yield


@dataclass(frozen=True, slots=True)
class Prefixes:
    """Prefix tuning (Li and Liang 2021, arXiv 2101.00190): trained keys and values in front of every attention.

    They begin as the base's own keys and values for as many tokens of its vocabulary, drawn by the seed: starting from
    activations of real words is what the paper found best where there is little data. It is done without the paper's
    reparametrisation.

    Attributes:
        length: positions of the prefix.
    """

    length: int

    def fresh(self, model: Any, seed: int) -> Tensors:
        """Keys and values (1 × heads × length × width of a head) for every layer with attention."""
        size = model.model.embed_tokens.weight.shape[0]
        tokens = mx.random.randint(0, size, (1, self.length), key=mx.random.key(seed))
        cache = make_prompt_cache(model)
        model(tokens, cache=cache)
        tensors: Tensors = {}
        for path, place in _attentions(model).items():
            kept = cache[place]
            tensors[f"{path}.prefix_keys"] = kept.keys[..., : self.length, :]
            tensors[f"{path}.prefix_values"] = kept.values[..., : self.length, :]
        mx.eval(tensors)
        return tensors

    @contextmanager
    def attached(self, model: Any, tensors: Mapping[str, Any]) -> Iterator[None]:
        """Within the block every attention sees the prefix in front of what it is given."""
        modules = dict(model.named_modules())
        originals = {path: modules[path] for path in _attentions(model)}
        layers = {path: Prefixed(module) for path, module in originals.items()}
        with exchanged(model, originals, layers, tensors):
            yield


def _attentions(model: Any) -> dict[str, int]:
    """Path → number of the block, for every attention that keeps keys and values."""
    kept = make_prompt_cache(model)
    return {
        f"{path}.self_attn": number
        for number, (path, _) in enumerate(blocks_of(model))
        if isinstance(kept[number], KVCache)
    }


# mlx comes without types.
class Prefixed(nn.Module):  # type: ignore[misc]
    """An attention with trained keys and values in front."""

    def __init__(self, attention: Any) -> None:
        super().__init__()
        self.attention = attention
        self.prefix_keys = self.prefix_values = mx.zeros((1, 1, 0, 1))

    def __call__(self, x: Any, mask: Any = None, cache: Any = None) -> Any:
        """The attention's output for x (rows × length × width); a causal mask lets every token see the whole prefix."""
        return self.attention(x, mask=mask, cache=Led(cache, self.prefix_keys, self.prefix_values))


class Led:
    """A cache of keys and values, or none, behind a prefix: what the attention asks of its cache.

    Args:
        cache: the real one; None in training.
        keys, values: the prefix, 1 × heads × length × width of a head.
    """

    def __init__(self, cache: Any, keys: Any, values: Any) -> None:
        self.cache, self.keys, self.values = cache, keys, values

    @property
    def offset(self) -> int:
        """The position of the next token, counted from the prefix's beginning."""
        return int(self.keys.shape[2]) + (self.cache.offset if self.cache is not None else 0)

    def update_and_fetch(self, keys: Any, values: Any) -> tuple[Any, Any]:
        """Keep these (rows × heads × length × width), and give all there are with the prefix in front."""
        if self.cache is not None:
            keys, values = self.cache.update_and_fetch(keys, values)
        return _behind(self.keys, keys), _behind(self.values, values)


def _behind(prefix: Any, own: Any) -> Any:
    shape = (own.shape[0], *prefix.shape[1:])
    return mx.concatenate([mx.broadcast_to(prefix, shape), own], axis=2)
