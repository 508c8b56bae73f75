"""Disks that are really full or really read-only: small file systems in memory, mounted where the system allows it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from personald.keys import create_keys, open_keys
from personald.store import Store
from personald.store.errors import StoreReadOnly
from tests.faults.conftest import Start, count
from tests.faults.test_store_faults import Ledger, open_vault

MAY_MOUNT = sys.platform.startswith("linux") and os.geteuid() == 0
pytestmark = pytest.mark.skipif(not MAY_MOUNT, reason="only root on Linux mounts file systems")


class Disk:
    """A file system of a few megabytes.

    Args:
        place: where it is mounted.
    """

    def __init__(self, place: Path) -> None:
        self.place = place
        self._mount("-t", "tmpfs", "-o", "size=4m", "tmpfs")

    def remount(self, options: str) -> None:
        """Change its size, or whether it can be written."""
        self._mount("-o", f"remount,{options}")

    def _mount(self, *arguments: str) -> None:
        done = subprocess.run(["mount", *arguments, self.place], capture_output=True, check=False)
        if done.returncode:
            pytest.skip(f"mount: {done.stderr.decode().strip()}")

    def take_away(self) -> None:
        """Unmount it."""
        subprocess.run(["umount", "--lazy", self.place], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """A disk of 4 MB with a home on it, whose keys lie elsewhere."""
    place = tmp_path / "disk"
    place.mkdir()
    made = Disk(place)
    try:
        keys, _ = create_keys(place, key_file=tmp_path / "keys.json")
        Store.create(place / "store.db", keys).close()
        yield made
    finally:
        made.take_away()


def test_r4_a_disk_that_is_really_full_loses_nothing_and_says_so(disk: Disk, start: Start) -> None:
    for number in range(count(2, 30)):
        disk.remount("size=4m")
        output, errors = start("fill", disk.place, f"f{number}").communicate(timeout=600)
        assert b"Traceback" not in errors
        assert "failed StoreFull" in output.decode().splitlines()[-1]
        ledger = Ledger()
        ledger.read(output)
        with open_vault(disk.place) as vault:
            documents = {d.document.title for d in vault.documents()}
            assert ledger.stored - ledger.deleted - ledger.uncertain <= documents
            assert list(vault.verify(deep=True)) == []
        disk.remount("size=64m")
        with open_vault(disk.place) as vault:
            vault.forget([d.id for d in vault.documents()])
            vault._connection.execute("VACUUM")


def test_a_store_on_a_read_only_disk_is_refused_with_one_clear_line(disk: Disk) -> None:
    keys = open_keys(disk.place)
    disk.remount("ro")
    with pytest.raises(StoreReadOnly):
        Store.open(disk.place / "store.db", keys)
    disk.remount("rw")
    Store.open(disk.place / "store.db", keys).close()
