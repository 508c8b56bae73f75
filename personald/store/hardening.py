"""What surrounds the file: no core dumps, and no network volume under a write-ahead log."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from personald import commands
from personald.store.errors import StoreOnNetwork

# Kinds of file systems whose data lives on another machine, as /proc/mounts and mount(8) of macOS name them.
NETWORK_KINDS = frozenset(
    "nfs nfs4 cifs smb smb2 smb3 smbfs afpfs afs webdav davfs ftp sshfs fuse.sshfs fuse.rclone fuse.s3fs 9p ceph"
    " glusterfs fuse.glusterfs lustre macfuse.sshfs osxfuse.sshfs".split()
)
MOUNT = "/sbin/mount"


def forbid_core_dumps() -> None:
    """Keep this process's memory, keys included, out of any core file (setrlimit(2), RLIMIT_CORE)."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def refuse_network_volume(path: Path, read_mounts: Callable[[], str] | None = None) -> None:
    """Refuse a store on a network volume.

    SQLite's write-ahead log needs memory shared by all its processes (sqlite.org/wal.html, "Disadvantages", 3).

    Raises:
        StoreOnNetwork: the volume is of a kind that is known to be remote.
    """
    text = (read_mounts or system_mounts)()
    parse = parse_mount_command if " on /" in text else parse_proc_mounts
    kind = kind_of_volume(os.path.realpath(path), parse(text))
    if kind in NETWORK_KINDS:
        raise StoreOnNetwork(
            f"{path} lies on a volume of kind {kind}", "Choose a home on this machine's own disk."
        )


def system_mounts(platform: str = sys.platform) -> str:
    """Return the text that lists what is mounted; "" when it cannot be had."""
    if platform == "linux":
        try:
            return Path("/proc/mounts").read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            return ""
    return commands.run([MOUNT]).stdout.decode("utf-8", "replace")


def parse_proc_mounts(text: str) -> dict[str, str]:
    """Mount point → kind, from the text of /proc/mounts (proc(5)); spaces in it are written \\040."""
    mounts = {}
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 3:
            mounts[fields[1].replace("\\040", " ")] = fields[2]
    return mounts


def parse_mount_command(text: str) -> dict[str, str]:
    """Mount point → kind, from the output of mount(8) of macOS: "device on /point (kind, options)"."""
    mounts = {}
    for line in text.splitlines():
        head, separator, options = line.rpartition(" (")
        _device, found, point = head.partition(" on /")
        if separator and found:
            mounts["/" + point] = options.rstrip(")").split(",")[0].strip()
    return mounts


def kind_of_volume(path: str, mounts: dict[str, str]) -> str:
    """Return the kind of the volume that holds a path: that of the longest mount point above it; "" if unknown."""
    best = ""
    for point in mounts:
        above = point.rstrip("/") + "/"
        if (path + "/").startswith(above) and len(point) >= len(best):
            best = point
    return mounts.get(best, "")
