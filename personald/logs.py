"""The daemon's log: rotating, private, and without a word, title or path of a document.

Only loggers below "personald" are written. Libraries log what they like, paths included, so theirs go nowhere; and of an
unforeseen error only its type and where in our code it arose are told, never its message.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import sys
import time
import traceback
from io import TextIOWrapper
from pathlib import Path

FILE = "daemon.log"
MAX_BYTES = 1_000_000
KEPT = 3
_FORM = "%(asctime)s %(levelname)-7s %(message)s"


class _PrivateHandler(logging.handlers.RotatingFileHandler):
    """Opens its files for their owner only."""

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(descriptor, "a", encoding="utf-8")


def open_log(folder: Path, *, echo: bool = False) -> logging.Logger:
    """Begin to write the log.

    Args:
        folder: where; the files are `daemon.log` and up to three older ones.
        echo: write to standard error as well (for a person who runs it in a terminal).
    """
    logging.raiseExceptions = False  # A disk that is full must not stop the daemon.
    form = logging.Formatter(_FORM, "%Y-%m-%dT%H:%M:%SZ")
    form.converter = time.gmtime
    root = logging.getLogger("personald")
    root.setLevel(logging.INFO)
    root.propagate = False
    handlers: list[logging.Handler] = [
        _PrivateHandler(folder / FILE, maxBytes=MAX_BYTES, backupCount=KEPT, delay=True)
    ]
    if echo:
        handlers.append(logging.StreamHandler(sys.stderr))
    for handler in handlers:
        handler.setFormatter(form)
        root.addHandler(handler)
    logging.getLogger("apscheduler").propagate = False
    logging.getLogger("apscheduler").addHandler(logging.NullHandler())
    return root


def close_log() -> None:
    """Write no more."""
    root = logging.getLogger("personald")
    for handler in list(root.handlers):
        root.removeHandler(handler)
        handler.close()


def place_of(error: BaseException) -> str:
    """Type and place of an unforeseen error, without its message: that may quote a document."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" in {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{where}"
