"""`personald doctor`: what works here and what does not, one line each, with the way to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from personald.cli.frame import Frame, common

if TYPE_CHECKING:
    from personald.doctor import Finding

MARKS = {True: "ok", False: "not ok", None: "–"}


@click.command("doctor")
@click.option("--deep", is_flag=True, help="Verify every row of the store.")
@click.option(
    "--mend", is_flag=True, help="Set damaged rows aside, and read them again from their sources."
)
@common
def doctor(frame: Frame, deep: bool, mend: bool) -> None:
    """What works here and what does not, and the way to mend it."""
    from personald.doctor import examine

    mended = _mend(frame) if mend else {}
    findings = examine(frame.home, deep=deep or mend)
    good = all(item.works is not False for item in findings)
    frame.show(
        {
            "ok": good,
            **mended,
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
        lambda: _render(mended, findings),
    )
    if not good:
        raise click.exceptions.Exit(1)


def _mend(frame: Frame) -> dict[str, Any]:
    """Set aside what is damaged in the store, and read all sources again where anything was."""
    from personald.assembly import Owner
    from personald.cli.source import scan_sources

    with Owner(frame.home, frame.settings) as owner, owner.vault() as vault:
        damaged = list(vault.verify(deep=True))
        set_aside = vault.mend(damaged)
    return {"set_aside": set_aside, "read_again": scan_sources(frame) if damaged else {}}


def _render(mended: dict[str, Any], findings: list[Finding]) -> None:
    if mended:
        again = mended["read_again"]
        came_back = again.get("new", 0) + again.get("changed", 0)
        click.echo(
            f"{mended['set_aside']} documents set aside, {came_back} read again from their sources"
        )
        for place in again.get("unreachable", ()):
            click.echo(f"not reached: {place}")
    for item in findings:
        colour = {True: "green", False: "red", None: "yellow"}[item.works]
        mark = click.style(f"{MARKS[item.works]:<8}", fg=colour)
        click.echo(f"{mark} {item.name}: {item.detail}")
        if item.remedy and item.works is not True:
            click.echo(f"         → {item.remedy}")
