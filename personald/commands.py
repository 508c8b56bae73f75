"""The one seam to other programs: run a command, return its bytes.

Nothing else in the project starts a program of the system (worker processes of our own are another matter: the
extractor pool and the trainer child start this interpreter). Parsers of what comes back are pure functions
`bytes → dataclass`, tested on recorded outputs. This module is ground: it imports nothing of the project, and every
room may import it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

DEFAULT_TIMEOUT_SECONDS = 10.0
DEFAULT_MAX_BYTES = 4 * 1024 * 1024

# Exit statuses that a shell gives for "not executable" and "not found" (POSIX.1-2017, 2.8.2).
NOT_EXECUTABLE = 126
NOT_FOUND = 127
# The status of coreutils' timeout(1) for a command that ran too long.
TIMED_OUT = 124


@dataclass(frozen=True, slots=True)
class Output:
    """What a command left behind.

    Attributes:
        code: exit status, 0..255; negative for death by a signal; 124 timed out, 126 and 127 could not be started.
        stdout: bytes of standard output, at most the cap asked for.
        stderr: bytes of standard error, likewise.
        truncated: True when a stream was longer than the cap; a parser must then refuse rather than read a prefix.
    """

    code: int
    stdout: bytes
    stderr: bytes
    truncated: bool = False

    @property
    def ok(self) -> bool:
        """True when the command succeeded and its whole output is here."""
        return self.code == 0 and not self.truncated


Runner = Callable[..., Output]


def run(
    argv: Sequence[str],
    *,
    timeout: float = DEFAULT_TIMEOUT_SECONDS,
    max_bytes: int = DEFAULT_MAX_BYTES,
    stdin: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> Output:
    """Run one command without a shell, in the C locale, and return its bytes.

    Args:
        argv: the program (an absolute path, or a name looked up on PATH) and its arguments.
        timeout: seconds until it is killed.
        max_bytes: cap on each stream; what lies beyond is dropped and `truncated` is set.
        stdin: bytes given to it.
        environment: variables added to the inherited ones.

    Returns:
        The output. A command that cannot be started, or that runs too long, is an `Output` with code 126, 127 or
        124, never an exception: for every caller "no answer" is an answer.
    """
    variables = {**os.environ, "LC_ALL": "C", "LANG": "C", **(environment or {})}
    try:
        done = subprocess.run(
            list(argv),
            input=stdin,
            capture_output=True,
            timeout=timeout,
            env=variables,
            check=False,
        )
    except subprocess.TimeoutExpired as expired:
        return Output(
            TIMED_OUT, _bytes(expired.stdout)[:max_bytes], _bytes(expired.stderr)[:max_bytes]
        )
    except FileNotFoundError:
        return Output(NOT_FOUND, b"", b"")
    except OSError as error:
        return Output(NOT_EXECUTABLE, b"", str(error).encode())
    truncated = max(len(done.stdout), len(done.stderr)) > max_bytes
    return Output(done.returncode, done.stdout[:max_bytes], done.stderr[:max_bytes], truncated)


def _bytes(stream: bytes | str | None) -> bytes:
    if stream is None:
        return b""
    return stream.encode() if isinstance(stream, str) else stream
