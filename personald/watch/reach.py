"""Is a source there at all, and is it the one that was there before?

A disk that is not mounted leaves nothing, or an empty folder on the disk below. Neither means that the person deleted
everything, so a source is looked through only when it can be listed, and lies on the volume it lay on before unless
there is something in it.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Reach:
    """The answer.

    Attributes:
        there: it can be looked through.
        reason: why not, one line; "" when it is there.
        device: number of the volume (st_dev); None when it is not there.
        denied: it is there and the system forbids looking: a matter of permission.
    """

    there: bool
    reason: str = ""
    device: int | None = None
    denied: bool = False


def reach(root: Path, device_before: int | None) -> Reach:
    """Look at a source's root.

    Args:
        root: its folder or file.
        device_before: the volume it lay on when it was last looked through; None when never.
    """
    try:
        status = root.stat()
        if not stat.S_ISDIR(status.st_mode):
            return Reach(True, device=status.st_dev)
        with os.scandir(root) as entries:
            empty = next(entries, None) is None
    except OSError as error:
        return _refused(error)
    if empty and device_before not in (None, status.st_dev):
        return Reach(False, "its volume is not mounted")
    return Reach(True, device=status.st_dev)


def _refused(error: OSError) -> Reach:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return Reach(False, "it is not there; its volume may not be mounted")
    if error.errno in (errno.EACCES, errno.EPERM):
        return Reach(False, "the system forbids reading it", denied=True)
    return Reach(False, f"it cannot be read: {error.strerror or error.errno}")
