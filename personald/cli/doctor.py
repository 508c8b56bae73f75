"""`personald doctor`: what works here and what does not, one line each, with the way to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from personald.cli.frame import Frame, common

if TYPE_CHECKING:
    from personald.doctor import Finding

MARKS = {True: "ok", False: "not ok", None: "–"}


@click.command("doctor")
@click.option("--deep", is_flag=True, help="Verify every row of the store.")
@common
def doctor(frame: Frame, deep: bool) -> None:
    """What works here and what does not, and the way to mend it."""
    from personald.doctor import examine

    findings = examine(frame.home, deep=deep)
    good = all(item.works is not False for item in findings)
    frame.show(
        {
            "ok": good,
            "findings": [
                {
                    "name": item.name,
                    "works": item.works,
                    "detail": item.detail,
                    "remedy": item.remedy,
                }
                for item in findings
            ],
        },
        lambda: _render(findings),
    )
    if not good:
        raise click.exceptions.Exit(1)


def _render(findings: list[Finding]) -> None:
    for item in findings:
        colour = {True: "green", False: "red", None: "yellow"}[item.works]
        mark = click.style(f"{MARKS[item.works]:<8}", fg=colour)
        click.echo(f"{mark} {item.name}: {item.detail}")
        if item.remedy and item.works is not True:
            click.echo(f"         → {item.remedy}")
