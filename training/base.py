"""Load a base model: the embedded pocket base, a folder, or a model of the hub, always through mlx-lm.

A base is known by its fingerprint: a hash over configuration, weights and tokenizer, byte for byte. An adapter belongs
to one fingerprint and is refused on any other. Models that bring code of their own are refused.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from personald.errors import PersonaldError
from training.arrays import mx, nn
from training.chat import Chat
from training.kernels import on_cpu, quicken

FINGERPRINTED = (
    "config.json",
    "*.safetensors",
    "tokenizer*",
    "special_tokens_map.json",
    "vocab.*",
    "merges.txt",
    "*.jinja",
)
"""The files that decide what the model says."""

HUB_FILES = ["*.json", "*.safetensors", "tokenizer.model", "*.tiktoken", "*.txt", "*.jinja"]

EMBEDDINGS = (nn.Embedding, nn.QuantizedEmbedding)

CODE_KEYS = ("model_file", "auto_map")
"""Configuration keys with which a model asks to run code of its own."""


class BaseUnusable(PersonaldError):
    """The base model cannot be loaded, or may not."""

    title = "The base model cannot be used"


@dataclass(frozen=True, slots=True)
class Base:
    """A base model in memory, frozen.

    Attributes:
        model: an mlx-lm model (`model.layers`, `model(inputs, cache=…)`).
        tokenizer: mlx-lm's tokenizer wrapper.
        fingerprint: hex SHA-256 over the files that decide what it says.
        reference: as it was asked for; "" for the pocket base.
        folder: where its files lie.
        chat: its conversation format.
    """

    model: Any
    tokenizer: Any
    fingerprint: str
    reference: str
    folder: Path
    chat: Chat = field(repr=False)

    @property
    def is_pocket(self) -> bool:
        """Whether this is the embedded base."""
        return self.reference == ""


def load_base(reference: str | Path | None = None) -> Base:
    """Load a base model.

    Args:
        reference: None for the embedded pocket base; a folder in mlx-lm's layout; or "owner/name" on the Hugging Face
            hub, which is downloaded unless it is cached (HF_HUB_OFFLINE is respected).

    Raises:
        BaseUnusable: there is no such model, it is damaged, or it wants to run code of its own.
    """
    from mlx_lm.utils import load_model, load_tokenizer

    folder = locate(reference)
    config = checked_config(folder)
    try:
        model, _ = load_model(folder)
        tokenizer = load_tokenizer(folder, eos_token_ids=config.get("eos_token_id"))
    except (
        ValueError,
        KeyError,
        TypeError,
        RuntimeError,
        OSError,
        AttributeError,
        ImportError,
    ) as error:
        raise BaseUnusable(
            f"{folder} does not load ({_first_line(error)})",
            "Check that it is complete and in mlx-lm's layout.",
        ) from error
    _in_float32_on_cpu(model)
    quicken(model)
    model.freeze()
    _check_vocabulary(model, tokenizer, folder)
    return Base(
        model,
        tokenizer,
        fingerprint(folder),
        "" if reference is None else str(reference),
        folder,
        Chat(tokenizer),
    )


def pocket_folder() -> Path:
    """Where the embedded base lies."""
    return Path(__file__).parent / "pocket" / "weights"


def locate(reference: str | Path | None) -> Path:
    """The folder of a base model, downloaded from the hub where it has to be.

    Raises:
        BaseUnusable: it is not there, or the hub does not give it.
    """
    if reference is None:
        folder = pocket_folder()
        if not (folder / "config.json").is_file():
            raise BaseUnusable(
                f"the embedded base is missing from {folder}", "Install personald again."
            )
        return folder
    path = Path(reference).expanduser()
    if path.is_dir():
        return path.resolve()
    name = str(reference)
    if path.is_absolute() or name.count("/") != 1 or name.startswith((".", "~")):
        raise BaseUnusable(
            f"there is no folder {name}",
            "Name a folder with a model, or one of the hub as owner/name.",
        )
    return _from_hub(name)


def _from_hub(name: str) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=HUB_FILES))
    except LocalEntryNotFoundError as error:
        raise BaseUnusable(
            f"{name} is not on this machine and the hub cannot be reached",
            "Connect once, or name a folder.",
        ) from error
    except (HfHubHTTPError, HFValidationError, OSError) as error:
        raise BaseUnusable(
            f"the hub does not give {name} ({_first_line(error)})", "Check the name."
        ) from error


def checked_config(folder: Path) -> dict[str, Any]:
    """The model's configuration.

    Raises:
        BaseUnusable: it is missing, is not JSON, or asks to run code.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BaseUnusable(
            f"{folder / 'config.json'} cannot be read ({_first_line(error)})"
        ) from error
    if not isinstance(config, dict):
        raise BaseUnusable(f"{folder / 'config.json'} is not a table of settings")
    for key in CODE_KEYS:
        if config.get(key):
            raise BaseUnusable(
                f"{folder} asks to run code of its own ({key})", "Choose a model that mlx-lm knows."
            )
    return config


def fingerprint(folder: Path) -> str:
    """Hex SHA-256 over name and content of every file that decides what the model says, in order of name."""
    total = hashlib.sha256()
    names = {path for pattern in FINGERPRINTED for path in folder.glob(pattern) if path.is_file()}
    for path in sorted(names, key=lambda path: path.name):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256")
        total.update(path.name.encode() + b"\0" + content.digest())
    return total.hexdigest()


def _check_vocabulary(model: Any, tokenizer: Any, folder: Path) -> None:
    """A tokenizer with more entries than the model has embeddings reads past their end (MLX does not check)."""
    sizes = [
        module.weight.shape[0]
        for _, module in model.named_modules()
        if isinstance(module, EMBEDDINGS)
    ]
    highest = max(tokenizer.get_vocab().values(), default=0)
    if sizes and highest >= max(sizes):
        raise BaseUnusable(
            f"the tokenizer of {folder} has {highest + 1} entries, its model only {max(sizes)}"
        )


def _in_float32_on_cpu(model: Any) -> None:
    """On a CPU half-precision products do not go through BLAS: unquantised weights are widened there."""
    if on_cpu():
        model.set_dtype(mx.float32, lambda kind: kind in (mx.float16, mx.bfloat16))


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
