"""The list of files that want to hurt their reader, and what makes one of them a member of it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

MEBI = 1024 * 1024
Maker = Callable[[Path], Path]
MAKERS: dict[str, Maker] = {}


def maker(name: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    """Register a function that makes the bytes of a file of that name."""

    def register(function: Callable[[], bytes]) -> Callable[[], bytes]:
        def write(folder: Path) -> Path:
            path = folder / name
            path.write_bytes(function())
            return path

        MAKERS[name] = write
        return function

    return register


def zipped(parts: dict[str, bytes]) -> bytes:
    """Make a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return buffer.getvalue()
