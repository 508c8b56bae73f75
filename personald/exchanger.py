"""Lets adapters travel while the daemon runs: after a promotion, and when something new lies in the shared folder.

The work itself needs the device's keys and mlx, neither of which the daemon holds; it is done by a process of its own,
`personald sync now`. Here only names in the folder are looked at, which costs next to nothing.
"""

from __future__ import annotations

import hashlib
import json
import logging
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from personald.commands import Output, run
from personald.config import Home, Settings
from personald.errors import ExitCode, PersonaldError
from personald.state import StateFile
from sync.folder import SyncFolder

log = logging.getLogger("personald.exchange")

TIMEOUT_SECONDS = 900.0
MAX_WORDS = 200


class Exchanger:
    """Looks into the shared folder, and has adapters exchanged when there is reason to.

    Args:
        home: whose adapters.
        settings: names the folder.
        state: where the last exchange is noted.
        command: runs one command.
        clock: seconds since 1970.
        monotonic: the clock that only moves on.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        state: StateFile,
        command: Callable[..., Output] = run,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._home = home
        self.settings = settings
        self._state = state
        self._command = command
        self._clock = clock
        self._monotonic = monotonic
        self._looked_at: float | None = None
        self._thread: threading.Thread | None = None
        self._wanted = False
        self.exchanging = False

    def want(self) -> None:
        """Have adapters exchanged at the next tick: something was promoted here."""
        self._wanted = True

    def tick(self) -> None:
        """Look, now and then; exchange in a thread of its own when there is reason to."""
        if not self.settings.sync.folder or self.exchanging:
            return
        now = self._monotonic()
        wait = self.settings.sync.poll_minutes * 60
        if not self._wanted and self._looked_at is not None and now - self._looked_at < wait:
            return
        self._looked_at = now
        if self._wanted or self._digest() != self._state.load().folder_seen:
            self._wanted = False
            self.exchanging = True
            self._thread = threading.Thread(target=self._exchange, name="exchange", daemon=True)
            self._thread.start()

    def join(self, timeout: float) -> None:
        """Wait for an exchange that is under way."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _exchange(self) -> None:
        try:
            output = self._command(
                [
                    *(sys.executable, "-m", "personald", "sync", "now", "--json"),
                    *("--home", str(self._home.path)),
                ],
                timeout=TIMEOUT_SECONDS,
            )
            trouble = _trouble(output)
            if trouble:
                log.warning("adapters could not be exchanged")
            else:
                log.info("adapters were exchanged")
            digest = self._digest()
            self._state.change(
                lambda now: replace(
                    now, exchanged_at=self._clock(), exchange=trouble, folder_seen=digest
                )
            )
        except OSError as error:
            log.error("an exchange could not be noted: %s", error.strerror)
        finally:
            self.exchanging = False

    def _digest(self) -> str:
        """A digest of what lies in the shared folder, by name, size and time; "" when it is not there."""
        try:
            folder = SyncFolder(Path(self.settings.sync.folder), self._home.sync / "staging")
            marks = folder.listing().marks
        except PersonaldError:
            return ""
        return hashlib.sha256(repr(marks).encode()).hexdigest()


def _trouble(output: Output) -> str:
    """What kept the exchange from succeeding, one line; "" for nothing."""
    if output.code != ExitCode.DONE:
        said = " ".join(output.stderr.decode("utf-8", "replace").split())
        return said[:MAX_WORDS] or f"it ended with status {output.code}"
    try:
        problems = json.loads(output.stdout).get("problems", [])
    except ValueError:
        return "it gave an answer that cannot be read"
    return "; ".join(problems)[:MAX_WORDS]
