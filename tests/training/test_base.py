"""Bases load through mlx-lm, are known by their fingerprint, and are refused with one clear line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.training.tiny import write_base
from training.base import Base, BaseUnusable, fingerprint, load_base, pocket_folder
from training.material import Message, asked


def test_a_folder_loads(llama: Base) -> None:
    assert not llama.is_pocket
    row = llama.chat.row(asked("Who is my dentist?"), "Dr Weiss")
    assert row.tokens[-1] == llama.chat.end
    assert llama.chat.text(row.tokens[row.start : -1]) == "Dr Weiss"


def test_a_conversation_is_rendered_in_the_bases_own_form(llama: Base) -> None:
    tokens = llama.chat.prompt([Message("system", "Be brief."), Message("user", "Who?")])
    assert llama.tokenizer.decode(list(tokens)) == (
        "<|system|>Be brief.<|end|><|user|>Who?<|end|><|assistant|>"
    )


@pytest.mark.parametrize("name", ["model.safetensors", "config.json", "tokenizer.json"])
def test_the_fingerprint_follows_every_file_that_counts(
    llama_folder: Path, tmp_path: Path, name: str
) -> None:
    copy = tmp_path / "base"
    shutil.copytree(llama_folder, copy)
    assert fingerprint(copy) == fingerprint(llama_folder)
    (copy / "README.md").write_text("hello")
    assert fingerprint(copy) == fingerprint(llama_folder)
    (copy / name).write_bytes((copy / name).read_bytes() + b" ")
    assert fingerprint(copy) != fingerprint(llama_folder)


@pytest.mark.parametrize("key", ["model_file", "auto_map"])
def test_a_model_with_code_of_its_own_is_refused(tmp_path: Path, key: str) -> None:
    folder = write_base(tmp_path / "base", "llama")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, key: "evil.py"}))
    (folder / "evil.py").write_text("raise SystemExit('ran')")
    with pytest.raises(BaseUnusable, match="code of its own"):
        load_base(folder)


def test_missing_damaged_or_foreign_files_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(BaseUnusable, match="there is no folder"):
        load_base(tmp_path / "nowhere")
    folder = write_base(tmp_path / "base", "llama")
    weights = folder / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BaseUnusable, match="does not load"):
        load_base(folder)
    weights.unlink()
    with pytest.raises(BaseUnusable, match="does not load"):
        load_base(folder)
    (folder / "config.json").write_text("[")
    with pytest.raises(BaseUnusable, match="cannot be read"):
        load_base(folder)


def test_a_tokenizer_that_is_too_large_is_refused(tmp_path: Path) -> None:
    folder = write_base(tmp_path / "base", "llama")
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    tokenizer["added_tokens"].append(
        {**tokenizer["added_tokens"][0], "id": 900, "content": "<|more|>"}
    )
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(BaseUnusable, match="entries"):
        load_base(folder)


def test_a_hub_name_is_not_looked_up_when_the_hub_is_off(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(BaseUnusable, match="cannot be reached"):
        load_base("nobody/nothing-at-all")


def test_the_pocket_base_lies_in_the_package() -> None:
    assert pocket_folder().parent.name == "pocket"
