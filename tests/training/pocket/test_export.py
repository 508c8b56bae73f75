"""What is exported is what was trained, opened by mlx_lm with no code of ours."""

import json
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from training.blas import load_fast_blas  # noqa: E402

load_fast_blas()
import mlx.core as mx  # noqa: E402
import numpy as np  # noqa: E402
from mlx_lm import batch_generate, load  # noqa: E402

from training.pocket import FILES, HASHES, WEIGHTS, folder, verify  # noqa: E402
from training.pocket.errors import (  # noqa: E402
    PocketTokenizerMismatch,
    PocketWeightsDamaged,
    PocketWeightsMissing,
)
from training.pocket.export import export  # noqa: E402
from training.pocket.network import NetworkConfig, PocketNetwork  # noqa: E402

CONFIG = NetworkConfig(layers="cac", width=64, feed_forward=96, heads=2)
MOST_BYTES = 16 * 1024 * 1024


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[PocketNetwork, Path]:
    torch.manual_seed(0)
    network = PocketNetwork(CONFIG)
    out = tmp_path_factory.mktemp("model")
    export(dict(network.named_parameters()), CONFIG, folder(), out, torch.float32)
    return network, out


def test_mlx_lm_computes_the_same_logits(exported: tuple[PocketNetwork, Path]) -> None:
    network, out = exported
    model = load(str(out))[0]
    ids = np.random.default_rng(0).integers(5, CONFIG.vocabulary, (2, 40))
    ours = network(torch.from_numpy(ids)).detach().numpy()
    theirs = np.array(model(mx.array(ids)))
    assert np.abs(ours - theirs).max() < 1e-3


def test_batched_generation_is_not_disturbed_by_padding(
    exported: tuple[PocketNetwork, Path],
) -> None:
    loaded = load(str(exported[1]))
    model, tokenizer = loaded[0], loaded[1]
    rng = np.random.default_rng(1)
    prompts = [[int(x) for x in rng.integers(5, CONFIG.vocabulary, n)] for n in (4, 31, 17)]
    response = batch_generate(model, tokenizer, prompts, max_tokens=8, return_token_ids=True)
    for prompt, given in zip(prompts, response.token_ids, strict=True):
        alone = list(prompt)
        for token in given:
            best = int(mx.argmax(model(mx.array([alone]))[0, -1]))
            assert best == token
            alone.append(best)


def test_the_shipped_folder_is_whole_and_small() -> None:
    verify(folder())
    assert sum(file.stat().st_size for file in folder().iterdir()) <= MOST_BYTES


@pytest.fixture
def copy(exported: tuple[PocketNetwork, Path], tmp_path: Path) -> Path:
    for name in (*FILES, HASHES):
        (tmp_path / name).write_bytes((exported[1] / name).read_bytes())
    verify(tmp_path)
    return tmp_path


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / WEIGHTS).unlink()
    with pytest.raises(PocketWeightsMissing, match=WEIGHTS):
        verify(copy)


def test_one_changed_byte_is_noticed(copy: Path) -> None:
    damaged = bytearray((copy / WEIGHTS).read_bytes())
    damaged[-1] ^= 1
    (copy / WEIGHTS).write_bytes(damaged)
    with pytest.raises(PocketWeightsDamaged, match=WEIGHTS):
        verify(copy)


def test_hashes_that_are_no_json_are_damage(copy: Path) -> None:
    (copy / HASHES).write_text("{", encoding="utf-8")
    with pytest.raises(PocketWeightsDamaged, match=HASHES):
        verify(copy)


def test_a_tokenizer_of_another_size_is_refused(copy: Path) -> None:
    tokenizer = json.loads((copy / "tokenizer.json").read_text(encoding="utf-8"))
    last = max(tokenizer["model"]["vocab"], key=tokenizer["model"]["vocab"].get)
    del tokenizer["model"]["vocab"][last]
    (copy / "tokenizer.json").write_text(json.dumps(tokenizer), encoding="utf-8")
    with pytest.raises(PocketTokenizerMismatch):
        verify(copy)


def test_openblas_is_loaded_or_the_way_to_it_is_told() -> None:
    status = load_fast_blas()
    assert status.is_fast or "libopenblas" in status.remedy or sys.platform != "linux"
