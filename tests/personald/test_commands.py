"""The seam to other programs: real programs, and no exception whatever they do."""

from __future__ import annotations

import os

from personald.commands import NOT_EXECUTABLE, NOT_FOUND, TIMED_OUT, run


def test_both_streams_and_the_code_come_back() -> None:
    out = run(["/bin/sh", "-c", "printf out; printf err >&2; exit 3"])
    assert (out.code, out.stdout, out.stderr, out.ok) == (3, b"out", b"err", False)


def test_the_locale_is_c_and_input_is_given() -> None:
    assert run(["/bin/sh", "-c", 'printf "$LC_ALL"; cat'], stdin=b"!").stdout == b"C!"


def test_what_cannot_be_started_is_an_answer() -> None:
    assert run(["/no/such/program"]).code == NOT_FOUND
    assert run([os.fspath("/etc/passwd")]).code == NOT_EXECUTABLE


def test_what_takes_too_long_is_killed() -> None:
    out = run(["/bin/sh", "-c", "echo begun; sleep 30"], timeout=0.3)
    assert (out.code, out.stdout) == (TIMED_OUT, b"begun\n")


def test_a_flood_is_cut_and_said_to_be() -> None:
    out = run(["/bin/sh", "-c", "yes | head -c 100000"], max_bytes=1000)
    assert (len(out.stdout), out.truncated, out.ok) == (1000, True, False)
