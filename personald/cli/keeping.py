"""`personald backup` and `restore`: keep it all, and bring it back."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from personald.cli.frame import Frame, common
from personald.errors import UsageError


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@common
def backup(frame: Frame, file: Path) -> None:
    """Write everything into one sealed file that opens with the recovery code."""
    from personald.assembly import Owner
    from personald.store.backup import backup as write

    with Owner(frame.home, frame.settings) as owner:
        report = write(frame.home.path, owner.keys(), file.expanduser().absolute())
    frame.show(
        {
            "file": str(file),
            "documents": report.documents,
            "files": report.files,
            "bytes": report.bytes,
        },
        lambda: click.echo(
            f"{file}: {report.documents} documents and {report.files} files, {report.bytes / 1e6:.1f} MB. "
            "It opens with the recovery code alone."
        ),
    )


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--code", default="", help="The recovery code; asked for when it is not given.")
@click.option("--key-file", type=click.Path(path_type=Path), help="Keep the keys in this file.")
@common
def restore(frame: Frame, file: Path, code: str, key_file: Path | None) -> None:
    """Bring a home back from a backup, with the recovery code."""
    from personald.keys import RecoveryCode
    from personald.store.backup import restore as bring_back

    if frame.home.exists:
        raise UsageError(
            f"There is a home at {frame.home.path} already.", "Name another with --home."
        )
    typed = code or _ask_for_code()
    report = bring_back(
        file.expanduser().absolute(),
        RecoveryCode.parse(typed),
        frame.home.path,
        key_file=key_file.expanduser().absolute() if key_file else None,
    )
    frame.home.make()
    frame.show(
        {"home": str(frame.home.path), "documents": report.documents, "files": report.files},
        lambda: click.echo(
            f"{frame.home.path}: {report.documents} documents and {report.files} files are back."
        ),
    )


def _ask_for_code() -> str:
    if not sys.stdin.isatty():
        raise UsageError("The recovery code is needed.", "Give it with --code.")
    return str(click.prompt("Recovery code", hide_input=True))
