"""A device of the demo: a home of its own, driven through the real command line in real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from personald.errors import PersonaldError

START_SECONDS = 30.0
STOP_SECONDS = 20.0


class DemoFailed(PersonaldError):
    """A step of the demo did not do what it shows."""

    title = "The demo failed"


class Device:
    """One device.

    Args:
        name: what its owner calls it.
        home: its home.
        shared: the folder that the devices share.
    """

    def __init__(self, name: str, home: Path, shared: Path) -> None:
        self.name = name
        self.home = home
        self.shared = shared
        self._daemon: subprocess.Popen[bytes] | None = None

    def call(
        self, *words: str, allowed: tuple[int, ...] = (0,), quiet: bool = False
    ) -> dict[str, Any]:
        """Run one command with --json and return its object; what it tells a person goes to this terminal, unless `quiet`.

        Raises:
            DemoFailed: another exit status than `allowed`, or no JSON.
        """
        command = [sys.executable, "-m", "personald", *words, "--json", "--home", str(self.home)]
        told = subprocess.DEVNULL if quiet else None
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=told, check=False)
        if done.returncode not in allowed:
            raise DemoFailed(
                f"`personald {' '.join(words)}` ended with {done.returncode} on {self.name}."
            )
        try:
            result: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            raise DemoFailed(f"`personald {' '.join(words)}` printed no JSON.") from error
        return result

    def init(self) -> None:
        """Make the home, with a key file of its own beside it: the demo touches no keychain."""
        self.call(
            "init",
            "--yes",
            "--key-file",
            str(self.home.with_suffix(".keys")),
            "--sync-folder",
            str(self.shared),
            "--device-name",
            self.name,
        )

    def start(self) -> None:
        """Start the daemon and wait until it answers.

        Raises:
            DemoFailed: it does not come up.
        """
        log = self.home.with_suffix(".log").open("wb")
        command = [sys.executable, "-m", "personald", "run", "--home", str(self.home)]
        self._daemon = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._daemon.poll() is not None:
                break
            if self.call("status").get("pid"):
                return
            time.sleep(0.2)
        detail = self.home.with_suffix(".log").read_text(errors="replace").strip()
        raise DemoFailed(f"The daemon did not come up: {detail[-300:] or 'it said nothing'}")

    def stop(self) -> None:
        """Stop the daemon, as launchd or systemd would."""
        if self._daemon is None:
            return
        self._daemon.send_signal(signal.SIGTERM)
        try:
            self._daemon.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            self._daemon.wait()
        self._daemon = None

    def wait_for_documents(self, wanted: int, seconds: float = 60.0) -> int:
        """Wait until so many documents are stored and none is pending; returns how many are."""
        deadline = time.monotonic() + seconds
        total = -1
        while time.monotonic() < deadline:
            counts = self.call("status")["documents"]
            total = counts["total"]
            if total >= wanted and counts["pending"] == 0:
                break
            time.sleep(0.3)
        return total


def words_found(folder: Path, words: list[str]) -> list[str]:
    """Those of `words` that stand in the clear, in UTF-8 or UTF-16, in the bytes of any file under a folder."""
    needles = {
        word: (word.encode(), word.encode("utf-16-le"), word.lower().encode()) for word in words
    }
    found = set()
    for root, _, files in os.walk(folder):
        for name in files:
            data = (Path(root) / name).read_bytes()
            found |= {word for word, forms in needles.items() if any(f in data for f in forms)}
    return sorted(found)
