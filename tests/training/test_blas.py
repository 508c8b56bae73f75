"""A fast BLAS takes the place of MLX's own, or the way to one is told."""

import subprocess
import sys
from pathlib import Path

import pytest

from training import blas

LINUX_ONLY = pytest.mark.skipif(sys.platform != "linux", reason="macOS needs no BLAS of ours")


@LINUX_ONLY
def test_products_of_mlx_are_those_of_numpy_whichever_blas_is_loaded(tmp_path: Path) -> None:
    program = """
import sys
from pathlib import Path
from training.blas import load_fast_blas
status = load_fast_blas(Path(sys.argv[1]))
import mlx.core as mx
import numpy as np
a, b = (np.random.default_rng(n).normal(size=(65, 65)).astype(np.float32) for n in (1, 2))
assert np.abs(np.array(mx.array(a) @ mx.array(b)) - a @ b).max() < 1e-4
print(status.is_fast, bool(status.remedy))
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    is_fast, has_remedy = done.stdout.split()
    assert is_fast != has_remedy


@LINUX_ONLY
def test_mlx_that_was_imported_first_is_reported(tmp_path: Path) -> None:
    program = """
import mlx.core
from training import blas
print(blas.load_fast_blas())
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "before importing mlx" in done.stdout


@LINUX_ONLY
def test_without_any_openblas_the_remedy_names_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(blas, "_SYSTEM_LIBRARY", "libnowhere.so.0")
    monkeypatch.setattr(blas, "_WHEEL_MODULE", "no_such_module")
    monkeypatch.delitem(sys.modules, "mlx.core", raising=False)
    status = blas.load_fast_blas(tmp_path)
    assert not status.is_fast
    assert "libopenblas0-pthread" in status.remedy


@LINUX_ONLY
@pytest.mark.parametrize("module", ["adapter", "worker"])
def test_whatever_is_imported_first_the_fast_blas_is_there_before_mlx(module: str) -> None:
    program = f"""
import training.{module}
from training import blas
print(blas.load_fast_blas(blas.default_cache_folder()).is_fast)
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "True"
