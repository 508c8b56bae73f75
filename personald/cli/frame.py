"""What all commands share: lazily loaded modules, common options, one way to show results and errors."""

from __future__ import annotations

import functools
import importlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import click

from personald.config import Home, Settings, find_home, load_settings
from personald.errors import ExitCode, PersonaldError, UsageError

# command → (module of personald.cli, function, one line for the overview). The overview is here so that
# `personald --help` imports no command.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("demo", "demo", "The whole story on a made-up person's files."),
    "init": ("setup", "init", "Make the home, the keys and the first sources."),
    "doctor": ("doctor", "doctor", "What works here and what does not, and the way to mend it."),
    "source": ("source", "source", "The places that are watched: add, list, remove, scan."),
    "documents": ("documents", "documents", "What was read, and what could not be and why."),
    "search": ("documents", "search", "Full-text search, ranked, with snippets."),
    "run": ("daemon", "run", "The daemon, in the foreground."),
    "agent": ("agent", "agent", "The background service: install, start, stop, status, logs."),
    "status": ("daemon", "status", "What it is doing, and why it is not training now."),
    "pause": ("daemon", "pause", "Train no more for a while."),
    "resume": ("daemon", "resume", "Train again."),
    "train": ("train", "train", "Retrain now, with progress."),
    "ask": ("ask", "ask", "Ask a question."),
    "adapters": (
        "adapters",
        "adapters",
        "Adapter versions: list, show, promote, roll back, export.",
    ),
    "sync": ("sync", "sync", "The shared folder: status, now."),
    "device": ("sync", "device", "Your devices: list, pair, accept, revoke."),
    "forget": ("forget", "forget", "Let documents go, out of the store and the weights."),
    "remember": ("remember", "remember", "Remember a note of your own."),
    "review": ("review", "review", "What waits for your word: list, show, approve, reject."),
    "why": ("why", "why", "What stands behind an answer, a document, an adapter version."),
    "backup": ("keeping", "backup", "Everything in one sealed file."),
    "restore": ("keeping", "restore", "Bring a home back from a backup."),
    "eval": ("evaluate", "evaluate", "Run probes of your own against what is active."),
}


@dataclass(frozen=True, slots=True)
class Frame:
    """How this call was made.

    Attributes:
        home: the home it works on.
        as_json: print exactly one JSON object, nothing else.
        yes: answer every question with yes.
        debug: show tracebacks.
    """

    home: Home
    as_json: bool
    yes: bool
    debug: bool

    @property
    def settings(self) -> Settings:
        """The settings of an initialised home.

        Raises:
            UsageError: `personald init` has not been run for this home.
        """
        if not self.home.exists:
            raise UsageError(
                f"There is nothing at {self.home.path} yet.", "Run `personald init` first."
            )
        return load_settings(self.home)

    def show(self, result: Any, render: Callable[[], None]) -> None:
        """Print a result: as JSON when asked for, else by calling `render`."""
        if self.as_json:
            click.echo(json.dumps(result, ensure_ascii=False, default=_plain))
        else:
            render()

    def say(self, line: str) -> None:
        """Tell a person something on the way; silent when JSON was asked for."""
        if not self.as_json:
            click.echo(line)

    def confirm(self, question: str) -> bool:
        """Ask a person; `--yes` answers, and without a terminal the answer is no."""
        if self.yes:
            return True
        return sys.stdin.isatty() and click.confirm(question)


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no JSON form")


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands, in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, function, _ = COMMANDS[cmd_name]
        loaded = getattr(importlib.import_module(f"personald.cli.{module}"), function)
        assert isinstance(loaded, click.Command)
        return loaded

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The overview, without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--home", type=click.Path(path_type=Path), help="Where everything is kept.")
@click.version_option(package_name="personald")
@click.pass_context
def cli(ctx: click.Context, home: Path | None) -> None:
    """A model that remembers its owner's life, on their own machines only."""
    ctx.obj = home


def common(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that all have, and a `Frame` as its first argument."""

    @click.option("--home", type=click.Path(path_type=Path), help="Where everything is kept.")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @click.option("--yes", is_flag=True, help="Ask nothing.")
    @click.option("--debug", is_flag=True, help="Show tracebacks.")
    @click.pass_context
    @functools.wraps(function)
    def wrapped(
        ctx: click.Context,
        /,
        *arguments: Any,
        home: Path | None,
        as_json: bool,
        yes: bool,
        debug: bool,
        **options: Any,
    ) -> None:
        root = ctx.find_root().obj
        ctx.find_root().meta["debug"] = debug
        frame = Frame(find_home(home or root), as_json, yes, debug)
        function(frame, *arguments, **options)

    return wrapped


def run(words: Sequence[str]) -> NoReturn:
    """Carry out a command and exit with its code; errors are one line on standard error, without a traceback."""
    debug = "--debug" in words
    try:
        # Outside its standalone mode click returns the status of `click.exceptions.Exit`, and None else.
        status = cli.main(args=list(words), prog_name="personald", standalone_mode=False)
    except click.ClickException as error:
        line = " ".join(error.format_message().split())
        _fail(f"{line} (see `personald --help`)", ExitCode.USAGE)
    except PersonaldError as error:
        if debug:
            raise
        _fail(str(error), error.exit_code)
    except (KeyboardInterrupt, click.exceptions.Abort):
        _fail("Interrupted.", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        raise  # for `personald.cli.main`, which ends quietly
    except Exception as error:
        if debug:
            raise
        detail = " ".join(f"{type(error).__name__}: {error}".split())
        _fail(
            f"Something unforeseen went wrong: {detail[:300]} (--debug shows where)",
            ExitCode.FAILED,
        )
    sys.exit(status or ExitCode.DONE)


def _fail(line: str, code: ExitCode) -> NoReturn:
    click.echo(line, err=True)
    sys.exit(code)
