"""A real daemon on a throw-away home, for tests."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from personald import ipc
from personald.assembly import open_watcher_store
from personald.config import Home, change_settings, load_settings
from personald.keys import create_keys
from personald.store import Store
from tests import languages

PATIENCE = 60.0


def make_home(path: Path, *sources: Path, **settings: dict[str, Any]) -> Home:
    """What `init --key-file` leaves, without a second process."""
    home = Home(path)
    home.make()
    languages.lend(home.cache)
    change_settings(home, settings or {"watch": {"debounce_seconds": 0.1}})
    keys, _ = create_keys(home.path, key_file=path.parent / "keys")
    with Store.create(home.store, keys) as store:
        for source in sources:
            store.add_source(source)
    return home


def open_store(home: Home) -> Store:
    """The store of such a home, for writing."""
    return open_watcher_store(home, load_settings(home))


class Running:
    """A daemon process."""

    def __init__(self, home: Home, *, program: str = "", environment: dict[str, str] | None = None):
        self.home = home
        words = ["-c", program] if program else ["-m", "personald", "run", "--home", str(home.path)]
        self.process = subprocess.Popen(
            [sys.executable, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(environment or {})},
        )

    def call(self, name: str, **arguments: Any) -> Any:
        return ipc.call(self.home.run, name, arguments, timeout=PATIENCE)

    def status(self) -> dict[str, Any]:
        result: dict[str, Any] = self.call("status")
        return result

    def wait_until(
        self, holds: Callable[[dict[str, Any]], bool], seconds: float = PATIENCE
    ) -> dict[str, Any]:
        deadline = time.monotonic() + seconds
        status: dict[str, Any] = {}
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                said = self.process.stderr.read() if self.process.stderr else b""
                raise AssertionError(f"the daemon ended: {self.process.returncode} {said!r}")
            with contextlib.suppress(ipc.NotRunning, ipc.ProtocolError):
                status = self.status()
                if holds(status):
                    return status
            time.sleep(0.05)
        raise AssertionError(f"it did not come to pass: {json.dumps(status)}")

    def wait_until_read(self, documents: int, seconds: float = PATIENCE) -> dict[str, Any]:
        return self.wait_until(
            lambda status: (
                status["documents"]["total"] == documents and status["documents"]["pending"] == 0
            ),
            seconds,
        )

    def kill(self) -> None:
        self.process.kill()
        self.finish()

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.finish()

    def finish(self) -> int:
        self.process.communicate(timeout=PATIENCE)
        return self.process.returncode


@contextlib.contextmanager
def running(home: Home, **options: Any) -> Iterator[Running]:
    """A daemon that has been started, and is ended afterwards."""
    daemon = Running(home, **options)
    try:
        yield daemon
    finally:
        if daemon.process.poll() is None:
            daemon.kill()


def program(home: Home, body: str) -> str:
    """A program that runs a daemon on a home, changed by `body`, which knows it as `daemon`."""
    return (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from personald.config import Home, load_settings\n"
        "from personald.daemon import Daemon\n"
        f"home = Home(Path({str(home.path)!r}))\n"
        f"{body}"
    )


def obeying(order: str, effect: str) -> str:
    """Lines for the end of a `program`: run the daemon, which does `effect` and looks at the clock when told `order`."""
    return (
        "answer = daemon.handle\n"
        "def handle(name, arguments, emit):\n"
        f"    if name == {order!r}:\n"
        f"        {effect}\n"
        "        daemon.tick()\n"
        "        return {}\n"
        "    return answer(name, arguments, emit)\n"
        "daemon.handle = handle\n"
        "sys.exit(daemon.run())\n"
    )


def resident_kilobytes(pid: int) -> int | None:
    """Memory of a process; None where the system has no /proc."""
    path = Path(f"/proc/{pid}/status")
    if not path.exists():
        return None
    line = next(line for line in path.read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1])
