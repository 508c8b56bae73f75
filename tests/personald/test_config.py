"""Home and settings: one place, one table of defaults, and clear words when config.toml is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from personald.config import (
    ConfigurationError,
    Home,
    Settings,
    change_settings,
    find_home,
    load_settings,
)


def test_the_home_asked_for_wins_over_the_variable_over_the_platforms_place() -> None:
    environment = {"HOME": "/home/ada", "PERSONALD_HOME": "/data/personald"}
    assert find_home("/asked", environment, "linux").path == Path("/asked")
    assert find_home(None, environment, "linux").path == Path("/data/personald")
    del environment["PERSONALD_HOME"]
    assert find_home(None, environment, "linux").path == Path("/home/ada/.local/share/personald")
    expected = Path("/home/ada/Library/Application Support/personald")
    assert find_home(None, environment, "darwin").path == expected


def test_the_home_is_closed_to_others(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.make()
    for folder in (home.path, home.adapters, home.run, home.cache):
        assert folder.stat().st_mode & 0o077 == 0


def test_without_a_file_everything_has_its_default(tmp_path: Path) -> None:
    assert load_settings(Home(tmp_path)) == Settings()


def test_a_changed_value_is_read_back_and_comments_survive(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.config.write_text("# mine\n[watch]\nworkers = 1  # a small machine\n")
    change_settings(home, {"sync": {"folder": "/shared"}, "watch": {"rescan_hours": 1}})
    settings = load_settings(home)
    assert (settings.watch.workers, settings.watch.rescan_hours) == (1, 1.0)
    assert settings.sync.folder == "/shared"
    assert "# a small machine" in home.config.read_text()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[watch]\nworkers = 'two'\n", "whole number"),
        ("[watch]\nworkers = true\n", "whole number"),
        ("[watch]\nworker = 2\n", "worker"),
        ("[wotch]\n", "wotch"),
        ("watch = 3\n", "table"),
        ("[watch\n", "not valid TOML"),
        ("\x00", "not valid TOML"),
    ],
)
def test_a_wrong_file_is_one_clear_line(tmp_path: Path, text: str, word: str) -> None:
    home = Home(tmp_path)
    home.config.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(home)
    assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_wrong_change_writes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    change_settings(home, {"watch": {"workers": 3}})
    before = home.config.read_bytes()
    with pytest.raises(ConfigurationError):
        change_settings(home, {"watch": {"workers": "many"}})
    assert home.config.read_bytes() == before
