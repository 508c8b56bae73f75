"""`personald adapters`: versions, their lineage and numbers; promote, roll back, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from personald.cli.frame import Frame, common
from personald.cli.output import table

if TYPE_CHECKING:
    from training.registry import AdapterVersion


@click.group("adapters")
def adapters() -> None:
    """Adapter versions: list, show, promote, roll back, export."""


@adapters.command("list")
@common
def list_adapters(frame: Frame) -> None:
    """Every version there ever was, with its state."""
    from personald.assembly import Owner

    with Owner(frame.home, frame.settings) as owner:
        rows = [describe(version) for version in owner.registry().versions()]
    frame.show(
        {"adapters": rows},
        lambda: table(
            ("version", "id", "state", "facts", "trained", "MB"),
            [
                (
                    row["version"],
                    row["id"][:12],
                    row["state"],
                    row["facts"],
                    row["created_at"][:16],
                    f"{row['bytes'] / 1e6:.1f}",
                )
                for row in rows
            ],
        ),
    )


@adapters.command("show")
@click.argument("version")
@common
def show(frame: Frame, version: str) -> None:
    """One version: lineage, dataset, hyper-parameters, every number of its verdict."""
    from personald.assembly import Owner

    with Owner(frame.home, frame.settings) as owner:
        registry = owner.registry()
        found = registry.get(version)
        result = describe(found) | {
            "parent": found.card.parent,
            "root": found.card.root,
            "base": found.card.base_fingerprint,
            "rank": found.card.shape.rank,
            "scale": found.card.shape.scale,
            "metrics": found.card.metrics,
            "verdict": found.card.verdict,
            "hyperparameters": found.card.hyperparameters,
            "documents": len(found.card.documents),
            "history": [
                {"at": step.at.isoformat(), "state": str(step.state), "reason": step.reason}
                for step in found.history
            ],
        }
    frame.show(result, lambda: _render(result))


@adapters.command("promote")
@click.argument("version")
@common
def promote(frame: Frame, version: str) -> None:
    """Let a version serve in place of the one that serves now."""
    from personald.assembly import Owner

    with Owner(frame.home, frame.settings) as owner:
        found = owner.registry().promote(version, "promoted by hand")
    frame.show(describe(found), lambda: click.echo(f"{found.name} serves now."))


@adapters.command("rollback")
@click.argument("domain")
@common
def rollback(frame: Frame, domain: str) -> None:
    """Take back what serves in a domain; what served before it serves again."""
    from personald.assembly import Owner

    with Owner(frame.home, frame.settings) as owner:
        found = owner.registry().rollback(domain, "rolled back by hand")
    result = {"domain": domain, "active": describe(found) if found else None}
    frame.show(
        result,
        lambda: click.echo(
            f"{found.name} serves again." if found else f"Only the base is left in {domain}."
        ),
    )


@adapters.command("export")
@click.argument("version")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option(
    "--format", "layout", type=click.Choice(["mlx", "peft"]), default="mlx", help="Layout."
)
@common
def export(frame: Frame, version: str, folder: Path, layout: str) -> None:
    """Write a version in the clear, in a layout that other programs load."""
    from personald.assembly import Owner
    from training.serving import export as write

    if not frame.confirm(
        "An adapter holds what it was trained on. Write it to that folder, readable to whoever has it?"
    ):
        frame.say("Nothing was written.")
        return
    with Owner(frame.home, frame.settings) as owner:
        reference = frame.settings.base.reference
        written = write(owner.registry(), version, folder, layout, reference)
    frame.show(
        {"folder": str(folder), "format": layout, "files": [path.name for path in written]},
        lambda: click.echo(f"Wrote {folder}."),
    )


def describe(version: AdapterVersion) -> dict[str, Any]:
    """A version as it is listed."""
    return {
        "id": version.id,
        "version": version.name,
        "domain": version.domain,
        "state": str(version.state),
        "facts": version.card.facts,
        "rows": version.card.rows,
        "created_at": version.card.created_at.isoformat(),
        "bytes": version.bytes,
    }


def _render(result: dict[str, Any]) -> None:
    plain = [
        (key, value)
        for key, value in result.items()
        if key not in ("metrics", "verdict", "hyperparameters", "history")
    ]
    table(("", ""), plain)
    for gate in (result["verdict"] or {}).get("gates", ()):
        mark = "passed" if gate["passed"] else "missed"
        click.echo(f"  {gate['name']}: {gate['value']} (at least {gate['bound']}), {mark}")
    for step in result["history"]:
        click.echo(f"  {step['at'][:16]} {step['state']}: {step['reason']}")
