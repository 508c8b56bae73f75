"""The model of languages, unpacked once for all tests of a process: a second of processor time each time else."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from extractors import language_model


@functools.cache
def unpacked() -> Path:
    """The folder in which extractor processes find it; removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="personald-languages-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    assert language_model.prepare(folder)
    return folder


def lend(cache: Path) -> None:
    """Put it into the cache of a home."""
    for model in unpacked().glob("languages-*"):
        (cache / model.name).symlink_to(model)
