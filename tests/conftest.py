"""What every test shares: a home of its own, and no way to the person's real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import languages


@pytest.fixture(autouse=True)
def throw_away_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point PERSONALD_HOME into the test's own folder, and keep model hubs and keychains out of reach."""
    home = tmp_path / "personald-home"
    monkeypatch.setenv("PERSONALD_HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return home


@pytest.fixture(scope="session")
def cache() -> Path:
    """Where extractor processes find the model of languages."""
    return languages.unpacked()
