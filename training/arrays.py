"""The one place that imports MLX, so that a fast BLAS is always loaded before it.

On Linux MLX's wheel brings a reference BLAS that is 15–30 times slower than OpenBLAS; a library loaded into the
process first takes its place (see `training.blas`). Every other module of the room takes `mx` and `nn` from here.
"""

from training import blas

blas.load_fast_blas(blas.default_cache_folder())

import mlx.core as mx  # noqa: E402
import mlx.nn as nn  # noqa: E402

__all__ = ["mx", "nn"]
