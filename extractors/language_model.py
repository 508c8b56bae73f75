"""py3langid's model, unpacked once into a folder and mapped into memory by all processes that use it.

The library keeps its model packed (LZMA). Unpacking takes 0.9 s of processor time and 90 MB of each process; mapped
files cost milliseconds, and all processes share their pages. The numbers are the library's own, its 16-bit ones in 16 bits: in
32 they would spare a third of a tag's time, and make a reader 28 MB larger.
"""

from __future__ import annotations

import fcntl
import importlib.metadata
import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_ARRAYS = ("likelihoods", "priors", "moves", "rows", "features")


def prepare(folder: Path) -> bool:
    """Unpack the model of the installed version into a folder, unless it lies there; True when it can be used.

    Args:
        folder: where it is kept; made when it is missing.
    """
    place = _place(folder)
    if _is_whole(place):
        return True
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "languages.lock").open("w") as lock:
            # Several processes start at once; the first one works, the others wait for it.
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _is_whole(place):
                for old in folder.glob("languages-*"):
                    shutil.rmtree(old, ignore_errors=True)
                place.mkdir()
                _unpack(place)
    except OSError:
        return False
    return True


def load(folder: Path) -> LanguageIdentifier:
    """Return the library's identifier over the files that `prepare` left."""
    import numpy as np
    from py3langid.langid import LanguageIdentifier

    place = _place(folder)
    likelihoods, priors, moves, rows, features = (
        np.load(place / f"{name}.npy", mmap_mode="r", allow_pickle=False) for name in _ARRAYS
    )
    return LanguageIdentifier(
        np.asarray(likelihoods),
        np.asarray(priors),
        json.loads((place / "classes.json").read_text("utf-8")),
        memoryview(moves),
        features.tolist(),
        tk_row=rows.tolist(),
    )


def _place(folder: Path) -> Path:
    return folder / f"languages-{importlib.metadata.version('py3langid')}"


def _is_whole(place: Path) -> bool:
    """Tell whether all was written: its writer may have been killed, and a loss of power can cut files short."""
    try:
        sizes = json.loads((place / "sizes.json").read_text("utf-8"))
        return all((place / name).stat().st_size == size for name, size in sizes.items())
    except (OSError, ValueError, AttributeError):
        return False


def _unpack(place: Path) -> None:
    import numpy as np
    from py3langid.langid import MODEL_DIR, MODEL_FILE
    from py3langid.modelio import load_model

    likelihoods, priors, classes, moves, rows, features = load_model(MODEL_DIR / MODEL_FILE)
    arrays = (likelihoods, priors, moves, rows, features)
    for name, array in zip(_ARRAYS, arrays, strict=True):
        np.save(place / f"{name}.npy", np.asarray(array), allow_pickle=False)
    (place / "classes.json").write_text(json.dumps(classes), "utf-8")
    sizes = {file.name: file.stat().st_size for file in place.iterdir()}
    (place / "sizes.json").write_text(json.dumps(sizes), "utf-8")
