"""What each training run leaves in the home's `reports` folder, in the clear: figures, never a word of a document.

A run that ended well leaves `TIME-DOMAIN.json`, which is what `personald train --json` prints of the domain. A version
that was judged leaves a page and a picture, `DOMAIN-NUMBER.md` and `.png`, for people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.registry import AdapterVersion

# Of each kind.
KEPT = 60


def note(folder: Path, domain: str, ended: float, figures: Mapping[str, Any]) -> None:
    """Leave the figures of a run.

    Args:
        folder: the home's reports.
        domain: what was trained.
        ended: when, in seconds since 1970; the file's name has it in local time.
        figures: ready for JSON.

    Raises:
        OSError: it cannot be written.
    """
    at = datetime.fromtimestamp(ended).strftime("%Y%m%dT%H%M%S")
    (folder / f"{at}-{domain}.json").write_text(json.dumps(dict(figures), indent=1), "utf-8")
    _keep_newest(folder, "*.json")


def leave(folder: Path, version: AdapterVersion) -> Path:
    """Leave the page and the picture of a version that was judged; imports matplotlib.

    Returns:
        Where the page is.

    Raises:
        OSError: it cannot be written.
    """
    from training.report import markdown, picture

    page = page_of(folder, version.name)
    drawn = page.with_suffix(".png")
    drawn.write_bytes(picture(version))
    page.write_text(f"{markdown(version)}\n![{version.name}]({drawn.name})\n", "utf-8")
    for kind in ("*.md", "*.png"):
        _keep_newest(folder, kind)
    return page


def page_of(folder: Path, version: str) -> Path:
    """Where the page of a version ("notes/3") is, or would be."""
    return folder / f"{version.replace('/', '-')}.md"


def latest(folder: Path) -> Path | None:
    """The page of the version that was judged last; None when there is none."""
    return max(folder.glob("*.md"), key=_age, default=None)


def _keep_newest(folder: Path, kind: str) -> None:
    for old in sorted(folder.glob(kind), key=_age)[:-KEPT]:
        old.unlink()


def _age(file: Path) -> tuple[int, str]:
    """To sort by; what was written in one tick of the file system's clock is sorted by name."""
    return file.stat().st_mtime_ns, file.name
