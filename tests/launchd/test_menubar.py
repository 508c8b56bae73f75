"""The plugin lands where SwiftBar and xbar look, runs the right program, and goes without a trace."""

from __future__ import annotations

import subprocess
from pathlib import Path

from launchd import menubar
from launchd.service import Service
from personald.commands import NOT_FOUND, Output


def test_the_plugin_calls_the_program_with_odd_paths(tmp_path: Path) -> None:
    program = tmp_path / "it's a $venv" / "personald"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$# $1 $2"\n')
    program.chmod(0o755)
    text = menubar.render(Service(program, (), tmp_path), ("status", "--menubar"))
    (file,) = menubar.install(text, (tmp_path,))
    done = subprocess.run([file], capture_output=True, text=True, check=True)
    assert done.stdout == "2 status --menubar\n"
    assert "<xbar.title>" in text
    assert "<swiftbar.refreshOnOpen>" in text


def test_swiftbars_folder_is_the_one_the_person_chose(tmp_path: Path) -> None:
    chosen = tmp_path / "My Plugins"
    chosen.mkdir()
    folders = menubar.plugin_folders(tmp_path, lambda _: Output(0, f"{chosen}\n".encode(), b""))
    assert folders == (chosen,)


def test_where_neither_is_there_nothing_is_installed(tmp_path: Path) -> None:
    assert menubar.plugin_folders(tmp_path, lambda _: Output(NOT_FOUND, b"", b"")) == ()


def test_xbar_has_its_fixed_place_and_uninstalling_empties_it(tmp_path: Path) -> None:
    place = tmp_path / menubar.XBAR_FOLDER
    place.mkdir(parents=True)
    folders = menubar.plugin_folders(tmp_path, lambda _: Output(1, b"", b""))
    assert menubar.install("#!/bin/sh\n", folders) == (place / menubar.PLUGIN,)
    assert menubar.uninstall(folders) == (place / menubar.PLUGIN,)
    assert menubar.uninstall(folders) == ()
    assert list(place.iterdir()) == []
