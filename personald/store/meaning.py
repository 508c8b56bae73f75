"""Search by meaning: a vector for each document, where a local embedding model is installed (`personald[meaning]`).

The vectors lie in the same sealed shards as the words; `search` joins the two rankings. This module alone of the
store's imports numpy, and only who has a model imports it: the daemon stays small.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]

# The beginning says what a text is about; more of it makes the vectors of long texts alike.
EMBEDDED_CHARACTERS = 2000


class Embedder(Protocol):
    """A local model that turns texts into vectors."""

    @property
    def name(self) -> str:
        """Which model; vectors of different names are never compared."""
        ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector for each text: (texts, dimensions)."""
        ...


class StaticEmbedder:
    """A static embedding model (model2vec) from a folder on this machine; nothing is ever downloaded.

    Args:
        folder: in model2vec's layout.

    Raises:
        ImportError: model2vec is not installed.
        OSError: there is no model in the folder.
    """

    def __init__(self, folder: Path) -> None:
        if not (folder / "model.safetensors").is_file():
            raise FileNotFoundError(f"there is no embedding model in {folder}")
        from model2vec import StaticModel

        self._model = StaticModel.from_pretrained(folder, normalize=True, force_download=False)
        self._name = f"model2vec {folder.name}"

    @property
    def name(self) -> str:
        """See `Embedder`."""
        return self._name

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder`."""
        vectors = self._model.encode(list(texts), use_multiprocessing=False)
        return np.asarray(vectors, dtype=np.float32)


def packed(vector: Vectors) -> bytes:
    """Return a vector as bytes: half precision is more than a ranking needs."""
    return vector.astype(np.float16).tobytes()


def nearest(
    connections: Iterable[sqlite3.Connection],
    vector: Vectors,
    conditions: str,
    values: Sequence[object],
    limit: int,
) -> list[int]:
    """Return the rows whose vectors are nearest to one, nearest first; those turned away from it are left out.

    Args:
        connections: databases of shards.
        vector: (dimensions,), of length one.
        conditions, values: on `entry`'s columns, as in `Shard.match`.
        limit: how many.
    """
    rows: list[int] = []
    stored: list[bytes] = []
    for connection in connections:
        for row, content in connection.execute(
            f"SELECT id, vector FROM entry WHERE vector IS NOT NULL {conditions}", values
        ):
            rows.append(row)
            stored.append(content)
    if not rows:
        return []
    matrix = np.frombuffer(b"".join(stored), dtype=np.float16).reshape(len(rows), -1)
    if matrix.shape[1] != vector.shape[0]:
        return []
    similarity = matrix.astype(np.float32) @ vector
    order = np.argsort(-similarity, kind="stable")[:limit]
    return [rows[place] for place in order if similarity[place] > 0]
