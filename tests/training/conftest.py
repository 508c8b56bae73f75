from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.tiny import write_base
from training.base import Base, load_base


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("bases") / "llama", "llama")


@pytest.fixture(scope="session")
def lfm2_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_base(tmp_path_factory.mktemp("bases") / "lfm2", "lfm2")


@pytest.fixture(scope="session")
def llama(llama_folder: Path) -> Base:
    return load_base(llama_folder)


@pytest.fixture(scope="session")
def lfm2(lfm2_folder: Path) -> Base:
    return load_base(lfm2_folder)
