"""Faster exponentials for MLX on a CPU.

MLX 0.32's CPU backend calls the C library's exp for every element (13 ns each), which makes activations and softmaxes
cost more than the matrix products of a small model. NumPy computes the same with vector instructions (0.8 ns), and sees
MLX's arrays in place. On a GPU nothing is replaced.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from training.arrays import mx, nn

Floats = np.ndarray[Any, np.dtype[np.float32]]


def on_cpu() -> bool:
    """Whether MLX computes on the CPU here."""
    return bool(mx.default_device() == mx.Device(mx.cpu))


def seen(array: Any) -> Floats:
    """NumPy's view of a float32 array, computed now where it was not yet; not a copy, not to be written to."""
    mx.eval(array)
    return np.asarray(memoryview(array))


def _sigmoid(x: Floats) -> Floats:
    """1 / (1 + e⁻ˣ); where e⁻ˣ overflows the quotient is 0, as it should be."""
    result: Floats = np.negative(x)
    with np.errstate(over="ignore"):
        np.exp(result, out=result)
    result += 1
    np.reciprocal(result, out=result)
    return result


@mx.custom_function
def _gated(gate: Any, value: Any) -> tuple[Any, Any, Any]:
    """SiLU(gate) · value, and its slopes by gate and by value.

    The slopes are made here and not on the way back: NumPy needs its inputs computed, which they are on the way
    forward in any case, while on the way back it would keep every intermediate result alive.
    """
    gates, values = seen(gate), seen(value)
    share = _sigmoid(gates)
    silu = gates * share
    result = mx.array(silu * values)
    # d SiLU / d gate = σ + SiLU·(1 − σ)
    by_gate = share + silu * (1 - share)
    by_gate *= values
    return result, mx.array(by_gate), mx.array(silu)


@_gated.vjp
def _(primals: Any, cotangents: Any, outputs: Any) -> tuple[Any, Any]:
    _, by_gate, by_value = outputs
    return cotangents[0] * by_gate, cotangents[0] * by_value


def gated(gate: Any, value: Any) -> Any:
    """SiLU(gate) · value (SwiGLU, Shazeer 2020, arXiv 2002.05202), both float32 of one shape."""
    found: Any = _gated(gate, value)
    return found[0]


@mx.custom_function
def _log_sum_exp(logits: Any) -> Any:
    values = seen(logits)
    highest = values.max(axis=-1, keepdims=True)
    shifted = values - highest
    np.exp(shifted, out=shifted)
    return mx.array(highest + np.log(shifted.sum(axis=-1, keepdims=True)))


@_log_sum_exp.vjp
def _(logits: Any, cotangent: Any, output: Any) -> Any:
    probabilities = seen(logits) - seen(output)
    np.exp(probabilities, out=probabilities)
    probabilities *= seen(cotangent)
    return mx.array(probabilities)


def log_sum_exp(logits: Any) -> Any:
    """log Σ eˣ over the last axis, kept as an axis of one; logits are float32 (rows × vocabulary)."""
    return _log_sum_exp(logits) if on_cpu() else mx.logsumexp(logits, axis=-1, keepdims=True)


class GatedFeedForward(nn.Module):  # type: ignore[misc]
    """A SwiGLU feed-forward layer with the faster activation; its three layers keep their names."""

    def __init__(self, original: Any, gate: str, value: str, out: str) -> None:
        super().__init__()
        for name in (gate, value, out):
            self[name] = original[name]
        self._names = (gate, value, out)

    def __call__(self, x: Any) -> Any:
        """The layer's output (… × width) for its input of the same shape."""
        gate, value, out = self._names
        return self[out](gated(self[gate](x), self[value](x)))


NAMINGS = (("gate_proj", "up_proj", "down_proj"), ("w1", "w3", "w2"))
"""What models call gate, value and output of their feed-forward layer."""


def quicken(model: Any) -> int:
    """Replace, on a CPU, the feed-forward layers of this one model whose output stays the same; returns how many.

    Each replacement is tried on a random input first; a layer that is not a plain SwiGLU is left as it is.
    """
    if not on_cpu():
        return 0
    replaced = 0
    for block in model.layers:
        for name, module in list(block.children().items()):
            for naming in NAMINGS:
                if not isinstance(module, nn.Module) or set(module.children()) != set(naming):
                    continue
                quick = GatedFeedForward(module, *naming)
                if _agree(module, quick, naming[0]):
                    setattr(block, name, quick)
                    replaced += 1
    return replaced


def _agree(module: Any, quick: Any, gate: str) -> bool:
    first = module[gate]
    if not isinstance(first, nn.Linear) or first.weight.dtype != mx.float32:
        return False
    x = mx.random.normal((2, first.weight.shape[1]), key=mx.random.key(0))
    return bool(mx.allclose(module(x), quick(x), rtol=1e-4, atol=1e-5).item())
