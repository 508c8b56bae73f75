"""A stand-in for launchctl and one for systemctl, on the PATH: they keep a state, answer with recordings, keep a log."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from launchd.service import Service

RECORDINGS = Path(__file__).parent / "recordings"

LAUNCHCTL = """#!/bin/sh
# state: absent | running | leaving N (that many more looks) | stopped | crashing | nobody ; alarms: false alarms left
cd "$FAKE_STATE" || exit 99
echo "launchctl $*" >> log
read -r state count < state
answer() { cat "$FAKE_RECORDINGS/$1" ; exit "$2" ; }
refuse() { cat "$FAKE_RECORDINGS/$1" >&2 ; exit "$2" ; }
[ "$state" = nobody ] && [ "$1" != enable ] && refuse launchctl-print.no-gui.txt 125
case "$1" in
print)
  case "$state" in
  absent) refuse launchctl-print.missing.txt 113 ;;
  running) answer launchctl-print.running.txt 0 ;;
  stopped) answer launchctl-print.killed-9.txt 0 ;;
  crashing) answer launchctl-print.crash-loop.txt 0 ;;
  leaving)
    if [ "$count" -gt 0 ]; then echo "leaving $((count - 1))" > state ; answer launchctl-print.running.txt 0 ; fi
    echo absent > state ; refuse launchctl-print.missing.txt 113 ;;
  esac ;;
bootout)
  [ "$state" = absent ] && refuse launchctl-bootout.missing.txt 3
  echo "leaving 3" > state ;;
bootstrap)
  [ "$state" = absent ] || refuse launchctl-bootstrap.busy.txt 5
  read -r alarms < alarms
  case "$alarms" in
  deaf*) echo "deaf${alarms#deafx}" > alarms ; [ "$alarms" = deaf ] || refuse launchctl-bootstrap.busy.txt 5 ;;
  false) cat after > state ; refuse launchctl-bootstrap.busy.txt 5 ;;
  esac
  cat after > state ;;
kickstart) echo running > state ;;
enable) ;;
esac
"""

SYSTEMCTL = """#!/bin/sh
cd "$FAKE_STATE" || exit 99
echo "systemctl $*" >> log
shift
read -r state < state
[ "$state" = nobody ] && { echo "Failed to connect to bus: No medium found" >&2 ; exit 1 ; }
case "$1" in
show)
  case "$state" in
  absent) printf 'LoadState=not-found\\nActiveState=inactive\\nSubState=dead\\nMainPID=0\\nExecMainCode=0\\nExecMainStatus=0\\nNRestarts=0\\nResult=success\\n' ;;
  running) printf 'LoadState=loaded\\nActiveState=active\\nSubState=running\\nMainPID=3246\\nExecMainCode=0\\nExecMainStatus=0\\nNRestarts=0\\nResult=success\\n' ;;
  stopped) printf 'LoadState=loaded\\nActiveState=inactive\\nSubState=dead\\nMainPID=0\\nExecMainCode=1\\nExecMainStatus=0\\nNRestarts=0\\nResult=success\\n' ;;
  killed) printf 'LoadState=loaded\\nActiveState=failed\\nSubState=failed\\nMainPID=0\\nExecMainCode=2\\nExecMainStatus=9\\nNRestarts=5\\nResult=signal\\n' ;;
  crashing) printf 'LoadState=loaded\\nActiveState=failed\\nSubState=failed\\nMainPID=0\\nExecMainCode=1\\nExecMainStatus=70\\nNRestarts=5\\nResult=start-limit-hit\\n' ;;
  esac ;;
start|restart) cat after > state ;;
stop) echo stopped > state ;;
disable) echo absent > state ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Fake:
    """The stand-ins' state."""

    folder: Path

    def be(self, state: str, *, after: str = "running", alarms: str = "none") -> None:
        (self.folder / "state").write_text(state + "\n")
        (self.folder / "after").write_text(after + "\n")
        (self.folder / "alarms").write_text(alarms + "\n")

    @property
    def state(self) -> str:
        return (self.folder / "state").read_text().strip()

    @property
    def log(self) -> list[str]:
        log = self.folder / "log"
        return log.read_text().splitlines() if log.exists() else []

    def steps(self) -> list[str]:
        """What was asked for, without the many looks."""
        words = [line.split() for line in self.log]
        return [
            f"{word[0]} {word[2] if word[1] == '--user' else word[1]}"
            for word in words
            if "print" not in word and "show" not in word
        ]


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    programs = tmp_path / "bin"
    state = tmp_path / "state"
    programs.mkdir()
    state.mkdir()
    for name, text in (("launchctl", LAUNCHCTL), ("systemctl", SYSTEMCTL)):
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("FAKE_STATE", str(state))
    monkeypatch.setenv("FAKE_RECORDINGS", str(RECORDINGS))
    fake = Fake(state)
    fake.be("absent")
    return fake


@pytest.fixture
def service(tmp_path: Path) -> Service:
    program = tmp_path / "a venv" / "python"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    logs = tmp_path / "logs"
    logs.mkdir()
    return Service(program, ("-m", "personald", "run"), logs)
