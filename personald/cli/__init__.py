"""The command line: a contract with people and with scripts.

One module for each group of commands. A command's module is imported when that command is called, and what is heavy
(mlx, the store, parsers of answers) inside the function that needs it, so that `personald status` stays quick.
`frame` holds what all commands share: the options, how results and errors are shown, exit codes. `quick` answers the one
call that is made all the time before any of that is imported.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import NoReturn

from personald.cli.quick import answer
from personald.errors import ExitCode


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    os.umask(0o077)
    try:
        if answer(sys.argv[1:]):
            sys.exit(ExitCode.DONE)
        from personald.cli.frame import run

        run(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # The reader has gone (`personald search … | head`): stop as quietly as the tools around us do.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(128 + signal.SIGPIPE)


__all__ = ["main"]
