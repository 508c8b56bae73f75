"""Would the system watch one folder more? On Linux a user has only so many watches, over all programs together.

watchdog watches what it can of a source and says nothing of the folders that were refused (watchdog 7.1, inotify.py,
`_add_callback`), so it is asked here. macOS has no such limit: FSEvents watches a folder with all that is below it.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys

WATCHES = "fs.inotify.max_user_watches"
INSTANCES = "fs.inotify.max_user_instances"
_IN_CREATE = 0x100  # sys/inotify.h


def lack_of_watches() -> str:
    """Return why the system would refuse one watch more, naming the limit; "" when it would not."""
    if sys.platform != "linux":
        return ""
    library = ctypes.CDLL(None, use_errno=True)
    descriptor = library.inotify_init1(os.O_CLOEXEC)
    if descriptor < 0:
        return f"as many programs watch as are allowed ({INSTANCES})" if _full() else ""
    try:
        if library.inotify_add_watch(descriptor, b"/", _IN_CREATE) >= 0:
            return ""
        return f"as many folders are watched as are allowed ({WATCHES})" if _full() else ""
    finally:
        os.close(descriptor)


def _full() -> bool:
    """Tell whether the last call met a limit (inotify_init1(2), inotify_add_watch(2))."""
    return ctypes.get_errno() in (errno.ENOSPC, errno.EMFILE)
