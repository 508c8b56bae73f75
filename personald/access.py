"""Does macOS let this very program read what it protects? Full Disk Access, told apart from a file that is not there.

The permission belongs to the binary that opens the file, and a launchd job has nobody to borrow it from: what works in a
terminal may be forbidden to the agent. So the daemon looks for itself, once per start. Looking never makes the system
ask: for Full Disk Access there is no question that it could show.
"""

from __future__ import annotations

import enum
import errno
import os
import sys
from pathlib import Path

# Every Mac has it and only Full Disk Access opens it (TCC keeps its own answers there).
PROTECTED = "Library/Application Support/com.apple.TCC/TCC.db"


class Access(enum.Enum):
    """Whether protected files can be read."""

    GIVEN = "given"
    DENIED = "denied"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


def full_disk_access(person: Path, platform: str = sys.platform) -> Access:
    """Try to open a file that macOS protects.

    Args:
        person: the person's home folder.
        platform: `sys.platform`; other systems know no such permission.
    """
    if platform != "darwin":
        return Access.NOT_APPLICABLE
    try:
        os.close(os.open(person / PROTECTED, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        # TCC answers EPERM (platform facts of macOS 10.14 and later); EACCES is an ordinary mode that forbids.
        return Access.DENIED if error.errno in (errno.EPERM, errno.EACCES) else Access.UNKNOWN
    return Access.GIVEN


def how_to_allow(platform: str = sys.platform, program: str = sys.executable) -> str:
    """What a person does so that a forbidden place can be read."""
    if platform == "darwin":
        return (
            f"System Settings, Privacy & Security, Full Disk Access: add {program}; then"
            " `personald agent stop` and `personald agent start`."
        )
    return "Give yourself the right to read it (chmod u+rX)."
