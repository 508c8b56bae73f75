"""Muon for the matrices, AdamW for the rest, with exact state for resuming.

The weights that compute are bfloat16, which the CPU's matrix unit multiplies; the optimiser keeps
the float32 masters and writes their rounding back after every step. Matrices of one shape are
orthogonalised together in one batched product, and fused projections by their square parts, since
Muon's premise is one matrix per linear map.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

# Newton–Schulz coefficients of Polar Express (Amsel et al. 2025), first four steps: after them
# singular values of a gradient lie close enough to one, in bfloat16, for Muon (Jordan et al. 2024).
_POLAR_EXPRESS = (
    (8.156554524902461, -22.48329292557795, 15.878769915207462),
    (4.042929935166739, -2.808917465908714, 0.5000178451051316),
    (3.8916678022926607, -2.772484153217685, 0.5060648178503393),
    (3.285753657755655, -2.3681294933425376, 0.46449024233003106),
)
_MUON_MOMENTUM = 0.95
_ADAM_BETAS = (0.9, 0.98)
_ADAM_EPSILON = 1e-8
#: Matrices that are orthogonalised together: enough for one product, few enough to share out.
_MATRICES_PER_JOB = 9

Job = Callable[[], None]


def orthogonalise(matrices: Tensor) -> Tensor:
    """The nearest (semi-)orthogonal matrices, roughly, by a polynomial iteration in bfloat16.

    Args:
        matrices: ``(n, rows, columns)``.
    """
    x = matrices.bfloat16()
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) * 1.01 + 1e-7)
    for a, b, c in _POLAR_EXPRESS:
        square = x @ x.mT
        x = a * x + (b * square + c * (square @ square)) @ x
    return x.mT if tall else x


def _parts(name: str, parameter: Tensor) -> int:
    """How many linear maps a fused matrix holds; 0 for what AdamW takes."""
    if parameter.dim() != 2 or name == "embedding" or name.endswith("taps"):
        return 0
    if name.endswith("w_in"):
        return 3
    return 2 if name.endswith("w13") else 1


def _run_in_turn(jobs: Iterable[Job]) -> None:
    for job in jobs:
        job()


class Optimiser:
    """Steps bfloat16 weights by the mean of the gradients that were gathered beside each other.

    Args:
        start: the first weights by name, in full precision, in which the masters stay.
        live: the weights that compute, by name; the masters' rounding from here on.
        gradients: one or more sums of gradients by name, each of its weight's shape; cleared by each step.
        weight_decay: decoupled, for the matrices only.
    """

    def __init__(
        self,
        start: Mapping[str, Tensor],
        live: Mapping[str, Tensor],
        gradients: Sequence[Mapping[str, Tensor]],
        weight_decay: float,
    ) -> None:
        self._weight_decay = weight_decay
        self._steps = 0
        self._masters = {name: p.float().clone() for name, p in start.items()}
        self._live = live
        self._gradients = gradients
        self._batches = 1
        self._momentum = {name: torch.zeros_like(m) for name, m in self._masters.items()}
        self._groups: dict[tuple[int, int], list[list[tuple[str, int]]]] = {}
        self._plain: list[str] = []
        for name, p in start.items():
            parts = _parts(name, p)
            if parts:
                self._add_to_group((p.shape[0] // parts, p.shape[1]), name, parts)
            else:
                self._plain.append(name)
        self._variance = {name: torch.zeros_like(self._masters[name]) for name in self._plain}
        self._round(self._masters)

    def _add_to_group(self, shape: tuple[int, int], name: str, parts: int) -> None:
        chunks = self._groups.setdefault(shape, [[]])
        if sum(count for _, count in chunks[-1]) + parts > _MATRICES_PER_JOB:
            chunks.append([])
        chunks[-1].append((name, parts))

    @property
    def masters(self) -> dict[str, Tensor]:
        """The float32 weights by name."""
        return self._masters

    def step(
        self,
        muon_rate: float,
        adam_rate: float,
        batches: int,
        run: Callable[[Iterable[Job]], None] = _run_in_turn,
    ) -> None:
        """Apply the gradients and clear them.

        Args:
            muon_rate: rate of the matrices.
            adam_rate: rate of everything else.
            batches: how many batches the gradients are the sum of.
            run: runs independent jobs, in any order or side by side, to their end.
        """
        self._steps += 1
        self._batches = batches
        jobs = [
            partial(self._muon, shape, chunk, muon_rate)
            for shape, chunks in self._groups.items()
            for chunk in chunks
        ]
        run([partial(self._adam, adam_rate), *jobs])

    def _gradient(self, name: str) -> Tensor:
        """The mean gradient over the batches, in float32."""
        total = self._gradients[0][name].float()
        for other in self._gradients[1:]:
            total.add_(other[name])
        return total.div_(self._batches)

    def _round(self, names: Iterable[str]) -> None:
        """Make the live weights the masters' rounding, and clear their gradients."""
        for name in names:
            self._live[name].copy_(self._masters[name])
            for gradients in self._gradients:
                gradients[name].zero_()

    def _muon(self, shape: tuple[int, int], members: list[tuple[str, int]], rate: float) -> None:
        with torch.no_grad():
            updates = []
            for name, _ in members:
                gradient = self._gradient(name)
                momentum = self._momentum[name].lerp_(gradient, 1 - _MUON_MOMENTUM)
                updates.append(gradient.lerp_(momentum, _MUON_MOMENTUM).view(-1, *shape))
            steps = orthogonalise(torch.cat(updates)).float()
            scale = rate * max(1.0, shape[0] / shape[1]) ** 0.5
            start = 0
            for name, parts in members:
                master = self._masters[name].mul_(1 - rate * self._weight_decay)
                master.add_(steps[start : start + parts].reshape(master.shape), alpha=-scale)
                start += parts
        self._round(name for name, _ in members)

    def _adam(self, rate: float) -> None:
        first, second = _ADAM_BETAS
        with torch.no_grad():
            for name in self._plain:
                gradient = self._gradient(name)
                momentum = self._momentum[name].lerp_(gradient, 1 - first)
                variance = self._variance[name].lerp_(gradient.square(), 1 - second)
                size = (variance / (1 - second**self._steps)).sqrt_().add_(_ADAM_EPSILON)
                mean = momentum / (1 - first**self._steps)
                self._masters[name].addcdiv_(mean, size, value=-rate)
        self._round(self._plain)

    def state_dict(self) -> dict[str, Any]:
        """Everything a resumed run needs."""
        return {
            "steps": self._steps,
            "masters": self._masters,
            "momentum": self._momentum,
            "variance": self._variance,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` gave, the networks' live weights included."""
        self._steps = state["steps"]
        for mine, theirs in (
            (self._masters, state["masters"]),
            (self._momentum, state["momentum"]),
            (self._variance, state["variance"]),
        ):
            for name, value in mine.items():
                value.copy_(theirs[name])
        self._round(self._masters)
