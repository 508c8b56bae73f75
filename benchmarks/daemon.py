"""How light the daemon is: first and later looks through many small files, a change's way into the store, rest, status.

    python benchmarks/daemon.py [--files 20000] [--idle 120] [--json]

It makes a throw-away home and a folder of small notes, starts the real daemon on it, and measures from outside: files a
second from the daemon's own log, resident memory and processor time from /proc, latencies with a stopwatch. Linux only.
A peer that can be had here, watchmedo (watchdog's own command, what many small watchers are built on), is measured on
the same folder beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from personald import ipc

TICKS = os.sysconf("SC_CLK_TCK")
GOALS = {
    "first look, files/s": ">= 2000",
    "first look, daemon, ms of processor a file": "-",
    "first look, extractors, ms of processor a file": "-",
    "first look, all processes, ms of processor a file": "<= 1",
    "later look, files/s": "-",
    "later look, ms of processor a file": "-",
    "change to store, s (median of 10)": "<= 2",
    "status cold, ms (median of 10)": "<= 150",
    "status cold, ms of processor": "-",
    "resident at rest, MB": "<= 60",
    "of that private (anonymous), MB": "-",
    "at rest in proportion (PSS), MB": "-",
    "resident at most, MB": "-",
    "processor at rest, % of a core": "<= 0.2",
}


def make_notes(folder: Path, files: int) -> None:
    """Notes of about 300 bytes, a hundred to a folder."""
    for number in range(files):
        place = folder / f"{number // 100:05d}"
        place.mkdir(exist_ok=True, parents=True)
        (place / f"note{number}.md").write_text(
            f"# Note {number}\n\nHarriet met Ada on day {number} at the allotment. They spoke of bees, of rain\n"
            f"and of the {number % 97} jars of honey in the shed.\n\n- Price: {number % 31} euros\n- Place: shed {number % 7}\n"
        )


def personald(home: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "personald", *words, "--home", str(home)]


def status(home: Path) -> dict[str, Any]:
    result: dict[str, Any] = ipc.call(home / "run", "status", timeout=60)
    return result


def wait_for(home: Path, documents: int, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            now = status(home)
            if now["documents"]["total"] == documents and now["state"] != "reading":
                return
        except ipc.NotRunning:
            pass
        time.sleep(0.1)
    raise SystemExit(f"not read within {seconds:.0f} s: {status(home)['documents']}")


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def processor_seconds_of_children(pid: int) -> float:
    """Of those that live and of those that have ended (proc(5): cutime and cstime)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / TICKS
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    children = {int(child) for task in tasks for child in task.read_text().split()}
    return ended + sum(processor_seconds(child) for child in children)


def memory_megabytes(pid: int) -> dict[str, float]:
    """Memory of a process, by name of the field in proc(5): VmRSS, VmHWM and RssAnon of status, Pss of smaps_rollup.

    Resident memory counts every page of shared libraries in full; PSS counts the share of this process.
    """
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    lines += Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    fields = dict(line.split(":", 1) for line in lines)
    wanted = ("VmRSS", "VmHWM", "RssAnon", "Pss")
    return {name: int(fields[name].split()[0]) / 1024 for name in wanted}


def looks(home: Path) -> list[tuple[int, float]]:
    """(files, seconds) of every look through the source, from the log."""
    text = (home / "logs" / "daemon.log").read_text()
    return [
        (int(files), float(seconds))
        for files, seconds in re.findall(
            r"looked through: (\d+) files, .* failed, ([\d.]+) s", text
        )
    ]


def measure_rest(pid: int, seconds: float) -> tuple[dict[str, float], float]:
    """(memory at the end, % of a core) over a time of rest."""
    before, began = processor_seconds(pid), time.monotonic()
    time.sleep(seconds)
    used = processor_seconds(pid) - before
    return memory_megabytes(pid), 100 * used / (time.monotonic() - began)


def measure_changes(home: Path, folder: Path) -> float:
    """Seconds from saving a new note until the daemon's log says that it is stored.

    `status` would not do: it counts the documents anew at most 3 % of the time, which takes seconds where there are
    many and the machine is busy.
    """
    log = home / "logs" / "daemon.log"
    times = []
    for number in range(10):
        before = log.read_text().count(": 1 new")
        (folder / f"change{number}.md").write_text(f"# Change {number}\n\nWritten just now.\n")
        began = time.monotonic()
        while log.read_text().count(": 1 new") == before:
            time.sleep(0.02)
        times.append(time.monotonic() - began)
    return statistics.median(times)


def measure_status(home: Path) -> tuple[float, float]:
    """(ms on the clock, ms of processor), each the median of 10 cold processes."""
    clock, processor = [], []
    for _ in range(10):
        before = os.times()
        began = time.monotonic()
        subprocess.run(personald(home, "status", "--json"), check=True, stdout=subprocess.DEVNULL)
        clock.append(1000 * (time.monotonic() - began))
        after = os.times()
        used = after.children_user - before.children_user
        processor.append(1000 * (used + after.children_system - before.children_system))
    return statistics.median(clock), statistics.median(processor)


def measure_peer(folder: Path, seconds: float) -> tuple[dict[str, float], float] | None:
    """(memory, % of a core) of watchmedo at rest on the same folder."""
    program = shutil.which("watchmedo", path=str(Path(sys.executable).parent))
    if program is None:
        return None
    peer = subprocess.Popen(
        [program, "log", "--recursive", str(folder)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    time.sleep(10)
    try:
        return measure_rest(peer.pid, min(seconds, 60)) if peer.poll() is None else None
    finally:
        peer.kill()
        peer.wait()


def measure(root: Path, files: int, idle: float) -> dict[str, float]:
    folder, home = root / "notes", root / "home"
    make_notes(folder, files)
    key_file = root / "keys"
    subprocess.run(
        [*personald(home, "init"), "--yes", "--key-file", str(key_file), "--source", str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    daemon = subprocess.Popen(personald(home, "run"), stderr=subprocess.DEVNULL)
    try:
        wait_for(home, files, 60 + files / 50)
        own, children = (
            1000 * used(daemon.pid) / files
            for used in (processor_seconds, processor_seconds_of_children)
        )
        before = processor_seconds(daemon.pid)
        ipc.call(home / "run", "scan", {"source": None}, timeout=None)
        again = 1000 * (processor_seconds(daemon.pid) - before) / files
        first, later = looks(home)[:2]
        found = {
            "first look, files/s": first[0] / first[1],
            "first look, daemon, ms of processor a file": own,
            "first look, extractors, ms of processor a file": children,
            "first look, all processes, ms of processor a file": own + children,
            "later look, files/s": later[0] / max(later[1], 0.05),
            "later look, ms of processor a file": again,
            "change to store, s (median of 10)": measure_changes(home, folder),
        }
        clock, processor = measure_status(home)
        found["status cold, ms (median of 10)"] = clock
        found["status cold, ms of processor"] = processor
        # Extractors are let go and memory is given back after a while of rest.
        time.sleep(45)
        memory, share = measure_rest(daemon.pid, idle)
        found["resident at rest, MB"] = memory["VmRSS"]
        found["of that private (anonymous), MB"] = memory["RssAnon"]
        found["at rest in proportion (PSS), MB"] = memory["Pss"]
        found["resident at most, MB"] = memory["VmHWM"]
        found["processor at rest, % of a core"] = share
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()
    peer = measure_peer(folder, idle)
    if peer is not None:
        found["watchmedo at rest, MB"] = peer[0]["VmRSS"]
        found["watchmedo at rest, % of a core"] = peer[1]
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--idle", type=float, default=120.0, help="seconds of rest to measure")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="personald-bench-") as root:
        found = measure(Path(root), arguments.files, arguments.idle)
    if arguments.json:
        print(json.dumps(found))
        return
    print(f"{arguments.files} files, {arguments.idle:.0f} s of rest, {os.cpu_count()} cores,")
    print(
        f"load {os.getloadavg()[0]:.1f}, {platform.platform()}, Python {platform.python_version()}"
    )
    for name, value in found.items():
        print(f"{name:<46} {value:>10.2f}   goal {GOALS.get(name, '-')}")


if __name__ == "__main__":
    main()
