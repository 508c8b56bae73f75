"""Hints are held until they are quiet, never for ever, and never without bound."""

from __future__ import annotations

import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from personald.watch.hints import Hints


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_path_waits_until_it_has_been_quiet() -> None:
    clock = Clock()
    hints = Hints(0.5, clock)
    hints.add(1, Path("/a"))
    clock.now = 0.4
    hints.add(1, Path("/a"))
    clock.now = 0.8
    assert not hints.take(0.0)
    clock.now = 0.9
    assert hints.take(0.0).paths == {1: [Path("/a")]}
    assert not hints.take(0.0)


def test_a_path_that_is_never_quiet_is_looked_at_all_the_same() -> None:
    clock = Clock()
    hints = Hints(0.5, clock)
    for step in range(50):
        clock.now = step / 10
        hints.add(1, Path("/log"))
    clock.now = 5.0
    assert hints.take(0.0).paths == {1: [Path("/log")]}


def test_too_much_at_once_becomes_one_look_through_the_source() -> None:
    clock = Clock()
    hints = Hints(0.5, clock, most_paths=100)
    for number in range(1000):
        hints.add(7, Path(f"/{number}"))
    assert len(hints) == 1
    clock.now = 1.0
    settled = hints.take(0.0)
    assert settled.sources == {7}
    assert settled.paths == {}


def test_other_sources_keep_their_paths_when_one_overflows() -> None:
    clock = Clock()
    hints = Hints(0.5, clock, most_paths=3)
    hints.add(1, Path("/a"))
    for number in range(5):
        hints.add(2, Path(f"/{number}"))
    clock.now = 1.0
    settled = hints.take(0.0)
    assert settled.paths == {1: [Path("/a")]}
    assert settled.sources == {2}


def test_a_forgotten_source_says_nothing_more() -> None:
    clock = Clock()
    hints = Hints(0.5, clock)
    hints.add(1, Path("/a"))
    hints.add_source(1)
    hints.forget_source(1)
    clock.now = 9.0
    assert not hints.take(0.0)


def test_a_waiting_thread_is_woken() -> None:
    import time

    hints = Hints(0.01, time.monotonic)
    timer = threading.Timer(0.05, lambda: hints.add(1, Path("/a")))
    timer.start()
    began = time.monotonic()
    while not hints.take(5.0):
        assert time.monotonic() - began < 4
    timer.join()


@given(st.lists(st.tuples(st.floats(0, 2), st.integers(0, 5)), min_size=1, max_size=60))
def test_nothing_that_was_said_is_ever_lost(said: list[tuple[float, int]]) -> None:
    clock = Clock()
    hints = Hints(0.5, clock, most_paths=4)
    told: set[int] = set()
    everything = False
    for pause, number in said:
        clock.now += pause
        hints.add(1, Path(f"/{number}"))
        settled = hints.take(0.0)
        told |= {int(path.name) for path in settled.paths.get(1, [])}
        everything = everything or bool(settled.sources)
    clock.now += 10
    settled = hints.take(0.0)
    told |= {int(path.name) for path in settled.paths.get(1, [])}
    assert everything or settled.sources or told == {number for _, number in said}
