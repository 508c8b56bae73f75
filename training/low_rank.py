"""A low-rank layer with a derivative of its own, for MLX on a CPU.

y = W·x + s·(x·A)·B as two products and one product-and-sum. What is left to MLX's differentiation keeps five arrays of
the output's size alive for the way back and passes over them again; by hand it takes the input alone, which the layer
below holds in any case, and computes x·A twice, which costs next to nothing.
"""

from __future__ import annotations

from typing import Any

from mlx_lm.tuner.lora import LoRALinear

from training.arrays import mx, nn
from training.kernels import on_cpu


class QuickLoRA(LoRALinear):  # type: ignore[misc]
    """mlx-lm's low-rank layer with the same parameters under the same names, and the same output.

    Args:
        lora: the layer that it stands for; its linear layer `suits`.
    """

    def __init__(self, lora: LoRALinear) -> None:
        nn.Module.__init__(self)
        self.linear = lora.linear
        self.scale = lora.scale
        self.lora_a, self.lora_b = lora.lora_a, lora.lora_b

    @staticmethod
    def suits(linear: Any) -> bool:
        """Whether there is something to gain: plain float32 weights without a bias, on a CPU."""
        return (
            on_cpu()
            and type(linear) is nn.Linear
            and "bias" not in linear
            and linear.weight.dtype == mx.float32
        )

    def __call__(self, x: Any) -> Any:
        """The layer's output (… × outputs) for its input (… × inputs)."""
        return product(self.linear.weight, self.scale)(x, self.lora_a, self.lora_b)


def product(weight: Any, scale: float) -> Any:
    """(x, A, B) → x·Wᵀ + scale·(x·A)·B as a function that differentiates by x, A and B, but not by W.

    Args:
        weight: W (outputs × inputs), frozen.
        scale: what the low-rank product counts.
    """

    @mx.custom_function
    def forward(x: Any, a: Any, b: Any) -> Any:
        return mx.addmm(x @ weight.T, x @ a, b, alpha=scale)

    @forward.vjp
    def _(primals: tuple[Any, Any, Any], cotangent: Any, output: Any) -> tuple[Any, Any, Any]:
        x, a, b = primals
        inner = cotangent @ b.T
        rows, slopes = x.reshape(-1, x.shape[-1]), cotangent.reshape(-1, cotangent.shape[-1])
        to_x = mx.addmm(cotangent @ weight, inner, a.T, alpha=scale)
        to_a = scale * (rows.T @ inner.reshape(-1, inner.shape[-1]))
        to_b = scale * ((rows @ a).T @ slopes)
        return to_x, to_a, to_b

    return forward
