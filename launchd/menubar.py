"""The menu-bar plugin: a small script that SwiftBar or xbar runs, installed where those keep theirs.

SwiftBar's folder is the person's choice and stands in its preferences; xbar's is fixed. Neither being there is no
fault: then nothing is installed.
"""

from __future__ import annotations

import importlib.resources
import shlex
import string
from collections.abc import Callable
from pathlib import Path

from launchd.service import Service
from personald.commands import Output, run

PLUGIN = "personald.30s.sh"
XBAR_FOLDER = Path("Library/Application Support/xbar/plugins")
_PREFERENCE = ["defaults", "read", "com.ameba.SwiftBar", "PluginDirectory"]


def render(service: Service, arguments: tuple[str, ...]) -> str:
    """The plugin's text.

    Args:
        service: whose program is called.
        arguments: what it is called with, such as `status --menubar`.
    """
    template = importlib.resources.files("launchd").joinpath(f"templates/{PLUGIN}")
    command = shlex.join((str(service.program), *arguments))
    return string.Template(template.read_text("utf-8")).substitute(command=command)


def plugin_folders(person: Path, command: Callable[[list[str]], Output] = run) -> tuple[Path, ...]:
    """Where SwiftBar and xbar look for plugins on this machine, those that are there."""
    found = []
    answer = command(_PREFERENCE)
    if answer.ok and answer.stdout.strip():
        found.append(Path(answer.stdout.decode("utf-8", "replace").strip()).expanduser())
    found.append(person / XBAR_FOLDER)
    return tuple(folder for folder in found if folder.is_dir())


def install(text: str, folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Put the plugin into each folder; returns the files."""
    written = []
    for folder in folders:
        file = folder / PLUGIN
        file.write_text(text, "utf-8")
        file.chmod(0o755)
        written.append(file)
    return tuple(written)


def uninstall(folders: tuple[Path, ...]) -> tuple[Path, ...]:
    """Take the plugin out of each folder; returns the files that were there."""
    removed = []
    for folder in folders:
        file = folder / PLUGIN
        if file.exists():
            file.unlink()
            removed.append(file)
    return tuple(removed)
