"""The house holds: rooms know only what they may, and what a room is, its docstring says."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("personald", "extractors", "training", "sync", "launchd")
MODULES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def test_the_arrows_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run(
        [*command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_tells_its_story(module: Path) -> None:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), f"{module} has no docstring"


@pytest.mark.parametrize("room", ["personald", "extractors", "sync", "launchd"])
def test_only_training_and_serving_know_mlx(room: str) -> None:
    allowed = ROOT / "personald" / "serve"
    for module in (ROOT / room).rglob("*.py"):
        if module.is_relative_to(allowed):
            continue
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            assert not any(name.split(".")[0] in ("mlx", "mlx_lm") for name in names), module


def test_only_the_seam_and_our_own_workers_start_processes() -> None:
    """`personald.commands` runs other programs; the listed modules start workers of our own."""
    own_workers = {
        "personald/commands.py",
        "extractors/process.py",
        "personald/trainer.py",
        "personald/demo/devices.py",
    }
    for module in MODULES:
        if str(module.relative_to(ROOT)) in own_workers:
            continue
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert "subprocess" not in [alias.name for alias in node.names], module
            if isinstance(node, ast.ImportFrom):
                assert node.module != "subprocess", module
