"""What many threads took and let go is given back to the system."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import threading
from pathlib import Path
from personald import allocator

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])

def work(kept):
    texts = [bytes(2000) for _ in range(8000)]
    kept.append(texts[::4000])

allocator.share_one_arena()
before, kept = resident(), []
threads = [threading.Thread(target=work, args=(kept,)) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
allocator.give_back()
print(resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the allocator is glibc's")
def test_what_threads_let_go_is_given_back() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 16_000  # kB, of 128,000 that were taken
