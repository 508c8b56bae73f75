"""A run that was stopped ends where an uninterrupted one ends, bit for bit."""

import dataclasses
import json
import multiprocessing
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from training.pocket import TOKENIZER, TOKENIZER_CONFIG, folder  # noqa: E402
from training.pocket.corpus import BATCH_TOKENS, LENGTHS, build_shard, length_limit  # noqa: E402
from training.pocket.errors import PretrainingBroken, PretrainingOptions  # noqa: E402
from training.pocket.network import NetworkConfig  # noqa: E402
from training.pocket.pretrain import (  # noqa: E402
    Options,
    Progress,
    Run,
    main,
    rate_factor,
)
from training.pocket.replicas import Replicas, Work  # noqa: E402
from training.pocket.supervision import trained_positions  # noqa: E402
from training.pocket.tokenizer import PAD_ID  # noqa: E402

PROCESSES = 2
BATCHES = 2
STEP_TOKENS = BATCH_TOKENS * PROCESSES * BATCHES
STEPS = 4
SAMPLES = 200


def options(out: Path, tokens: int = STEPS * STEP_TOKENS) -> Options:
    (out / "tokenizer").mkdir(parents=True, exist_ok=True)
    for name in (TOKENIZER, TOKENIZER_CONFIG):
        shutil.copy(folder() / name, out / "tokenizer" / name)
    return Options(
        out=out,
        tokens=tokens,
        finish_at=None,
        decay=0.3,
        muon_rate=0.02,
        adam_rate=0.003,
        weight_decay=0.05,
        context_weight=0.5,
        seed=3,
        processes=PROCESSES,
        batches=BATCHES,
        snapshot_tokens=2 * STEP_TOKENS,
        compiled=False,
        network=NetworkConfig(layers="ca", width=32, feed_forward=32, heads=2),
        shard_samples=SAMPLES,
        log_steps=2,
    )


def test_a_stopped_and_resumed_run_is_bit_identical(tmp_path: Path) -> None:
    whole = Run(options(tmp_path / "whole"))
    whole.train()
    interrupted: list[Run] = []
    calls = 0

    def clock() -> float:
        nonlocal calls
        calls += 1
        if calls == STEPS:
            interrupted[0].stop()
        return time.time()

    interrupted.append(Run(options(tmp_path / "parts"), clock))
    interrupted[0].train()
    assert 0 < interrupted[0].progress.step < STEPS
    resumed = Run(options(tmp_path / "parts"))
    resumed.train()
    assert resumed.progress.step == whole.progress.step == STEPS
    for name, weights in whole.optimiser.masters.items():
        assert torch.equal(weights, resumed.optimiser.masters[name]), name


def test_a_decay_branch_starts_at_its_checkpoint_and_ends_at_rate_zero(tmp_path: Path) -> None:
    trunk = Run(options(tmp_path / "trunk"))
    trunk.train()
    snapshot = next((tmp_path / "trunk").glob("tokens-*.pt"))
    branch = Run(options(tmp_path / "branch", 2 * STEPS * STEP_TOKENS), decay_from=snapshot)
    start = branch.progress.tokens
    assert 0 < start < 2 * STEPS * STEP_TOKENS
    branch.train()
    assert branch.progress.tokens == 2 * STEPS * STEP_TOKENS
    assert branch.progress.origin_tokens == start


def test_the_rate_warms_up_stays_and_decays(tmp_path: Path) -> None:
    plan = dataclasses.replace(options(tmp_path), tokens=1_000_000)
    rates = [
        rate_factor(Progress(step=step, tokens=step * 1000), plan, 0.0, is_branch=False)
        for step in (0, 300, 690, 850, 1000)
    ]
    assert rates[0] < 0.02
    assert rates[1] == rates[2] == 1.0
    assert rates[3] == pytest.approx(0.5)
    assert rates[4] == 0.0


def test_a_run_by_the_clock_decays_by_the_clock(tmp_path: Path) -> None:
    plan = dataclasses.replace(options(tmp_path), tokens=None, finish_at=1000.0)
    progress = Progress(step=5000, seconds=850.0)
    assert rate_factor(progress, plan, 850.0, is_branch=False) == pytest.approx(0.5)


def test_shards_are_repeatable_and_hold_whole_conversations() -> None:
    first, second = (build_shard(5, 0, folder(), SAMPLES) for _ in range(2))
    assert len(first) > 1
    for one, other in zip(first, second, strict=True):
        assert (one.ids == other.ids).all()
        assert one.ids.size == BATCH_TOKENS
        assert one.ids.shape[1] in LENGTHS
        assert one.ids.shape[1] <= length_limit(0)
        assert not one.answer[one.ids == PAD_ID].any()


def test_every_answer_token_is_trained_and_padding_never() -> None:
    batch = max(build_shard(5, 0, folder(), SAMPLES), key=lambda b: -b.answer.sum())
    positions, targets, weights = trained_positions(batch, 1, 2, context_weight=0.25)
    flat = batch.ids.reshape(-1)
    assert (flat[positions + 1] == targets).all()
    wanted = int(batch.answer[:, 1:].sum())
    assert int((weights == 1.0).sum()) == min(wanted, len(positions))
    assert not (targets[weights > 0] == PAD_ID).any()


def test_progress_is_logged_as_json_lines(tmp_path: Path) -> None:
    run = Run(options(tmp_path, 2 * STEP_TOKENS))
    run.train()
    rows = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert rows[0]["tokens"] == rows[0]["step"] * STEP_TOKENS
    assert rows[0]["loss"] > 0


def test_a_process_that_ends_by_itself_is_one_clear_error() -> None:
    replicas = Replicas(NetworkConfig(layers="a", width=32, feed_forward=32, heads=2), 1, False)
    (process,) = multiprocessing.active_children()
    process.kill()
    process.join()
    ids = np.zeros((1, 64), np.int64)
    places = np.arange(8)
    work = Work(ids, places, places, np.ones(8, np.float32))
    try:
        with pytest.raises(PretrainingBroken, match="same command again"):
            replicas.losses([work])
    finally:
        replicas.close()


def test_a_checkpoint_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pt")
    with pytest.raises(PretrainingOptions, match="missing"):
        main(["--out", str(tmp_path / "run"), "--decay-from", missing])
    assert not (tmp_path / "run").exists()


def test_a_time_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(PretrainingOptions, match="half past"):
        main(["--out", str(tmp_path), "--finish-at", "half past"])
