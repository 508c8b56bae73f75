"""How results look: tables and colour on a terminal, plain lines in a pipe."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import click


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings; in a pipe one tab-separated line each, without headings."""
    lines = [[_cell(value) for value in row] for row in rows]
    if not sys.stdout.isatty():
        for row in lines:
            click.echo("\t".join(row))
        return
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        drawn.add_column(column, overflow="fold")
    for row in lines:
        drawn.add_row(*[_escape(cell) for cell in row])
    Console().print(drawn)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    return " ".join(str(value).split())


def _escape(text: str) -> str:
    from rich.markup import escape

    return escape(text)


class Meter(Protocol):
    """Shows how far a long step is."""

    def __call__(self, done: int, total: int, note: str = "") -> None:
        """Move to `done` of `total` (0: unknown)."""


@contextmanager
def progress(label: str, *, silent: bool = False) -> Iterator[Meter]:
    """A progress bar with time left on a terminal; a line every tenth part in a pipe; nothing when silent.

    Args:
        label: what is being done.
        silent: when JSON was asked for.
    """
    if silent:
        yield lambda done, total, note="": None
        return
    if not sys.stderr.isatty():
        yield _lines(label)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None, note="")

        def show(done: int, total: int, note: str = "") -> None:
            bar.update(task, completed=done, total=total or None, note=note)

        yield show


def _lines(label: str) -> Meter:
    shown = -1

    def show(done: int, total: int, note: str = "") -> None:
        nonlocal shown
        tenth = 10 * done // total if total else -1
        if tenth > shown:
            shown = tenth
            click.echo(f"{label}: {done} of {total} {note}".rstrip(), err=True)

    return show
