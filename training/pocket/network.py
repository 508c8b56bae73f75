"""The pocket network in PyTorch: LFM2, as ``mlx_lm.models.lfm2`` computes it, made quick on a CPU.

LFM2 (Liquid AI 2025) puts gated short convolutions in most layers and attention in a few. A short
convolution hands every position the tokens just before it, which is the half of in-context
copying ("induction", Olsson et al. 2022) that plain attention needs long to discover.

Everything but attention works on the flat list of a batch's tokens, so that one compiled kernel
serves every sequence length. Rows are whole conversations of one length class: no attention leaks
from one to another, and none is needed to mask them.
"""

import dataclasses
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CONVOLUTION = "c"
ATTENTION = "a"
_KERNEL = 3
#: More length classes than a corpus has; each gets an attention kernel of its own.
MOST_SHAPES = 32


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The shape of the network.

    Args:
        layers: one letter a layer, ``c`` for a short convolution and ``a`` for attention.
        width: of the residual stream.
        feed_forward: inner width of the gated MLP.
        heads: attention heads; ``width / heads`` is the size of one.
        vocabulary: number of tokens.
        rope_theta: base of the rotary position embedding (Su et al. 2021).
        epsilon: of RMSNorm.
        context: the longest sequence promised in ``config.json``.
    """

    layers: str = "caaaaa"
    width: int = 256
    feed_forward: int = 512
    heads: int = 4
    vocabulary: int = 6144
    rope_theta: float = 10_000.0
    epsilon: float = 1e-5
    context: int = 1024

    def to_dict(self) -> dict[str, Any]:
        """The fields as plain data."""
        return dataclasses.asdict(self)


def _rms_norm(x: Tensor, weight: Tensor, epsilon: float) -> Tensor:
    wide = x.float()
    scale = torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + epsilon)
    return (wide * scale).to(x.dtype) * weight


def _convolution(
    x: Tensor,
    norm: Tensor,
    w_in: Tensor,
    taps: Tensor,
    w_out: Tensor,
    has_one: Tensor,
    has_two: Tensor,
    epsilon: float,
) -> Tensor:
    """A gated causal convolution of three taps; the masks keep rows apart in the flat list."""
    gate_in, gate_out, value = F.linear(_rms_norm(x, norm, epsilon), w_in).chunk(3, -1)
    inner = gate_in * value
    padded = torch.cat([torch.zeros_like(inner[: _KERNEL - 1]), inner], 0)
    mixed = inner * taps[2] + padded[1:-1] * (has_one * taps[1]) + padded[:-2] * (has_two * taps[0])
    return x + F.linear(gate_out * mixed, w_out)


def _feed_forward(x: Tensor, norm: Tensor, w13: Tensor, w2: Tensor, epsilon: float) -> Tensor:
    gate, up = F.linear(_rms_norm(x, norm, epsilon), w13).chunk(2, -1)
    return x + F.linear(F.silu(gate) * up, w2)


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, -1)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


def _queries_keys_values(
    x: Tensor,
    norm: Tensor,
    w_in: Tensor,
    query_norm: Tensor,
    key_norm: Tensor,
    cos: Tensor,
    sin: Tensor,
    heads: int,
    epsilon: float,
) -> tuple[Tensor, Tensor, Tensor]:
    count, width = x.shape
    projected = F.linear(_rms_norm(x, norm, epsilon), w_in)
    q, k, v = projected.view(count, 3, heads, width // heads).unbind(1)
    q = _rotate(_rms_norm(q, query_norm, epsilon), cos, sin)
    k = _rotate(_rms_norm(k, key_norm, epsilon), cos, sin)
    return q, k, v


def _attend(q: Tensor, k: Tensor, v: Tensor, rows: int, length: int, mask: Tensor) -> Tensor:
    """Causal attention by plain batched products, which on a CPU train faster than the fused op."""
    count, heads, size = q.shape

    def split(t: Tensor) -> Tensor:
        return t.view(rows, length, heads, size).transpose(1, 2).reshape(-1, length, size)

    scores = torch.bmm(split(q) * size**-0.5, split(k).transpose(1, 2))
    weights = torch.softmax(scores.float() + mask, -1).to(q.dtype)
    mixed = torch.bmm(weights, split(v))
    return mixed.view(rows, heads, length, size).transpose(1, 2).reshape(count, heads * size)


def _token_losses(
    x: Tensor, norm: Tensor, embedding: Tensor, places: Tensor, targets: Tensor, epsilon: float
) -> Tensor:
    hidden = _rms_norm(x.index_select(0, places), norm, epsilon)
    return F.cross_entropy(F.linear(hidden, embedding).float(), targets, reduction="none")


class _Layer(nn.Module):  # type: ignore[misc]
    """The weights of one layer; ``w_in`` is (B, C, x) of a convolution or (q, k, v) of attention."""

    def __init__(self, config: NetworkConfig, kind: str) -> None:
        super().__init__()
        width, inner = config.width, config.feed_forward
        small = 0.3  # residual branches start small, as in GPT-2

        def normal(rows: int, columns: int, scale: float = 1.0) -> nn.Parameter:
            return nn.Parameter(torch.randn(rows, columns) * scale * columns**-0.5)

        self.kind = kind
        self.operator_norm = nn.Parameter(torch.ones(width))
        self.w_in = normal(3 * width, width)
        self.w_out = normal(width, width, small)
        if kind == CONVOLUTION:
            start = torch.tensor([0.3, 0.3, 1.0])[:, None]
            self.taps = nn.Parameter(start + 0.1 * torch.randn(_KERNEL, width))
        else:
            self.query_norm = nn.Parameter(torch.ones(width // config.heads))
            self.key_norm = nn.Parameter(torch.ones(width // config.heads))
        self.feed_forward_norm = nn.Parameter(torch.ones(width))
        self.w13 = normal(2 * inner, width)
        self.w2 = normal(width, inner, small)


class PocketNetwork(nn.Module):  # type: ignore[misc]
    """The network, its weights in the fused form that trains fastest.

    Args:
        config: its shape.
        compiled: whether the pieces go through ``torch.compile``.
    """

    def __init__(self, config: NetworkConfig, compiled: bool = False) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Parameter(
            torch.randn(config.vocabulary, config.width) * 0.5 * config.width**-0.5
        )
        self.final_norm = nn.Parameter(torch.ones(config.width))
        self.blocks = nn.ModuleList(_Layer(config, kind) for kind in config.layers)

        def piece(function: Any) -> Any:
            return torch.compile(function, dynamic=False) if compiled else function

        self._convolution = piece(_convolution)
        self._feed_forward = piece(_feed_forward)
        self._queries_keys_values = piece(_queries_keys_values)
        self._attend = piece(_attend)
        self._token_losses = piece(_token_losses)
        self._tables: dict[tuple[int, int, torch.dtype], tuple[Tensor, ...]] = {}

    def _position_tables(self, rows: int, length: int, dtype: torch.dtype) -> tuple[Tensor, ...]:
        key = (rows, length, dtype)
        if key not in self._tables:
            size = self.config.width // self.config.heads
            rates = self.config.rope_theta ** (-torch.arange(0, size, 2).float() / size)
            position = torch.arange(length).repeat(rows)
            angle = position[:, None].float() * rates
            self._tables[key] = (
                angle.cos()[:, None].to(dtype),
                angle.sin()[:, None].to(dtype),
                (position >= 1)[:, None].to(dtype),
                (position >= 2)[:, None].to(dtype),
                torch.full((length, length), -1e9).triu(1),
            )
        return self._tables[key]

    def hidden(self, ids: Tensor) -> Tensor:
        """The residual stream after the last layer, before the final norm.

        Args:
            ids: token ids, ``(rows, length)``.

        Returns:
            ``(rows * length, width)``.
        """
        rows, length = ids.shape
        epsilon = self.config.epsilon
        x = F.embedding(ids.reshape(-1), self.embedding)
        cos, sin, has_one, has_two, mask = self._position_tables(rows, length, x.dtype)
        for layer in self.blocks:
            if layer.kind == CONVOLUTION:
                x = self._convolution(
                    x, layer.operator_norm, layer.w_in, layer.taps, layer.w_out,
                    has_one, has_two, epsilon,
                )  # fmt: skip
            else:
                q, k, v = self._queries_keys_values(
                    x, layer.operator_norm, layer.w_in, layer.query_norm, layer.key_norm,
                    cos, sin, self.config.heads, epsilon,
                )  # fmt: skip
                x = x + F.linear(self._attend(q, k, v, rows, length, mask), layer.w_out)
            x = self._feed_forward(x, layer.feed_forward_norm, layer.w13, layer.w2, epsilon)
        return x

    def token_losses(self, ids: Tensor, places: Tensor, targets: Tensor) -> Tensor:
        """Cross-entropy at some positions only: the output layer runs nowhere else.

        Args:
            ids: token ids, ``(rows, length)``.
            places: flat positions that predict, ``(k,)``.
            targets: the tokens that follow them, ``(k,)``.

        Returns:
            The losses in nats, ``(k,)``.
        """
        x = self.hidden(ids)
        losses: Tensor = self._token_losses(
            x, self.final_norm, self.embedding, places, targets, self.config.epsilon
        )
        return losses

    def forward(self, ids: Tensor) -> Tensor:
        """Logits for every position, ``(rows, length, vocabulary)``."""
        x = _rms_norm(self.hidden(ids), self.final_norm, self.config.epsilon)
        return F.linear(x, self.embedding).view(*ids.shape, -1)
