"""`personald demo`: the whole story on a made-up person's files, in a throw-away home."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from personald.cli.frame import Frame, common
from personald.cli.output import table

if TYPE_CHECKING:
    from personald.demo.story import Measured


@click.command("demo")
@click.option(
    "--picture",
    type=click.Path(path_type=Path),
    default=Path("personald-demo.png"),
    help="Where the picture goes.",
)
@click.option("--keep", is_flag=True, help="Keep the throw-away homes.")
@common
def demo(frame: Frame, picture: Path, keep: bool) -> None:
    """Watch, extract, train, gate, sync to a second device, ask there; measured."""
    from personald.demo.story import Story

    folder = Path(tempfile.mkdtemp(prefix="personald-demo-"))
    try:
        measured = Story(folder, picture.absolute(), frame.say).tell()
    finally:
        if keep:
            frame.say(f"\nKept: {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    result = {
        "files": measured.files,
        "documents": measured.documents,
        "measured": measured.rows,
        "answers": [
            {"question": question, "first": first, "second": second}
            for question, (first, second) in measured.answers.items()
        ],
        "seconds": measured.seconds,
        "failures": measured.failures,
        "picture": str(picture.absolute()),
    }
    frame.show(result, lambda: _render(measured, picture))
    if measured.failures:
        raise click.exceptions.Exit(4)


def _render(measured: Measured, picture: Path) -> None:
    click.echo()
    table(("measured", ""), measured.rows.items())
    table(("step", "seconds"), [(name, f"{value:.0f}") for name, value in measured.seconds.items()])
    click.echo(f"Picture: {picture.absolute()}")
    for line in measured.failures:
        click.echo(f"Missed a gate: {line}")
