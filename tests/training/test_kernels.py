"""What is computed faster on a CPU is the same: values, slopes, and the names of what is trained."""

from __future__ import annotations

from training.adapter import Shape, as_lora
from training.arrays import mx, nn
from training.kernels import gated, log_sum_exp
from training.low_rank import QuickLoRA


def test_the_faster_functions_are_the_same_functions() -> None:
    x = mx.random.normal((40, 64), key=mx.random.key(1)) * 20
    assert mx.allclose(log_sum_exp(x)[:, 0], mx.logsumexp(x, axis=-1), rtol=1e-5).item()

    def plain(gate: mx.array, value: mx.array) -> mx.array:
        return (gate * mx.sigmoid(gate) * value).sum()

    y = mx.random.normal((40, 64), key=mx.random.key(2))
    assert mx.allclose(gated(x * 5, y).sum(), plain(x * 5, y), rtol=1e-5).item()
    slopes = mx.grad(lambda a, b: gated(a, b).sum(), argnums=(0, 1))(x / 20, y)
    for mine, true in zip(slopes, mx.grad(plain, argnums=(0, 1))(x / 20, y), strict=True):
        assert mx.allclose(mine, true, rtol=1e-4, atol=1e-5).item()
    sums = mx.grad(lambda a: log_sum_exp(a).sum())(y)
    assert mx.allclose(sums, mx.softmax(y, axis=-1), rtol=1e-5).item()


def test_the_quick_low_rank_layer_is_mlx_lms_layer() -> None:
    from mlx_lm.tuner.lora import LoRALinear

    linear = nn.Linear(24, 40, bias=False)
    linear.freeze()
    plain = LoRALinear.from_base(linear, r=4, dropout=0.0, scale=3.0)
    plain.lora_b = mx.random.normal(plain.lora_b.shape, key=mx.random.key(3))
    quick = as_lora(linear, Shape(rank=4, scale=3.0))
    assert isinstance(quick, QuickLoRA)
    quick.lora_a, quick.lora_b = plain.lora_a, plain.lora_b
    x = mx.random.normal((3, 5, 24), key=mx.random.key(4))
    assert mx.allclose(plain(x), quick(x), atol=1e-5).item()

    def slopes(layer: LoRALinear) -> list[mx.array]:
        def loss(x: mx.array, a: mx.array, b: mx.array) -> mx.array:
            layer.lora_a, layer.lora_b = a, b
            return (layer(x) ** 2).sum()

        return list(mx.grad(loss, argnums=(0, 1, 2))(x, plain.lora_a, plain.lora_b))

    for name, one, other in zip("xab", slopes(plain), slopes(quick), strict=True):
        assert mx.allclose(one, other, rtol=1e-4, atol=1e-3).item(), name


def test_a_layer_that_is_not_plain_keeps_mlx_lms_own() -> None:
    assert not isinstance(as_lora(nn.Linear(64, 64, bias=True), Shape()), QuickLoRA)
    assert not isinstance(as_lora(nn.Linear(64, 64, bias=False).to_quantized(), Shape()), QuickLoRA)
