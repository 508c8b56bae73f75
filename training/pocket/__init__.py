"""The pocket model: the base that personald has in its first minute, made by itself.

A grammar of personal English (`language`) writes conversations; `tokenizer` learns to spell them;
`corpus` turns them into shards of batches; `pretrain` trains `network` with `optimiser` on what
`supervision` chooses of them, a copy of it on every core (`replicas`); `export` writes the result as
a folder that ``mlx_lm.load`` opens with no code of ours; `evaluate` measures every skill from those
very files, and `card` writes down what it found.

Only a rebuild needs PyTorch. What is shipped lies in ``weights/``, and its users need two
functions: `folder`, where it is, and `verify`, whether it is whole.
"""

import hashlib
import json
from pathlib import Path

from training.pocket.errors import (
    PocketTokenizerMismatch,
    PocketWeightsDamaged,
    PocketWeightsMissing,
)

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
TOKENIZER = "tokenizer.json"
TOKENIZER_CONFIG = "tokenizer_config.json"
HASHES = "hashes.json"
#: The files that the hashes cover.
FILES = (CONFIG, WEIGHTS, TOKENIZER, TOKENIZER_CONFIG)

_REMEDY = "Reinstall personald, or rebuild the model: python -m training.pocket.pretrain."


def folder() -> Path:
    """The shipped model's folder, in the layout that ``mlx_lm.load`` opens."""
    return Path(__file__).parent / "weights"


def hash_files(model: Path) -> dict[str, str]:
    """SHA-256 of each of the model's files, by name."""
    return {name: hashlib.sha256((model / name).read_bytes()).hexdigest() for name in FILES}


def verify(model: Path) -> None:
    """Check a model folder against its recorded hashes.

    Args:
        model: the folder.

    Raises:
        PocketWeightsMissing: a file is not there.
        PocketWeightsDamaged: a file is unreadable or differs from its hash.
        PocketTokenizerMismatch: the tokenizer has another size than the embedding.
    """
    for name in (*FILES, HASHES):
        if not (model / name).is_file():
            raise PocketWeightsMissing(f"{model / name} is not there.", _REMEDY)
    _check_vocabulary(model)
    try:
        recorded = json.loads((model / HASHES).read_text(encoding="utf-8"))
    except ValueError as error:
        raise PocketWeightsDamaged(f"{model / HASHES} cannot be read.", _REMEDY) from error
    for name, digest in hash_files(model).items():
        if not isinstance(recorded, dict) or recorded.get(name) != digest:
            raise PocketWeightsDamaged(f"{model / name} differs from its hash.", _REMEDY)


def _check_vocabulary(model: Path) -> None:
    try:
        config = json.loads((model / CONFIG).read_text(encoding="utf-8"))
        tokenizer = json.loads((model / TOKENIZER).read_text(encoding="utf-8"))
        wanted, found = config["vocab_size"], len(tokenizer["model"]["vocab"])
    except (ValueError, KeyError, TypeError) as error:
        raise PocketWeightsDamaged(
            f"{model / CONFIG} or {model / TOKENIZER} cannot be read.", _REMEDY
        ) from error
    if wanted != found:
        raise PocketTokenizerMismatch(
            f"{model / TOKENIZER} has {found} tokens, the weights have {wanted}.", _REMEDY
        )
