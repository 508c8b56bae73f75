"""What every test shares: a home of its own, and no way to the person's real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from extractors import language_model


@pytest.fixture(autouse=True)
def throw_away_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point PERSONALD_HOME into the test's own folder, and keep model hubs and keychains out of reach."""
    home = tmp_path / "personald-home"
    monkeypatch.setenv("PERSONALD_HOME", str(home))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    return home


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where extractor processes find the model of languages, unpacked once for all tests."""
    folder = tmp_path_factory.mktemp("cache")
    assert language_model.prepare(folder)
    return folder
