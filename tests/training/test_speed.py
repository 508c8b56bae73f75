"""The measurement that tells whether the machine holds a process back."""

from __future__ import annotations

import json
import subprocess
import sys


def test_it_says_one_figure() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "training.speed"], capture_output=True, text=True, check=True
    )
    assert set(json.loads(done.stdout)) == {"gflops"}
    assert json.loads(done.stdout)["gflops"] > 0
