"""Calls over a real socket: answers, progress, errors, other versions, and what nonsense does."""

from __future__ import annotations

import json
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from personald import ipc
from personald.errors import ExitCode, Locked, PersonaldError

Serve = Callable[[ipc.Handler], ipc.Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    servers: list[ipc.Server] = []
    run = tmp_path / "run"
    run.mkdir(mode=0o700)

    def start(handler: ipc.Handler) -> ipc.Server:
        server = ipc.Server(run, handler)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


def echo(name: str, arguments: Mapping[str, Any], emit: ipc.Emit) -> Any:
    emit({"step": 1})
    emit({"step": 2})
    return {"call": name, **arguments}


def test_a_call_gets_its_progress_and_its_answer(serve: Serve, tmp_path: Path) -> None:
    serve(echo)
    heard: list[Mapping[str, Any]] = []
    answer = ipc.call(tmp_path / "run", "greet", {"name": "Ada ✓"}, progress=heard.append)
    assert answer == {"call": "greet", "name": "Ada ✓"}
    assert heard == [{"step": 1}, {"step": 2}]


def test_an_error_travels_with_its_title_remedy_and_exit_code(serve: Serve, tmp_path: Path) -> None:
    def refuse(*_: object) -> Any:
        raise Locked("The keychain is closed.", "Open it.")

    serve(refuse)
    with pytest.raises(ipc.RemoteError) as caught:
        ipc.call(tmp_path / "run", "x")
    assert str(caught.value) == str(Locked("The keychain is closed.", "Open it."))
    assert caught.value.exit_code == ExitCode.LOCKED


def test_nobody_there_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(ipc.NotRunning):
        ipc.call(tmp_path, "status")


def test_a_socket_left_by_a_dead_daemon_is_nobody_and_is_replaced(
    serve: Serve, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(run / ipc.SOCKET))
    with pytest.raises(ipc.NotRunning):
        ipc.call(run, "status")
    serve(echo)
    assert ipc.call(run, "status") == {"call": "status"}


def test_another_version_is_told_and_not_guessed_at(serve: Serve, tmp_path: Path) -> None:
    serve(echo)
    answer = raw(tmp_path, b'{"personald": 2, "call": "status"}\n')
    assert "version 2" in answer["error"]["detail"]
    assert "Restart" in answer["error"]["remedy"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=300).filter(lambda line: b"\n" not in line))
def test_nonsense_gets_an_error_and_harms_nobody(serve: Serve, tmp_path: Path, line: bytes) -> None:
    if not (tmp_path / "run" / ipc.SOCKET).exists():
        serve(echo)
    assert "error" in raw(tmp_path, line + b"\n")
    assert ipc.call(tmp_path / "run", "status") == {"call": "status"}


def test_a_line_without_end_is_cut_off(serve: Serve, tmp_path: Path) -> None:
    serve(echo)
    answer = raw(tmp_path, b"x" * (ipc.MAX_LINE_BYTES + 10))
    assert "too long" in answer["error"]["detail"]


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_client_that_goes_away_harms_nobody(serve: Serve, tmp_path: Path) -> None:
    started, finished, ended = threading.Event(), threading.Event(), threading.Event()

    def slow(name: str, _: Mapping[str, Any], emit: ipc.Emit) -> Any:
        if name == "quick":
            return {}
        started.set()
        finished.wait(5.0)
        for step in range(3):
            emit({"step": step})
            time.sleep(0.05)
        ended.set()
        return {}

    serve(slow)
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(tmp_path / "run" / ipc.SOCKET))
        client.sendall(b'{"personald": 1, "call": "slow"}\n')
        assert started.wait(5.0)
    finished.set()
    assert ended.wait(5.0)
    assert ipc.call(tmp_path / "run", "quick") == {}


def test_many_at_once_are_answered_each(serve: Serve, tmp_path: Path) -> None:
    serve(echo)
    answers: list[int] = []

    def ask(number: int) -> None:
        answers.append(ipc.call(tmp_path / "run", "n", {"number": number})["number"])

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == list(range(16))


def test_only_the_owner_may_speak(serve: Serve, tmp_path: Path) -> None:
    server = serve(echo)
    assert stat.S_IMODE(server.path.stat().st_mode) == 0o600


def test_a_place_that_others_may_enter_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 5)
    run.mkdir(parents=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    server = ipc.Server(run, echo)
    place = server.path.parent
    server.start()
    server.stop()
    place.chmod(0o777)
    with pytest.raises(PersonaldError, match="open to others"):
        ipc.Server(run, echo)
    place.chmod(0o700)
    place.rmdir()


def raw(tmp_path: Path, sent: bytes) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(10.0)
        client.connect(str(tmp_path / "run" / ipc.SOCKET))
        client.sendall(sent)
        client.shutdown(socket.SHUT_WR)
        with client.makefile("rb") as stream:
            answer: dict[str, Any] = json.loads(stream.readline())
            return answer
