"""Copies of the network that compute gradients side by side, each in a process and on a core of its own.

Splitting every operation over the cores makes each of hundreds of kernels wait for the slowest
core; on a machine that is shared with anything else such a step takes several times longer.
Whole batches side by side wait for one another once a step. Threads will not do: compiled kernels
are called with the interpreter's lock held, which cost two threads a quarter of their speed (15.6
thousand tokens a second, two processes 20.4).

All copies read one set of weights in shared memory; each has gradients of its own there, which the
optimiser adds up.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np
import numpy.typing as npt
import torch
import torch.multiprocessing as torch_processes
from torch import Tensor

from training.pocket.errors import PretrainingBroken
from training.pocket.network import MOST_SHAPES, NetworkConfig, PocketNetwork
from training.pocket.optimiser import Job


@dataclass(frozen=True, slots=True)
class Work:
    """One batch, as it travels to the process that computes it.

    Args:
        ids: token ids, ``(rows, length)``.
        positions: flat positions that carry loss, ``(k,)``.
        targets: the tokens that follow them, ``(k,)``.
        weights: their weights, ``(k,)``.
    """

    ids: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    weights: npt.NDArray[np.float32]


class Replicas:
    """A network and its copies.

    Args:
        config: the network's shape.
        count: how many processes.
        compiled: whether the networks go through ``torch.compile``.

    Attributes:
        start: the first weights by name, float32; not yet given to the copies.
        weights: those that all copies compute with, bfloat16, in shared memory; zeros until an optimiser fills them.
        gradients: for each copy the sum of its batches' gradients by name, in the same form.
    """

    def __init__(self, config: NetworkConfig, count: int, compiled: bool) -> None:
        torch.set_num_threads(1)
        start = PocketNetwork(config)
        self.start = {name: p.detach().clone() for name, p in start.named_parameters()}
        self.weights = _shared(self.start)
        self.gradients = [_shared(self.start) for _ in range(count)]
        self._pool = ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,))
        context = torch_processes.get_context("spawn")
        self._lines: list[Connection] = []
        self._processes = []
        for mine in self.gradients:
            here, there = context.Pipe()
            process = context.Process(
                target=_serve, args=(there, config, compiled, self.weights, mine), daemon=True
            )
            process.start()
            there.close()
            self._lines.append(here)
            self._processes.append(process)

    def losses(self, work: Sequence[Work]) -> list[npt.NDArray[np.float32]]:
        """Add the gradients of some batches to those of the copies.

        Which copy computes which batch follows from the batches alone, so that a run can be
        repeated: the longest rows, which cost most, are dealt out first, and back and forth.

        Returns:
            The losses at each batch's positions, ``(k,)``.

        Raises:
            PretrainingBroken: a process has ended.
        """
        costly = sorted(range(len(work)), key=lambda number: -work[number].ids.shape[1])
        count = len(self._lines)
        shares: list[list[int]] = [[] for _ in range(count)]
        for place, number in enumerate(costly):
            turn, seat = divmod(place, count)
            shares[seat if turn % 2 == 0 else count - 1 - seat].append(number)
        result: dict[int, npt.NDArray[np.float32]] = {}
        try:
            for line, share in zip(self._lines, shares, strict=True):
                line.send([work[number] for number in share])
            for line, share in zip(self._lines, shares, strict=True):
                result.update(zip(share, line.recv(), strict=True))
        except (EOFError, OSError) as error:
            raise PretrainingBroken(
                "one of the processes that compute has ended",
                "Free some memory and give the same command again: it goes on from its last checkpoint.",
            ) from error
        return [result[number] for number in range(len(work))]

    def run(self, jobs: Iterable[Job]) -> None:
        """Run independent jobs on as many threads as there are copies, to their end."""
        for done in [self._pool.submit(job) for job in jobs]:
            done.result()

    def close(self) -> None:
        """Stop the processes and the threads."""
        for line in self._lines:
            with contextlib.suppress(OSError):
                line.send(None)
        for process in self._processes:
            process.join()
        self._pool.shutdown()


def _shared(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Zeros of the same shapes, bfloat16, in memory that other processes see."""
    return {
        name: torch.zeros_like(tensor, dtype=torch.bfloat16).share_memory_()
        for name, tensor in tensors.items()
    }


def _serve(
    line: Connection,
    config: NetworkConfig,
    compiled: bool,
    weights: Mapping[str, Tensor],
    gradients: Mapping[str, Tensor],
) -> None:
    """Compute what comes in until nothing comes."""
    # Ctrl-C and the end of a session reach the whole group: only the run itself may decide.
    os.setpgid(0, 0)
    torch.set_num_threads(1)
    torch._dynamo.config.recompile_limit = MOST_SHAPES
    network = PocketNetwork(config, compiled).bfloat16()
    for name, parameter in network.named_parameters():
        parameter.data, parameter.grad = weights[name], gradients[name]
    while True:
        try:
            work: list[Work] | None = line.recv()
        except EOFError:
            return
        if work is None:
            return
        line.send([_backward(network, one) for one in work])


def _backward(network: PocketNetwork, work: Work) -> npt.NDArray[np.float32]:
    losses = network.token_losses(
        torch.from_numpy(work.ids), torch.from_numpy(work.positions), torch.from_numpy(work.targets)
    )
    weights = torch.from_numpy(work.weights)
    ((losses * weights).sum() / weights.sum()).backward()
    result: npt.NDArray[np.float32] = losses.detach().float().numpy()
    return result
