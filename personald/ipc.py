"""How commands talk to the daemon: JSON lines over a unix socket that only its owner can reach.

A request is one line, `{"personald": 1, "call": NAME, "arguments": {…}}`; the answer is any number of
`{"personald": 1, "progress": {…}}` and then one `{"personald": 1, "result": …}` or
`{"personald": 1, "error": {"title", "detail", "remedy", "code"}}`. The number is the protocol's version: a daemon that
was started before an update says so instead of guessing.

The socket lies in the home's run folder (mode 0700, socket 0600). Where that path is longer than a socket's name may be
(`sun_path`: 104 bytes on macOS, unix(4); 108 on Linux, unix(7)), it lies in a private folder of its own, and the run
folder says where.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import socket
import stat
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from personald.errors import ExitCode, PersonaldError

VERSION = 1
MAX_LINE_BYTES = 4 * 1024 * 1024
SOCKET = "daemon.sock"
POINTER = "socket"
# The shorter of the two platforms' limits, with the closing NUL.
LONGEST_NAME = 103
# A client that connects and says nothing is let go after so long.
SILENCE_SECONDS = 30.0

Stream = io.BufferedRWPair
Emit = Callable[[Mapping[str, Any]], None]
Handler = Callable[[str, Mapping[str, Any], Emit], Any]


class NotRunning(PersonaldError):
    """No daemon answers for this home."""

    title = "The daemon is not running"


class ProtocolError(PersonaldError):
    """The two sides do not understand each other."""

    title = "The daemon does not understand"


class RemoteError(PersonaldError):
    """An error that the daemon reports; it has the daemon's title and exit code."""

    def __init__(self, title: str, detail: str, remedy: str, code: int) -> None:
        super().__init__(detail, remedy)
        self.title = title
        self.exit_code = ExitCode(code)


class Server:
    """Answers calls, each connection in a thread of its own.

    Args:
        run: the home's run folder, mode 0700.
        handler: answers one call; what it raises as `PersonaldError` goes back to the caller.
    """

    def __init__(self, run: Path, handler: Handler) -> None:
        self._run = run
        self._handler = handler
        self._stopping = threading.Event()
        self.path = _place(run)
        self.path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(str(self.path))
        self.path.chmod(0o600)
        self._listener.listen(16)
        if self.path.parent != run:
            (run / POINTER).write_bytes(os.fsencode(self.path))
        self._thread = threading.Thread(target=self._accept, name="ipc", daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more calls and remove the socket."""
        self._stopping.set()
        # accept(2) does not return when its socket is closed elsewhere; a call of our own wakes it.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as waker:
            waker.connect(str(self.path))
        if self._thread.is_alive():
            self._thread.join(timeout=5.0)
        self._listener.close()
        self.path.unlink(missing_ok=True)
        (self._run / POINTER).unlink(missing_ok=True)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                if not self._stopping.wait(1.0):
                    continue
                return
            if self._stopping.is_set():
                connection.close()
                return
            threading.Thread(
                target=self._serve, args=(connection,), name="ipc call", daemon=True
            ).start()

    def _serve(self, connection: socket.socket) -> None:
        # Closing the stream writes what is left in it, which fails where the caller has gone.
        with contextlib.suppress(OSError), connection, connection.makefile("rwb") as stream:
            connection.settimeout(SILENCE_SECONDS)
            self._answer(stream)

    def _answer(self, stream: Stream) -> None:
        def emit(item: Mapping[str, Any]) -> None:
            # The work goes on when the caller has gone, and whoever does it need not know.
            with contextlib.suppress(OSError):
                _write(stream, "progress", item)

        try:
            name, arguments = _request(stream)
            result = self._handler(name, arguments, emit)
        except PersonaldError as error:
            _write(stream, "error", describe(error))
        else:
            _write(stream, "result", result)


def describe(error: PersonaldError) -> dict[str, Any]:
    """An error as it travels."""
    return {
        "title": error.title,
        "detail": error.detail,
        "remedy": error.remedy,
        "code": int(error.exit_code),
    }


def call(
    run: Path,
    name: str,
    arguments: Mapping[str, Any] | None = None,
    *,
    timeout: float | None = 10.0,
    progress: Emit | None = None,
) -> Any:
    """Ask the daemon of a home.

    Args:
        run: the home's run folder.
        name: which call.
        arguments: what it needs.
        timeout: seconds without a line from the daemon; None waits for ever.
        progress: gets each progress item.

    Raises:
        NotRunning: nobody answers.
        ProtocolError: the daemon speaks another version, or broke off.
        RemoteError: the daemon could not do it.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(find_socket(run)))
        except OSError as error:
            raise NotRunning(
                "Nobody answers.", "Start it with `personald run` or `personald agent start`."
            ) from error
        with connection.makefile("rwb") as stream:
            try:
                _write(stream, "call", name, arguments=dict(arguments or {}))
                return _conversation(stream, progress)
            except TimeoutError as error:
                raise ProtocolError(
                    f"It did not answer within {timeout:g} seconds.", "See `personald agent logs`."
                ) from error
            except OSError as error:
                raise ProtocolError("It broke off.", "See `personald agent logs`.") from error


def find_socket(run: Path) -> Path:
    """Where the daemon of a run folder listens."""
    try:
        pointed = Path(os.fsdecode((run / POINTER).read_bytes()))
        return pointed if _is_private(pointed.parent) else run / SOCKET
    except OSError:
        return run / SOCKET


def _conversation(stream: Stream, progress: Emit | None) -> Any:
    while True:
        line = _read(stream)
        if line is None:
            raise ProtocolError("It broke off.", "See `personald agent logs`.")
        if "result" in line:
            return line["result"]
        if "error" in line:
            error = line["error"]
            raise RemoteError(error["title"], error["detail"], error["remedy"], error["code"])
        if "progress" in line and progress is not None:
            progress(line["progress"])


def _request(stream: Stream) -> tuple[str, Mapping[str, Any]]:
    line = _read(stream)
    if line is None:
        raise ProtocolError("An empty request.")
    name, arguments = line.get("call"), line.get("arguments", {})
    if not isinstance(name, str) or not isinstance(arguments, dict):
        raise ProtocolError("A request without a call.")
    return name, arguments


def _read(stream: Stream) -> dict[str, Any] | None:
    line = stream.readline(MAX_LINE_BYTES + 1)
    if not line:
        return None
    if len(line) > MAX_LINE_BYTES:
        raise ProtocolError("A line that is too long.")
    try:
        message = json.loads(line)
    except ValueError as error:
        raise ProtocolError("A line that is no JSON.") from error
    if not isinstance(message, dict) or message.get("personald") != VERSION:
        spoken = message.get("personald") if isinstance(message, dict) else None
        raise ProtocolError(
            f"One side speaks version {spoken}, the other {VERSION}.",
            "Restart the daemon: `personald agent stop`, then `personald agent start`.",
        )
    return message


def _write(stream: Stream, kind: str, value: Any, **more: Any) -> None:
    line = json.dumps({"personald": VERSION, kind: value, **more}, separators=(",", ":"))
    stream.write(line.encode("ascii") + b"\n")
    stream.flush()


def _place(run: Path) -> Path:
    """Where to listen: in the run folder, or where its name is too long in a private folder of its own."""
    usual = run / SOCKET
    if len(os.fsencode(usual)) <= LONGEST_NAME:
        return usual
    # Only a daemon comes here; clients, which must be quick, need neither of these.
    import hashlib
    import tempfile

    digest = hashlib.sha256(os.fsencode(run)).hexdigest()[:12]
    root = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    folder = root / f"personald-{os.getuid()}-{digest}"
    if len(os.fsencode(folder / SOCKET)) > LONGEST_NAME:
        folder = Path("/tmp") / folder.name
    folder.mkdir(mode=0o700, exist_ok=True)
    if not _is_private(folder):
        raise PersonaldError(
            f"{folder} belongs to somebody else or is open to others.", "Remove it."
        )
    return folder / SOCKET


def _is_private(folder: Path) -> bool:
    status = folder.lstat()
    mode = stat.S_IMODE(status.st_mode)
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not mode & 0o077
