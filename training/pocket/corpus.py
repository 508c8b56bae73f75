"""Pretraining data as shards: conversations from the grammar, tokenised and sorted into batches.

A shard is a pure function of (seed, shard number, tokenizer, grammar): the samples
``number * SAMPLES_PER_SHARD …`` of the mixture, in batches of `BATCH_TOKENS` tokens whose rows are
whole conversations of one length class. One worker process at low priority writes shards a little
ahead of the training loop, which deletes them when it is past them.
"""

import os
import random
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.pocket.drills import drill, drill_share
from training.pocket.language import mixture
from training.pocket.language.sample import Sample
from training.pocket.tokenizer import PAD_ID, encode_turns, load_tokenizer

BATCH_TOKENS = 3840
#: Row lengths; each divides `BATCH_TOKENS`, so that every batch is the same size to the kernels.
LENGTHS = (64, 96, 128, 160, 192, 256, 320, 384, 480, 640, 768)
SAMPLES_PER_SHARD = 8192
_SHARDS_AHEAD = 2
_NICENESS = 5
_GOLDEN_FRACTION = 0.6180339887498949


def length_limit(shard: int) -> int:
    """The longest row in a shard: copying from context forms sooner on short, dense texts."""
    if shard < 2:
        return 160
    return 256 if shard < 6 else LENGTHS[-1]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows of one length class.

    Args:
        ids: token ids, ``(rows, length)``, padded at the right.
        answer: whether a token belongs to an assistant's turn, ``(rows, length)``.
        skills: the skill of each row.
    """

    ids: npt.NDArray[np.uint16]
    answer: npt.NDArray[np.bool_]
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    skill: str
    ids: list[int]
    answer: list[bool]


def _sample(seed: int, index: int, drills: float) -> Sample:
    # A fixed fraction of the golden ratio spreads the drills evenly over the indices.
    is_drill = (index * _GOLDEN_FRACTION) % 1.0 < drills
    return drill(seed, index) if is_drill else mixture.sample(seed, index)


def _rows(seed: int, shard: int, tokenizer_folder: Path, samples: int) -> dict[int, list[_Row]]:
    tokenizer = load_tokenizer(tokenizer_folder)
    limit = length_limit(shard)
    classes: dict[int, list[_Row]] = {length: [] for length in LENGTHS if length <= limit}
    for index in range(shard * samples, (shard + 1) * samples):
        sample = _sample(seed, index, drill_share(shard))
        ids, answer = encode_turns(tokenizer, ((t.role, t.text) for t in sample.turns))
        length = next((length for length in classes if len(ids) <= length), None)
        if length is not None:
            classes[length].append(_Row(sample.skill, ids, answer))
    return classes


def _batch(rows: list[_Row], length: int) -> Batch:
    count = BATCH_TOKENS // length
    ids = np.full((count, length), PAD_ID, dtype=np.uint16)
    answer = np.zeros((count, length), dtype=np.bool_)
    for place, row in enumerate(rows):
        ids[place, : len(row.ids)] = row.ids
        answer[place, : len(row.ids)] = row.answer
    return Batch(ids, answer, tuple(row.skill for row in rows))


def build_shard(
    seed: int, shard: int, tokenizer_folder: Path, samples: int = SAMPLES_PER_SHARD
) -> list[Batch]:
    """The batches of one shard, in the order in which they are trained.

    What does not fill a batch of its length class moves to the next longer class; the few rows
    left in the longest are dropped.
    """
    batches: list[Batch] = []
    left: list[_Row] = []
    for length, rows in _rows(seed, shard, tokenizer_folder, samples).items():
        rows = left + rows
        count = BATCH_TOKENS // length
        full = len(rows) // count * count
        batches += [_batch(rows[start : start + count], length) for start in range(0, full, count)]
        left = rows[full:]
    random.Random(f"{seed}-{shard}").shuffle(batches)
    return batches


def _path(folder: Path, shard: int) -> Path:
    return folder / f"shard-{shard:05d}.npz"


def _save(batches: list[Batch], path: Path) -> None:
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for number, batch in enumerate(batches):
        arrays[f"ids{number}"] = batch.ids
        arrays[f"answer{number}"] = batch.answer
        arrays[f"skills{number}"] = np.array(batch.skills, dtype=np.str_)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]
    partial.replace(path)


def _load(path: Path) -> list[Batch]:
    with np.load(path) as arrays:
        count = len(arrays.files) // 3
        return [
            Batch(
                arrays[f"ids{n}"],
                arrays[f"answer{n}"],
                tuple(str(skill) for skill in arrays[f"skills{n}"]),
            )
            for n in range(count)
        ]


def _write_shard(seed: int, shard: int, tokenizer_folder: Path, folder: Path, samples: int) -> None:
    path = _path(folder, shard)
    if not path.exists():
        _save(build_shard(seed, shard, tokenizer_folder, samples), path)


def _be_nice() -> None:
    os.nice(_NICENESS)


class Corpus:
    """Shards in order, written ahead by one worker process.

    Args:
        seed: of the mixture.
        tokenizer_folder: where the tokenizer lies.
        folder: where shards are cached.
        samples: conversations in a shard.
    """

    def __init__(
        self, seed: int, tokenizer_folder: Path, folder: Path, samples: int = SAMPLES_PER_SHARD
    ) -> None:
        self._seed = seed
        self._tokenizer_folder = tokenizer_folder
        self._folder = folder
        self._samples = samples
        self._pending: dict[int, Future[None]] = {}
        folder.mkdir(parents=True, exist_ok=True)
        self._pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_be_nice)

    def _order(self, shard: int) -> None:
        if shard not in self._pending:
            self._pending[shard] = self._pool.submit(
                _write_shard,
                self._seed,
                shard,
                self._tokenizer_folder,
                self._folder,
                self._samples,
            )

    def batches(self, shard: int, first: int) -> Iterator[tuple[int, int, Batch]]:
        """Batches from a cursor on, without end, each with the cursor of the one after it.

        Args:
            shard: number of the shard to start in.
            first: number of the batch in it to start with.
        """
        while True:
            for ahead in range(_SHARDS_AHEAD + 1):
                self._order(shard + ahead)
            self._pending.pop(shard).result()
            batches = _load(_path(self._folder, shard))
            for number in range(first, len(batches)):
                yield shard, number + 1, batches[number]
            _path(self._folder, shard).unlink(missing_ok=True)
            shard, first = shard + 1, 0

    def close(self) -> None:
        """Stop the worker."""
        self._pool.shutdown(wait=True, cancel_futures=True)
