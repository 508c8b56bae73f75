"""Copies of the network that compute gradients side by side, one thread and one batch each.

Splitting every operation over the cores makes each of hundreds of kernels wait for the slowest
core; on a machine that is shared with anything else such a step takes several times longer.
Whole batches side by side wait for one another once a step.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import torch
from torch import Tensor

from training.pocket.network import MOST_SHAPES, NetworkConfig, PocketNetwork


@dataclass(frozen=True, slots=True)
class Work:
    """One batch as tensors.

    Args:
        ids: token ids, ``(rows, length)``.
        positions: flat positions that carry loss, ``(k,)``.
        targets: the tokens that follow them, ``(k,)``.
        weights: their weights, ``(k,)``.
    """

    ids: Tensor
    positions: Tensor
    targets: Tensor
    weights: Tensor


def _prepare_thread() -> None:
    # Both settings belong to the thread that makes them.
    torch.set_num_threads(1)
    torch._dynamo.config.recompile_limit = MOST_SHAPES


class Replicas:
    """A network and its copies.

    Args:
        config: the network's shape.
        count: how many batches make a step.
        compiled: whether the networks go through ``torch.compile``.
    """

    def __init__(self, config: NetworkConfig, count: int, compiled: bool) -> None:
        torch.set_num_threads(1)
        self._networks = [PocketNetwork(config, compiled) for _ in range(count)]
        self._pool = ThreadPoolExecutor(count, initializer=_prepare_thread)
        self._compiling = threading.Lock()
        self._known_shapes: set[tuple[int, ...]] = set()

    @property
    def networks(self) -> list[PocketNetwork]:
        """The copies; the optimiser keeps their weights equal."""
        return self._networks

    def gradients(self, work: Sequence[Work]) -> list[Tensor]:
        """Leave the gradient of one batch in each network.

        Args:
            work: one batch for each replica.

        Returns:
            The losses at each batch's positions, ``(k,)``.
        """
        return list(self._pool.map(self._gradient, self._networks, work))

    def run(self, jobs: Iterable[Callable[[], None]]) -> None:
        """Run independent jobs on the replicas' threads, to their end."""
        for done in [self._pool.submit(job) for job in jobs]:
            done.result()

    def _gradient(self, network: PocketNetwork, work: Work) -> Tensor:
        shape = tuple(work.ids.shape)
        if shape in self._known_shapes:
            return _backward(network, work)
        # The first batch of a shape compiles its kernels, which two threads must not do at once.
        with self._compiling:
            losses = _backward(network, work)
            self._known_shapes.add(shape)
            return losses

    def close(self) -> None:
        """Stop the threads."""
        self._pool.shutdown()


def _backward(network: PocketNetwork, work: Work) -> Tensor:
    losses = network.token_losses(work.ids, work.positions, work.targets)
    ((losses * work.weights).sum() / work.weights.sum()).backward()
    return losses.detach()
