"""A home driven through the real command line, for end-to-end tests."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Household:
    """A home and the folder of files beside it."""

    root: Path

    @property
    def home(self) -> Path:
        return self.root / "home"

    @property
    def files(self) -> Path:
        folder = self.root / "files"
        folder.mkdir(exist_ok=True)
        return folder

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "personald", *words, "--home", str(self.home)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def json(self, *words: str, code: int = 0) -> dict[str, Any]:
        """Run with --json; standard output must be exactly one JSON object."""
        done = self.run(*words, "--json")
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        value = json.loads(done.stdout)
        assert isinstance(value, dict)
        return value

    def error(self, *words: str, code: int) -> str:
        """Run what must fail: one line on standard error, nothing on standard output, no traceback."""
        done = self.run(*words)
        assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
        assert done.stderr.count("\n") == 1, done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    def init(self, *words: str) -> dict[str, Any]:
        return self.json("init", "--yes", "--key-file", str(self.root / "keys"), *words)

    def read(self) -> dict[str, Any]:
        """Watch the files and read them."""
        self.json("source", "add", str(self.files), "--yes")
        return self.json("source", "scan")
