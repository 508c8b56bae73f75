"""Trains several domains side by side, each in a child of its own.

With the small pocket base on Linux most of a step's time goes into work that mlx does on one core, so two children on two
cores take little longer than one. A larger base fills the machine alone, and so does a GPU: then one child works at a
time.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from personald import trainer
from personald.trainer import Job, Outcome

# Keeps OpenBLAS in each child to one core, so that children do not take turns spinning (OpenBLAS manual, FAQ).
ONE_CORE = "OPENBLAS_NUM_THREADS"


def hands(reference: str, platform: str, cores: int) -> int:
    """How many children work at a time.

    Args:
        reference: the base model; "" is the pocket base.
        platform: `sys.platform`.
        cores: of this machine.
    """
    return max(1, min(cores, 4)) if platform == "linux" and not reference else 1


def train_all(
    jobs: Sequence[Job],
    at_once: int,
    follow: Callable[[str, Mapping[str, Any]], None],
    should_stop: Callable[[], str],
    finished: Callable[[Job, Outcome], None],
) -> dict[str, Outcome]:
    """Run every job; returns domain → outcome, in the order of the jobs.

    Args:
        jobs: one for each domain.
        at_once: how many children work at a time.
        follow: gets a domain and each of its progress items, from threads.
        should_stop: a reason to stop all, or "".
        finished: told of each outcome as it comes, from threads.
    """
    if at_once > 1:
        os.environ.setdefault(ONE_CORE, "1")
    # One child opens the vault at a time: each takes in what is new, and only the first has anything to do.
    opening = threading.Lock()

    def work(job: Job) -> Outcome:
        opening.acquire()
        opened = threading.Event()

        def hear(item: Mapping[str, Any]) -> None:
            if not opened.is_set():
                opened.set()
                opening.release()
            follow(job.domain, item)

        try:
            outcome = trainer.run(job, hear, should_stop)
        finally:
            if not opened.is_set():
                opened.set()
                opening.release()
        finished(job, outcome)
        return outcome

    with ThreadPoolExecutor(max_workers=at_once) as pool:
        return dict(zip((job.domain for job in jobs), pool.map(work, jobs), strict=True))
