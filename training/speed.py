"""`python -m training.speed`: how fast mlx multiplies in this process, as one line of JSON.

A product of two square matrices is what training does most of the time, and what the GPU's scheduler slows down first.
"""

import json
import statistics
import time

from training.blas import default_cache_folder, load_fast_blas

SIZE = 1024
SECONDS = 1.0


def gflops(size: int = SIZE, seconds: float = SECONDS) -> float:
    """The median speed of products of two `size` × `size` matrices in float32, in 10⁹ operations a second.

    Args:
        size: rows and columns; one product takes 2·size³ operations.
        seconds: for about how long to multiply.
    """
    load_fast_blas(default_cache_folder())
    import mlx.core as mx

    left, right = mx.random.normal((2, size, size))
    mx.eval(left @ right)  # the first one compiles kernels
    times: list[float] = []
    until = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < until:
        began = time.perf_counter()
        mx.eval(left @ right)
        times.append(time.perf_counter() - began)
    return 2 * size**3 / statistics.median(times) / 1e9


if __name__ == "__main__":
    print(json.dumps({"gflops": round(gflops(), 1)}))
