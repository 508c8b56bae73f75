"""MLX's two namespaces, under the names that every module of the room uses."""

import mlx.core as mx
import mlx.nn as nn

__all__ = ["mx", "nn"]
