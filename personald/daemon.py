"""The process that is always there: it watches, reads, plans, answers, and owns the trainer child.

It holds only the watcher's keys: it can seal what it reads and open none of it again. It never imports mlx,
transformers or a parser of untrusted files; what needs them are processes of their own. Whatever goes wrong with the
store, the keys or the disk is a state that it reports and gets out of by itself, not a reason to end.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from apscheduler.schedulers.background import BackgroundScheduler

from personald import allocator, metal, trainer
from personald.access import full_disk_access
from personald.assembly import open_watcher_store
from personald.conditions import Readings, take_readings
from personald.config import Home, Settings, load_settings
from personald.errors import NotNow, PersonaldError, UsageError
from personald.exchanger import Exchanger
from personald.ingest.loop import IngestLoop
from personald.instance import Instance
from personald.ipc import Emit, Server
from personald.logs import close_log, open_log, place_of
from personald.state import StateFile
from personald.status import Problem, Snapshot, from_daemon, installed_version, sync_status
from personald.training_manager import TrainingManager

log = logging.getLogger("personald.daemon")

TICK_SECONDS = 30.0
# A tick that comes so much later than it should: the machine slept.
SLEPT_SECONDS = 90.0
# So many crashes of its own within so long, and it starts without watching and training, so that it can be asked why.
CRASHES = 3
CRASH_WINDOW_SECONDS = 600.0

# How often it is looked whether another version was installed over this one.
UPGRADE_SECONDS = 600.0

# sysexits.h: EX_SOFTWARE and EX_TEMPFAIL. launchd and systemd start it again after any status but 0.
CRASHED = 70
UPGRADED = 75


class Daemon:
    """One daemon for one home.

    Args:
        home: an initialised home.
        settings: its settings.
        read: takes readings of the machine, given the seconds trained in the last day.
        run_child: runs a trainer child to its end.
        clock: seconds since 1970.
        monotonic: the clock that only moves on, also when the other is set; it may stand still during sleep.
        installed: the version that is installed now, "" when it cannot be told.
    """

    def __init__(
        self,
        home: Home,
        settings: Settings,
        *,
        read: Callable[[float], Readings] | None = None,
        run_child: Callable[..., trainer.Outcome] = trainer.run,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        installed: Callable[[], str] = installed_version,
    ) -> None:
        self._home = home
        self._settings = settings
        self._installed = installed
        self._version = installed()
        self._version_at = monotonic()
        self._access = full_disk_access(Path.home())
        self._clock = clock
        self._monotonic = monotonic
        # Signals and threads wake the main thread by a byte in a pipe: a signal may arrive in any thread, and only a
        # descriptor (signal.set_wakeup_fd) then wakes the one that has to handle it.
        self._hear, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._ended = False
        self._code = 0
        self._reload_asked = False
        self._ticked_at: tuple[float, float] | None = None
        self._problems: dict[str, Problem] = {}
        self.safe_mode = False
        self.state = StateFile(home.state)
        self.exchanger = Exchanger(home, settings, self.state, clock=clock, monotonic=monotonic)
        self.ingest = IngestLoop(
            lambda: open_watcher_store(home, self._settings),
            settings.watch,
            self.state,
            cache=home.cache,
            monotonic=monotonic,
        )
        self.training = TrainingManager(
            home,
            settings,
            self.state,
            lambda: self.ingest.view.domains if self.ingest.view.ready else None,
            read or self._read,
            run_child,
            self._trained,
            clock,
            monotonic,
        )

    # ---- life ----

    def run(self) -> int:
        """Serve until SIGTERM, SIGINT or the call `stop`; returns the exit status, UPGRADED to be started anew.

        Raises:
            AlreadyRunning: another daemon serves this home.
        """
        allocator.share_one_arena()
        self._home.make()
        instance = Instance.acquire(self._home.run)
        echo = sys.stderr.isatty()
        open_log(self._home.logs, echo=echo)
        try:
            self._safeguard()
            self._take_signals()
            server = Server(self._home.run, self.handle)
            server.start()
            log.info("the daemon has started, process %d", os.getpid())
            try:
                self._serve()
            finally:
                server.stop()
            log.info("the daemon has ended")
            return self._code
        finally:
            close_log()
            instance.release()

    def end(self, code: int = 0) -> None:
        """Make `run` return; safe in a signal handler."""
        self._code = self._code or code
        self._ended = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake, b"!")

    def _serve(self) -> None:
        scheduler = BackgroundScheduler(timezone="UTC")
        scheduler.add_job(
            self._safe_tick,
            "interval",
            seconds=TICK_SECONDS,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        if not self.safe_mode:
            self.ingest.start()
        scheduler.start()
        self._safe_tick()
        while not self._ended:
            os.read(self._hear, 64)
            if self._reload_asked:
                self._reload_asked = False
                self.reload()
        scheduler.shutdown(wait=False)
        self.training.stop()
        self.ingest.stop()
        self.exchanger.join(5.0)

    def _take_signals(self) -> None:
        def end(_signal: int, _frame: FrameType | None) -> None:
            self.end()

        def ask_reload(_signal: int, _frame: FrameType | None) -> None:
            self._reload_asked = True

        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, end)
            signal.signal(signal.SIGINT, end)
            signal.signal(signal.SIGHUP, ask_reload)
            signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        threading.excepthook = lambda what: self._crashed(what.exc_value)

    def _safeguard(self) -> None:
        """Notice what went wrong with the last daemon, and begin carefully after several crashes."""
        traces = self._home.logs / "crash.log"
        now = self._clock()
        try:
            if traces.exists() and traces.stat().st_size:
                self.state.change(lambda state: state.with_crash(now))
            faulthandler.enable(traces.open("w"))
        except OSError as error:
            self._problems["disk"] = Problem(f"The home cannot be written: {error.strerror}.")
        recent = [at for at in self.state.load().crashes if now - CRASH_WINDOW_SECONDS < at <= now]
        self.safe_mode = len(recent) >= CRASHES
        if self.safe_mode:
            log.error("it crashed %d times in a row and does nothing until resumed", len(recent))
            self._problems["crashes"] = Problem(
                f"It crashed {len(recent)} times in the last minutes and does nothing for now.",
                "See `personald agent logs`; `personald resume` lets it try again.",
            )

    def _crashed(self, error: BaseException | None) -> None:
        """An unforeseen error in any thread: note it and end, to be started anew."""
        if error is None or isinstance(error, SystemExit):
            return
        log.critical("an unforeseen error: %s", place_of(error))
        try:
            self.state.change(lambda state: state.with_crash(self._clock()))
        except OSError:
            log.critical("the crash could not be noted")
        self.end(CRASHED)

    # ---- the tick ----

    def _safe_tick(self) -> None:
        try:
            self.tick()
        except PersonaldError as error:
            log.error("%s", error.title)
            self._problems["tick"] = Problem.of(error)
        except Exception as error:
            self._crashed(error)

    def tick(self) -> None:
        """What is done twice a minute: notice sleep, exchange, train."""
        if self._slept():
            log.info("the machine slept, or its clock was set")
            self.ingest.look_through_all()
            self.training.refresh()
        if self._makes_way_for_another_version() or self.safe_mode:
            return
        self.exchanger.tick()
        self.training.tick()
        self._problems.pop("tick", None)

    def _slept(self) -> bool:
        """Compare the clocks: time.monotonic stands still in sleep, and nothing else moves the other so far.

        Where it does not stand still, a tick that is late by minutes says the same.
        """
        before, self._ticked_at = self._ticked_at, (self._clock(), self._monotonic())
        if before is None:
            return False
        passed, awake = self._ticked_at[0] - before[0], self._ticked_at[1] - before[1]
        return abs(passed - awake) > SLEPT_SECONDS or awake > TICK_SECONDS + SLEPT_SECONDS

    def _makes_way_for_another_version(self, *, at_once: bool = False) -> bool:
        """End, to be started anew, once another version lies where this one was started from; looks now and then."""
        now = self._monotonic()
        if not at_once and now - self._version_at < UPGRADE_SECONDS:
            return False
        self._version_at = now
        if self._installed() in ("", self._version):
            return False
        log.info("another version was installed; starting anew")
        self.end(UPGRADED)
        return True

    def _read(self, trained: float) -> Readings:
        return take_readings(self._home.path, sys.platform, trained_seconds_today=trained)

    def _trained(self, outcome: trainer.Outcome) -> None:
        self.ingest.recount()
        if outcome.result == "promoted":
            self.exchanger.want()

    # ---- calls ----

    def handle(self, name: str, arguments: Mapping[str, Any], emit: Emit) -> Any:
        """Answer one call of a command; see `docs/daemon.md` for the table.

        Raises:
            PersonaldError: as the call's own work does; UsageError for a call that does not exist.
        """
        match name:
            case "status":
                return self.snapshot().to_json()
            case "pause":
                return self._pause(arguments.get("seconds"))
            case "resume":
                return self._resume()
            case "scan":
                return self.ingest.scan(arguments.get("source"), emit)
            case "progress":
                return self._hear_of(arguments.get("pid"), arguments.get("item"))
            case "yield":
                self.training.give_way("a command needs the trainer")
                return {}
            case "measure":
                return {"gflops": self._measure()}
            case "reload":
                self.reload()
                return {}
            case "stop":
                self.end()
                return {}
            case _:
                raise UsageError(f"The daemon has no call {name!r}.", "Restart it after an update.")

    def _hear_of(self, pid: object, item: object) -> dict[str, Any]:
        if not isinstance(pid, int) or not isinstance(item, dict):
            raise UsageError("Progress needs a process and an item.")
        self.training.hear_of(pid, item)
        return {}

    def _measure(self) -> float | None:
        """How fast mlx multiplies in a child of this process, which the system may hold back."""
        if self.training.busy:
            raise NotNow("The daemon is training.", "Ask again later.")
        return metal.measure()

    def snapshot(self) -> Snapshot:
        """What is going on now; never waits for the store."""
        state = self.state.load()
        job = self.training.job
        return from_daemon(
            os.getpid(),
            self._version,
            self._access,
            self.ingest.snapshot(),
            state,
            self.training.decide(),
            self.training.conditions,
            job.to_json() if job else None,
            sync_status(self._settings, state, busy=self.exchanger.exchanging),
            list(self._problems.values()),
            self._clock(),
        )

    def reload(self) -> None:
        """Read the settings anew and look at the sources; a wrong config.toml leaves the old settings.

        Another version that was installed takes over at once.
        """
        if self._makes_way_for_another_version(at_once=True):
            return
        try:
            settings = load_settings(self._home)
        except PersonaldError as error:
            log.error("%s; the settings from before stay", error.title)
            self._problems["settings"] = Problem.of(error)
        else:
            self._problems.pop("settings", None)
            self._settings = self.training.settings = self.exchanger.settings = settings
            log.info("settings and sources were read anew")
        self.training.refresh()
        self.ingest.reload()

    def _pause(self, seconds: float | None) -> dict[str, Any]:
        until = float("inf") if seconds is None else self._clock() + float(seconds)
        self._change_state(lambda state: replace(state, paused_until=until))
        self.training.give_way("paused")
        self.training.tick()
        log.info("paused")
        return {"paused_until": self.snapshot().fields["paused_until"]}

    def _resume(self) -> dict[str, Any]:
        self._change_state(lambda state: replace(state, paused_until=None, crashes=()))
        if self.safe_mode:
            self.safe_mode = False
            self._problems.pop("crashes", None)
            self.ingest.start()
        self.training.refresh()
        self.training.tick()
        log.info("resumed")
        return {"paused_until": None}

    def _change_state(self, edit: Callable[[Any], Any]) -> None:
        try:
            self.state.change(edit)
        except OSError as error:
            raise PersonaldError(
                f"state.json cannot be written: {error.strerror}.", "Free some space."
            ) from error
