"""`personald sync` and `personald device`: the shared folder and the devices around it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import click

from personald.cli.frame import Frame, common
from personald.cli.output import table

if TYPE_CHECKING:
    from personald.assembly import Owner
    from sync.engine import Engine

# How long `device accept` and an interactive `device pair` look for the other side before they leave it to `sync now`.
ACCEPT_WAIT_SECONDS = 3.0
PAIR_WAIT_SECONDS = 600.0
LOOK_SECONDS = 0.5


@click.group("sync")
def sync() -> None:
    """The shared folder: status, now."""


@sync.command("status")
@common
def status(frame: Frame) -> None:
    """What the shared folder holds and what this device has seen of it."""
    with _owner(frame) as owner:
        result = sync_status(owner)
    frame.show(result, lambda: _render_status(result))


@sync.command("now")
@common
def now(frame: Frame) -> None:
    """Take in what the others offer, and offer what serves here."""
    from personald import exchange

    with _owner(frame) as owner:
        engine = owner.sync_engine()
        pairing = engine.advance_pairing()
        engine.found_group()
        arrivals, problems = exchange.pull(engine, owner.registry(), owner.base)
        published = exchange.push(engine, owner.registry())
    result = {
        "published": published,
        "received": [
            {
                "domain": item.domain,
                "device": item.device,
                "outcome": item.outcome,
                "reason": item.reason,
                "version": item.version,
            }
            for item in arrivals
        ],
        "pairing": pairing.step.value if pairing else None,
        "problems": list(problems),
    }

    def render() -> None:
        click.echo("Published." if published else "Nothing new to publish.")
        for item in arrivals:
            click.echo(f"{item.domain} from {item.device}: {item.outcome} ({item.reason})")
        for line in problems:
            click.echo(f"Problem: {line}")

    frame.show(result, render)


@click.group("device")
def device() -> None:
    """Your devices: list, pair, accept, revoke."""


@device.command("list")
@common
def list_devices(frame: Frame) -> None:
    """Everyone who ever belonged."""
    with _owner(frame) as owner:
        engine = owner.sync_engine()
        rows = _devices(engine) if engine.enrolled else []
    frame.show(
        {"devices": rows},
        lambda: table(
            ("id", "name", "this one", "enrolled", "offers"),
            [
                (row["id"][:8], row["name"], row["own"], row["active"], ", ".join(row["offers"]))
                for row in rows
            ],
        ),
    )


@device.command("pair")
@common
def pair(frame: Frame) -> None:
    """Show a code that lets one new device in, for ten minutes.

    With --json or --yes it returns at once, and whoever types the code is let in at the next `sync now`; otherwise it
    waits and has the digits on both screens compared.
    """
    from sync.joining import Step

    at_once = frame.as_json or frame.yes or not sys.stdin.isatty()
    with _owner(frame) as owner:
        engine = owner.sync_engine()
        code = engine.invite(trust_code=at_once)
        result = {"code": code, "expires_in_seconds": 600}
        if at_once:
            frame.show(result, lambda: click.echo(f"Code: {code}"))
            return
        click.echo(f"Type this on the new device: personald device accept {code}")
        deadline = time.monotonic() + PAIR_WAIT_SECONDS
        while time.monotonic() < deadline:
            pairing = engine.advance_pairing()
            if pairing is None or pairing.step is Step.EXPIRED:
                click.echo("The code has expired; nobody was let in.")
                return
            if pairing.step is Step.DONE:
                click.echo(
                    "The new device is enrolled. Run `personald sync now` to offer it your adapters."
                )
                return
            if pairing.step is Step.COMPARE:
                if not click.confirm(f"Does the new device show {pairing.digits}?"):
                    click.echo("Nobody was let in.")
                    return
                engine.confirm_pairing()
                continue
            time.sleep(LOOK_SECONDS)


@device.command("accept")
@click.argument("code")
@common
def accept(frame: Frame, code: str) -> None:
    """Join the devices that showed this code."""
    from sync.joining import Pairing, Step

    with _owner(frame) as owner:
        engine = owner.sync_engine()
        pairing: Pairing | None = engine.accept(code)
        assert pairing is not None
        digits = pairing.digits
        frame.say(f"The other device shows these digits: {digits}")
        deadline = time.monotonic() + ACCEPT_WAIT_SECONDS
        while pairing is not None and pairing.step is Step.WAITING and time.monotonic() < deadline:
            time.sleep(LOOK_SECONDS)
            pairing = engine.advance_pairing()
    step = pairing.step.value if pairing else Step.EXPIRED.value
    frame.show(
        {"state": step, "digits": digits},
        lambda: click.echo(
            "Enrolled."
            if step == Step.DONE.value
            else "Waiting for the other device; `personald sync now` there, then here, completes it."
        ),
    )


@device.command("revoke")
@click.argument("which", metavar="DEVICE")
@common
def revoke(frame: Frame, which: str) -> None:
    """Put a device out: nothing published from now on is sealed for it."""
    from personald import exchange

    with _owner(frame) as owner:
        engine = owner.sync_engine()
        gone = engine.revoke(which)
        exchange.push(engine, owner.registry())
    frame.show(
        {"revoked": gone},
        lambda: click.echo(
            f"{gone[:8]} is out. What it has already read stays readable to it; if it was unlocked when it was lost, "
            "change what must not be known."
        ),
    )


def sync_status(owner: Owner) -> dict[str, Any]:
    """The JSON object of `sync status`, and the "sync" part of others."""
    engine = owner.sync_engine()
    listing = engine.member.folder.listing()
    return {
        "folder": str(engine.member.folder.path),
        "enrolled": engine.enrolled,
        "device": {"id": engine.member.device_id, "name": engine.member.device_name},
        "devices": _devices(engine) if engine.enrolled else [],
        "objects": len(listing.names["o"]),
        "ignored_files": listing.ignored,
        "in_cloud": listing.in_cloud,
    }


def _devices(engine: Engine) -> list[dict[str, Any]]:
    return [
        {
            "id": row.device_id,
            "name": row.name,
            "own": row.own,
            "active": row.active,
            "last_sequence": row.last_sequence,
            "offers": list(row.offers),
        }
        for row in engine.devices()
    ]


def _render_status(result: dict[str, Any]) -> None:
    click.echo(f"Folder: {result['folder']}")
    if not result["enrolled"]:
        click.echo("This device is not paired with any other yet: see `personald device pair`.")
    table(
        ("device", "name", "enrolled", "offers"),
        [
            (row["id"][:8], row["name"], row["active"], ", ".join(row["offers"]))
            for row in result["devices"]
        ],
    )


def _owner(frame: Frame) -> Owner:
    from personald.assembly import Owner

    return Owner(frame.home, frame.settings)
