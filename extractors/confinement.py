"""What a worker takes from itself before it opens anything: memory, files, network, writing.

Two layers. The system's limits (setrlimit(2); on Linux a network namespace without interfaces, unshare(2); on macOS a
Seatbelt profile, sandbox_init(3)) hold for native code too, where the system grants them. An audit hook (PEP 578) holds
for everything written in Python, everywhere. The parent polices what neither can: wall time, and memory on macOS, where
RLIMIT_AS is not honoured.
"""

from __future__ import annotations

import contextlib
import ctypes
import ctypes.util
import os
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

CLONE_NEWNET = 0x40000000  # linux/sched.h
CLONE_NEWUSER = 0x10000000  # linux/sched.h
PR_SET_PDEATHSIG = 1  # linux/prctl.h
SIGKILL = 9
# Denies the network to native code as well; everything else is left to the hook and the limits.
MACOS_PROFILE = b"(version 1)(allow default)(deny network*)"

_NETWORK_EVENTS = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.sendto",
    "socket.gethostby",
    "urllib.",
    "ftplib.",
    "http.client.",
)
_PROCESS_EVENTS = ("os.exec", "os.fork", "os.posix_spawn", "os.system", "os.spawn", "pty.spawn")
_CHANGE_EVENTS = (
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.mkdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
    "os.chown",
    "os.utime",
    "os.setxattr",
    "shutil.rmtree",
    "shutil.move",
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def limit_resources(memory_bytes: int, open_files: int, written_bytes: int) -> None:
    """Cap what the process may take beyond what it has now.

    Args:
        memory_bytes: address space beyond the present one (Linux; macOS refuses or ignores the limit).
        open_files: the highest number of open files.
        written_bytes: the longest file that may be written.
    """
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_NOFILE, open_files)
    _limit(resource.RLIMIT_FSIZE, written_bytes)
    if sys.platform.startswith("linux"):
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        _limit(resource.RLIMIT_AS, pages * resource.getpagesize() + memory_bytes)


def grant_processor_time(seconds: int) -> None:
    """Let the process use so many more seconds of processor time; SIGXCPU ends it after that (setrlimit(2))."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    spent = int(used.ru_utime + used.ru_stime) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = spent + seconds
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


def forbid_network(platform: str = sys.platform) -> bool:
    """Cut the process off the network in the kernel, where the system lets it; True when it did."""
    if platform.startswith("linux"):
        library = ctypes.CDLL(None, use_errno=True)
        library.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)
        flags = (CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNET)
        return any(bool(library.unshare(flag) == 0) for flag in flags)
    if platform == "darwin":
        name = ctypes.util.find_library("sandbox")
        if name is None:
            return False
        message = ctypes.c_char_p()
        return bool(ctypes.CDLL(name).sandbox_init(MACOS_PROFILE, 0, ctypes.byref(message)) == 0)
    return False


def forbid_effects(scratch: Path, programs: frozenset[str]) -> None:
    """Refuse, for good, every effect that Python code can have outside the scratch folder.

    Args:
        scratch: the only folder where files may be made, changed and removed.
        programs: names of the programs that may be started (engines for character recognition).
    """
    sys.addaudithook(_hook(os.path.realpath(scratch) + os.sep, programs))


def _hook(scratch: str, programs: frozenset[str]) -> Callable[[str, tuple[Any, ...]], None]:
    caches = tuple(os.path.realpath(entry) for entry in sys.path if entry)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            path, _, flags = arguments
            if isinstance(flags, int) and flags & _WRITING and isinstance(path, str | bytes):
                _check(os.fsdecode(path))
        elif event.startswith(_NETWORK_EVENTS):
            raise PermissionError(f"{event} is not allowed here")
        elif event == "subprocess.Popen":
            if os.path.basename(os.fsdecode(arguments[0] or "")) not in programs:
                raise PermissionError("starting programs is not allowed here")
        elif event.startswith(_PROCESS_EVENTS):
            raise PermissionError(f"{event} is not allowed here")
        elif (
            event.startswith(_CHANGE_EVENTS)
            and arguments
            and isinstance(arguments[0], str | bytes | os.PathLike)
        ):
            _check(os.fsdecode(arguments[0]))

    def _check(path: str) -> None:
        # Not resolved: the hook must not touch the file system.
        full = os.path.normpath(Path.cwd() / path)
        if full.startswith(scratch) or full == scratch.rstrip(os.sep) or full == os.devnull:
            return
        # Compiled modules may be cached beside the libraries, or every worker would compile them anew.
        if f"{os.sep}__pycache__" in full and full.startswith(caches):
            return
        raise PermissionError("writing is not allowed here")

    return hook


def _limit(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    wanted = value if hard == resource.RLIM_INFINITY else min(value, hard)
    # macOS refuses some limits; the parent polices memory there.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(which, (wanted, hard))
