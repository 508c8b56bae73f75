"""Write a checkpoint as a folder that ``mlx_lm.load`` opens with no code of ours.

``python -m training.pocket.export CHECKPOINT --out DIR``. The names and shapes are those of
``mlx_lm.models.lfm2`` (0.32.2); projections that train fused are taken apart here.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from training.pocket import (
    CONFIG,
    HASHES,
    TOKENIZER,
    TOKENIZER_CONFIG,
    WEIGHTS,
    folder,
    hash_files,
)
from training.pocket.errors import PretrainingOptions, told
from training.pocket.network import ATTENTION, CONVOLUTION, NetworkConfig
from training.pocket.tokenizer import END_ID, PAD_ID

_LAYER_TYPES = {CONVOLUTION: "conv", ATTENTION: "full_attention"}


def model_config(config: NetworkConfig, dtype: torch.dtype) -> dict[str, Any]:
    """``config.json`` as LFM2 models have it."""
    return {
        "architectures": ["Lfm2ForCausalLM"],
        "model_type": "lfm2",
        "vocab_size": config.vocabulary,
        "hidden_size": config.width,
        "num_hidden_layers": len(config.layers),
        "num_attention_heads": config.heads,
        "num_key_value_heads": config.heads,
        "max_position_embeddings": config.context,
        "norm_eps": config.epsilon,
        "conv_bias": False,
        "conv_L_cache": 3,
        "block_dim": config.width,
        "block_ff_dim": config.feed_forward,
        "block_multiple_of": 1,
        "block_ffn_dim_multiplier": 1.0,
        "block_auto_adjust_ff_dim": False,
        "rope_theta": config.rope_theta,
        "layer_types": [_LAYER_TYPES[kind] for kind in config.layers],
        "tie_word_embeddings": True,
        "eos_token_id": END_ID,
        "pad_token_id": PAD_ID,
        "torch_dtype": str(dtype).removeprefix("torch."),
    }


def _layer_weights(weights: Mapping[str, Tensor], source: str, kind: str) -> dict[str, Tensor]:
    first, third = weights[f"{source}.w13"].chunk(2, 0)
    named = {
        "operator_norm.weight": weights[f"{source}.operator_norm"],
        "ffn_norm.weight": weights[f"{source}.feed_forward_norm"],
        "feed_forward.w1.weight": first,
        "feed_forward.w3.weight": third,
        "feed_forward.w2.weight": weights[f"{source}.w2"],
    }
    if kind == CONVOLUTION:
        named["conv.in_proj.weight"] = weights[f"{source}.w_in"]
        named["conv.out_proj.weight"] = weights[f"{source}.w_out"]
        # (taps, width) here; (width, taps, 1) in MLX, whose last tap is the present token as well.
        named["conv.conv.weight"] = weights[f"{source}.taps"].t().unsqueeze(-1)
    else:
        q, k, v = weights[f"{source}.w_in"].chunk(3, 0)
        named["self_attn.q_proj.weight"] = q
        named["self_attn.k_proj.weight"] = k
        named["self_attn.v_proj.weight"] = v
        named["self_attn.out_proj.weight"] = weights[f"{source}.w_out"]
        named["self_attn.q_layernorm.weight"] = weights[f"{source}.query_norm"]
        named["self_attn.k_layernorm.weight"] = weights[f"{source}.key_norm"]
    return named


def mlx_weights(weights: Mapping[str, Tensor], config: NetworkConfig) -> dict[str, Tensor]:
    """The network's weights under the names of ``mlx_lm.models.lfm2``."""
    named = {
        "model.embed_tokens.weight": weights["embedding"],
        "model.embedding_norm.weight": weights["final_norm"],
    }
    for number, kind in enumerate(config.layers):
        for name, value in _layer_weights(weights, f"blocks.{number}", kind).items():
            named[f"model.layers.{number}.{name}"] = value
    return named


def export(
    weights: Mapping[str, Tensor],
    config: NetworkConfig,
    tokenizer_folder: Path,
    out: Path,
    dtype: torch.dtype = torch.float16,
) -> None:
    """Write the model folder, hashes last.

    Args:
        weights: the network's float32 weights by name.
        config: its shape.
        tokenizer_folder: where the tokenizer's files lie.
        out: the folder to write.
        dtype: of the weights in the file.
    """
    out.mkdir(parents=True, exist_ok=True)
    named = {
        name: value.detach().to(dtype).contiguous()
        for name, value in mlx_weights(weights, config).items()
    }
    save_file(named, str(out / WEIGHTS), metadata={"format": "mlx"})
    (out / WEIGHTS).chmod(0o644)  # safetensors writes it for its owner alone
    text = json.dumps(model_config(config, dtype), indent=2) + "\n"
    (out / CONFIG).write_text(text, encoding="utf-8")
    for name in (TOKENIZER, TOKENIZER_CONFIG):
        shutil.copyfile(tokenizer_folder / name, out / name)
    hashes = json.dumps(hash_files(out), indent=2) + "\n"
    (out / HASHES).write_text(hashes, encoding="utf-8")


def export_checkpoint(checkpoint: Path, out: Path, dtype: torch.dtype = torch.float16) -> None:
    """Export a checkpoint of `training.pocket.pretrain`, with the tokenizer beside it."""
    state = torch.load(checkpoint, weights_only=True)
    config = NetworkConfig(**state["network"])
    export(state["optimiser"]["masters"], config, checkpoint.parent / "tokenizer", out, dtype)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m training.pocket.export", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, default=folder())
    parser.add_argument("--dtype", choices=("float16", "bfloat16", "float32"), default="float16")
    arguments = parser.parse_args(argv)
    if not arguments.checkpoint.is_file():
        raise PretrainingOptions(f"there is no checkpoint {arguments.checkpoint}.")
    export_checkpoint(arguments.checkpoint, arguments.out, getattr(torch, arguments.dtype))
    return 0


if __name__ == "__main__":
    sys.exit(told(main))
