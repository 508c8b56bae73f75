"""The comparison of memories: its persons, what may learn besides a LoRA, its file of runs, its tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmarks.memory import Run, append, read_runs
from benchmarks.memory_forms import AllWeights, Prefixes, WeightDecomposed
from benchmarks.memory_persons import changed, person
from benchmarks.memory_recipes import OURS, learn
from benchmarks.memory_report import between, comparison, goals
from benchmarks.memory_trial import Result, Trial
from training.adapter import Form, LowRank, Shape
from training.arrays import mx
from training.base import Base
from training.dataset import StudySettings, assemble
from training.loop_settings import LoopSettings
from training.material import Kind, asked
from training.settings import TrainingSettings
from training.statistics import Share
from training.trainer import Trainer

TOKENS = mx.array([[7, 21, 90, 14, 33]])

FORMS: list[Form] = [LowRank(Shape()), AllWeights(), WeightDecomposed(Shape()), Prefixes(6)]


def logits(base: Base, tokens: Any = TOKENS) -> Any:
    return base.model(tokens)


class TestPersons:
    def test_are_the_same_for_the_same_seed_and_share_nothing_otherwise(self) -> None:
        assert person(60, 1) == person(60, 1)
        titles = [
            {s.document.title for s in person(60, n).documents if s.document.kind == "contact"}
            for n in (1, 2)
        ]
        assert not titles[0] & titles[1]

    @pytest.mark.parametrize("facts", [25, 150])
    def test_have_as_many_facts_as_asked_for(self, facts: int) -> None:
        whose = person(facts, 3)
        dataset = assemble("person", whose.documents, StudySettings(), (), whose.owner)
        assert len(dataset.facts) == pytest.approx(facts, abs=1)
        kinds = {probe.kind for probe in dataset.probes}
        assert kinds >= {Kind.RECALL, Kind.PARAPHRASE, Kind.REVERSE, Kind.MULTI_HOP, Kind.ABSTAIN}

    def test_change_in_so_many_documents_and_keep_the_others(self) -> None:
        before = person(150, 1)
        after = changed(before, 0.1, 1)
        newer = [b for a, b in zip(before.documents, after.documents, strict=True) if a != b]
        assert len(newer) == round(0.1 * len(before.documents))
        assert all(source.version == 2 for source in newer)


class TestForms:
    @pytest.mark.parametrize("form", FORMS[:3])
    def test_a_fresh_one_changes_nothing(self, llama: Base, form: Form) -> None:
        before = logits(llama)
        with form.attached(llama.model, form.fresh(llama.model, 1)):
            assert mx.allclose(before, logits(llama), atol=1e-4)

    def test_a_fresh_prefix_reads_like_the_tokens_that_it_comes_from(self, llama: Base) -> None:
        form = Prefixes(6)
        tokens = mx.random.randint(
            0, llama.model.model.embed_tokens.weight.shape[0], (1, 6), key=mx.random.key(4)
        )
        whole = logits(llama, mx.concatenate([tokens, TOKENS], axis=1))[:, 6:]
        with form.attached(llama.model, form.fresh(llama.model, 4)):
            assert mx.allclose(whole, logits(llama), atol=1e-4)

    @pytest.mark.parametrize("form", FORMS)
    def test_learns_in_the_trainers_loop_and_leaves_the_base_as_it_was(
        self, lfm2: Base, form: Form
    ) -> None:
        before = logits(lfm2)
        rows = [lfm2.chat.row(asked(f"Who is number {n}?"), "Anna") for n in range(4)]
        loop = LoopSettings(Shape(), 1e-2, steps=30, rows_per_step=4, probe_every=15)
        losses = [
            p.loss
            for p in Trainer(lfm2, rows, loop, 1, form=form, probing=lambda: (0.0, False, {}))
            .run()
            .history
        ]
        assert losses[1] < losses[0]
        assert mx.array_equal(before, logits(lfm2))


def run(arm: str, value: float) -> Run:
    shares = {
        name: Share(round(100 * value), 100)
        for name in ("recall", "paraphrase", "multi_hop", "locality", "retention", "abstain")
    }
    return Run(150, 1, 1, arm, 0.0, "abc", Result(shares, 10, 20, 3.5, 12.0, 0.8))


class TestRuns:
    def test_come_back_as_they_were_written(self, tmp_path: Path) -> None:
        file = tmp_path / "runs.jsonl"
        runs = [run("none", 0.0), run("ours", 0.99)]
        for one in runs:
            append(file, one)
        assert read_runs(file) == runs

    def test_a_line_that_was_cut_off_is_no_run_and_stops_nothing(self, tmp_path: Path) -> None:
        file = tmp_path / "runs.jsonl"
        append(file, run("none", 0.0))
        with file.open("a") as end:
            end.write('{"facts": 150, "per')
        append(file, run("ours", 1.0))
        assert [one.arm for one in read_runs(file)] == ["none", "ours"]


class TestReport:
    def test_shows_means_in_the_order_of_the_arms(self) -> None:
        rows = list(
            comparison([run("ours", 1.0), run("none", 0.0), replace(run("ours", 0.5), seed=2)], 150)
        )
        titles = [row.split(" | ")[0] for row in rows[2:] if row]
        assert titles == ["| no memory", "| ours"]
        assert "| 0.750 |" in rows[3]

    def test_says_which_goals_were_missed(self) -> None:
        rows = {row.split(" | ")[2]: row for row in list(goals([run("ours", 0.97)]))[2:]}
        assert rows["generalisation"].endswith("| yes |")
        assert rows["edit success"].endswith("| **no** |")

    def test_fills_its_own_marks_only(self) -> None:
        text = "a\n<!-- begin 150 -->\nold\n<!-- end 150 -->\nb\n"
        assert between(text, "150", "new") == "a\n<!-- begin 150 -->\nnew\n<!-- end 150 -->\nb\n"
        assert between(text, "goals", "new") == text


def test_what_was_learnt_is_kept_and_not_learnt_again(lfm2: Base, tmp_path: Path) -> None:
    trial = Trial.of(lfm2, person(30, 1), 1, TrainingSettings(), tmp_path)
    first, again = learn(OURS, trial, 2), learn(OURS, trial, 50)
    assert first.steps == again.steps == 2
    assert all(mx.array_equal(again.tensors[name], value) for name, value in first.tensors.items())
