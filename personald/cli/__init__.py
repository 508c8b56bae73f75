"""The command line: a contract with people and with scripts.

One module for each group of commands. A command's module is imported when that command is called, and what is heavy
(mlx, the store, parsers of answers) inside the function that needs it, so that `personald status` stays quick.
`frame` holds what all commands share: the options, how results and errors are shown, exit codes.
"""

from personald.cli.frame import main

__all__ = ["main"]
