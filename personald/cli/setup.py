"""`personald init`: home, keys, base model, first sources, sync folder."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import click

from personald.cli.frame import Frame, common
from personald.config import Home, change_settings
from personald.errors import UsageError
from personald.keys import RecoveryCode

HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+\Z")

# Which groups of the recovery code are asked back: enough to show that it was written down, quick to type.
GROUPS_ASKED = (2, 4)


@click.command("init")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    help="Keep the keys in this file, not in the keychain.",
)
@click.option(
    "--passphrase", is_flag=True, help="Close the key file with a passphrase (asked for)."
)
@click.option(
    "--base",
    default="",
    help="Base model: a folder, or a model's name on a hub. Default: the pocket base.",
)
@click.option(
    "--sync-folder", type=click.Path(path_type=Path), help="A folder that your devices share."
)
@click.option("--device-name", default="", help="What your other devices call this one.")
@click.option(
    "--source",
    "sources",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A place to watch; may be repeated.",
)
@common
def init(
    frame: Frame,
    key_file: Path | None,
    passphrase: bool,
    base: str,
    sync_folder: Path | None,
    device_name: str,
    sources: tuple[Path, ...],
) -> None:
    """Make the home, the keys and the first sources."""
    home = frame.home
    if home.exists:
        raise UsageError(
            f"There is a home at {home.path} already.", "Use it, or name another with --home."
        )
    base = base or _ask(frame, "Base model (a folder or a hub name; empty: the pocket base)", "")
    check_base(base)
    folder = sync_folder or _ask_path(frame, "Folder that your devices share (empty: none)")
    for place in (*sources, *([folder] if folder else [])):
        if not place.expanduser().exists():
            raise UsageError(f"{place} does not exist.", "Create it, or name another.")
    code = make_home(home, key_file, passphrase=passphrase)
    change_settings(
        home,
        {
            "base": {"reference": _settled(base)},
            "sync": {
                "folder": str(folder.expanduser().absolute()) if folder else "",
                "name": device_name,
            },
        },
    )
    added = _add_sources(frame, sources)
    result = {"home": str(home.path), "recovery_code": code.text, "sources": added}
    frame.show(result, lambda: _tell(frame, home, code))


def make_home(home: Home, key_file: Path | None, *, passphrase: bool = False) -> RecoveryCode:
    """Make the folders, the keys and an empty store; what was begun is taken back when a step fails.

    Args:
        home: where.
        key_file: keep the keys in this file; None means the system keychain.
        passphrase: close the key file with a passphrase that is asked for.

    Returns:
        The recovery code, to be shown once.
    """
    from personald.keys import create_keys
    from personald.store import Store

    if passphrase and key_file is None:
        raise UsageError("--passphrase closes a key file.", "Name one with --key-file.")
    fresh = not home.path.exists()
    home.make()
    try:
        keys, code = create_keys(
            home.path,
            key_file=key_file.expanduser().absolute() if key_file else None,
            passphrase=_new_passphrase if passphrase else None,
        )
        Store.create(home.store, keys).close()
    except BaseException:
        if fresh:
            _take_back(home)
        raise
    return code


def check_base(reference: str) -> None:
    """Refuse a base model that cannot be one, before anything is made.

    Raises:
        UsageError: neither empty, nor a folder with a model in it, nor a name of the form owner/name.
    """
    if not reference:
        return
    folder = Path(reference).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file() or not list(folder.glob("*.safetensors")):
            raise UsageError(
                f"{folder} holds no model in mlx-lm's layout.",
                "It needs config.json, *.safetensors and a tokenizer; mlx_lm.convert makes one.",
            )
    elif HUB_NAME.match(reference) is None or reference.startswith((".", "/")):
        raise UsageError(
            f"{reference} is neither a folder nor the name of a model.",
            "Name a folder, or a model like Qwen/Qwen3-0.6B.",
        )


def _settled(base: str) -> str:
    """The base as it is written down: a folder by its absolute path, anything else as it is."""
    if not base or not Path(base).expanduser().is_dir():
        return base
    return str(Path(base).expanduser().absolute())


def _new_passphrase() -> str:
    chosen = click.prompt(
        "Passphrase for the key file", hide_input=True, confirmation_prompt=True, err=True
    )
    return str(chosen)


def _take_back(home: Home) -> None:
    """Remove the folders that were just made, as far as they are empty or ours."""
    for path in (home.store, home.path / "keys.json"):
        path.unlink(missing_ok=True)
    for folder in (
        home.adapters,
        home.cache,
        home.sync,
        home.logs,
        home.run,
        home.reports,
        home.path,
    ):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _add_sources(frame: Frame, sources: tuple[Path, ...]) -> list[dict[str, Any]]:
    from personald.cli.source import add_source

    added = [add_source(frame, place, None, None) for place in sources]
    return [item for item in added if item is not None]


def _ask(frame: Frame, question: str, default: str) -> str:
    if frame.yes or frame.as_json or not sys.stdin.isatty():
        return default
    return str(click.prompt(question, default=default, show_default=False))


def _ask_path(frame: Frame, question: str) -> Path | None:
    answer = _ask(frame, question, "")
    return Path(answer) if answer else None


def _tell(frame: Frame, home: Home, code: RecoveryCode) -> None:
    click.echo(f"Home: {home.path}")
    click.echo("Recovery code, shown only now; write it on paper:\n")
    click.echo(f"    {code.text}\n")
    click.echo("It opens backups when this machine is gone. Nobody can restore it for you.")
    if not frame.yes and sys.stdin.isatty():
        while True:
            answers = [
                (number, str(click.prompt(f"Type its group {number}"))) for number in GROUPS_ASKED
            ]
            if code.confirms(answers):
                break
            click.echo("That is not what it says; look again.")
    click.echo("Next: personald source add PATH, then personald run (or personald train).")
