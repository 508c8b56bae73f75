"""Make files that want to hurt their reader: bombs, floods, nests, loops, lies about length.

Each maker is a function of a folder that writes one file there and returns its path. Sizes are chosen so that a reader
without limits would take gigabytes or minutes, while making them takes milliseconds to a second.
Run as a script it writes all of them: `python -m tests.hostile.make FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.hostile import packed, texts
from tests.hostile.makers import MAKERS

__all__ = ["MAKERS", "packed", "texts"]


def main(arguments: list[str]) -> None:
    """Write every file into a folder."""
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    for make in MAKERS.values():
        make(folder)


if __name__ == "__main__":
    main(sys.argv[1:])
