"""Another version that is installed over a running daemon takes its place."""

from __future__ import annotations

import shutil
from pathlib import Path

from personald.config import Home
from tests.personald.running import obeying, program, running


def test_another_version_installed_over_it_makes_it_start_anew(home: Home) -> None:
    body = (
        "versions = ['1.0', '1.0', '1.1']\n"
        "hours = [0.0]\n"
        "daemon = Daemon(home, load_settings(home), installed=lambda: versions.pop(0),\n"
        "                monotonic=lambda: hours[0] * 3600 + time.monotonic())\n"
    ) + obeying("an hour later", "hours[0] += 1")
    with running(home, program=program(home, body)) as daemon:
        daemon.wait_until_read(12)
        daemon.call("an hour later")
        assert daemon.status()["pid"] == daemon.process.pid
        daemon.call("an hour later")
        assert daemon.finish() == 75


def test_after_an_upgrade_the_new_version_runs_in_the_same_process(
    home: Home, notes: Path, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    install(site, "1.0")
    with running(home, environment={"PYTHONPATH": str(site)}) as daemon:
        daemon.wait_until_read(12)
        assert daemon.status()["version"] == "1.0"
        install(site, "2.0")
        daemon.call("reload")
        status = daemon.wait_until(lambda status: status["version"] == "2.0")
        assert status["pid"] == daemon.process.pid
        (notes / "later.md").write_text("# Later\n\nWritten after the upgrade.\n")
        daemon.wait_until_read(13)
        assert daemon.end() == 0
    assert "another version was installed" in (home.logs / "daemon.log").read_text()


def install(site: Path, version: str) -> None:
    """Leave what an installer leaves, in place of what lay there: the metadata of a version of personald."""
    for old in site.glob("*.dist-info"):
        shutil.rmtree(old)
    folder = site / f"personald-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: personald\nVersion: {version}\n"
    )
