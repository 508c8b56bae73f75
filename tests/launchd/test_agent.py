"""The agent's life under launchd: what is asked, in which order, and that only `launchctl print` is believed."""

from __future__ import annotations

import os
import plistlib
from dataclasses import replace
from pathlib import Path

import pytest

from launchd.agent import LaunchAgent
from launchd.service import LABEL, Outcome, Service, label_for
from tests.launchd.conftest import Fake


@pytest.fixture
def agent(tmp_path: Path, service: Service, fake: Fake) -> LaunchAgent:
    person = tmp_path / "person"
    person.mkdir()
    return LaunchAgent(service, person, 501, sleep=lambda _: None)


def test_installing_loads_it_and_sees_it_run(agent: LaunchAgent, fake: Fake) -> None:
    step = agent.install()
    assert step.outcome is Outcome.DONE
    assert "3246" in step.detail
    assert fake.steps() == ["launchctl enable", "launchctl bootstrap"]
    assert f"launchctl bootstrap gui/501 {agent.file}" in fake.log


def test_the_property_list_says_what_launchd_needs(agent: LaunchAgent) -> None:
    agent.install()
    keys = plistlib.loads(agent.file.read_bytes())
    assert Path(keys["ProgramArguments"][0]).is_absolute()
    assert keys["KeepAlive"] == {"SuccessfulExit": False}
    assert keys["Umask"] == 63
    assert keys["LimitLoadToSessionType"] == "Aqua"
    assert keys["ThrottleInterval"] == 30
    assert Path(keys["StandardErrorPath"]).parent.is_dir()
    assert not keys["AbandonProcessGroup"]
    assert not keys["MaterializeDatalessFiles"]
    assert "ProcessType" not in keys
    assert agent.file.stat().st_mode & 0o022 == 0


def test_installing_again_changes_nothing(agent: LaunchAgent, fake: Fake) -> None:
    agent.install()
    before = fake.steps()
    assert agent.install().outcome is Outcome.ALREADY
    assert fake.steps() == before


def test_a_changed_program_is_booted_out_before_it_is_booted_in(
    agent: LaunchAgent, fake: Fake
) -> None:
    agent.install()
    changed = replace(agent, service=replace(agent.service, arguments=("-m", "personald", "x")))
    assert changed.install().outcome is Outcome.DONE
    steps = fake.steps()[2:]
    assert steps == ["launchctl bootout", "launchctl enable", "launchctl bootstrap"]
    # The gap in which a bootstrap would fail was waited out.
    looks = fake.log[fake.log.index(f"launchctl bootout gui/501/{LABEL}") :]
    assert [line.split()[1] for line in looks[1:5]] == ["print"] * 4


def test_a_bootstrap_that_fails_twice_is_tried_a_third_time(agent: LaunchAgent, fake: Fake) -> None:
    fake.be("absent", alarms="deafxx")
    assert agent.install().outcome is Outcome.DONE
    assert fake.steps().count("launchctl bootstrap") == 3


def test_a_false_alarm_is_no_failure(agent: LaunchAgent, fake: Fake) -> None:
    fake.be("absent", alarms="false")
    assert agent.install().outcome is Outcome.DONE
    assert fake.steps().count("launchctl bootstrap") == 1


def test_a_program_that_ends_at_once_is_a_failure_with_its_reason(
    agent: LaunchAgent, fake: Fake
) -> None:
    fake.be("absent", after="crashing")
    step = replace(agent, monotonic=_hurrying()).install()
    assert step.outcome is Outcome.FAILED
    assert "again and again (17169 starts)" in step.detail


def test_without_a_graphical_session_it_says_so(agent: LaunchAgent, fake: Fake) -> None:
    fake.be("nobody")
    assert agent.install().outcome is Outcome.NO_SESSION
    assert not agent.file.exists()


@pytest.mark.parametrize("folder", ["Documents", "Desktop", "Downloads"])
def test_logs_where_launchd_may_not_write_are_refused(agent: LaunchAgent, folder: str) -> None:
    logs = agent.person / folder / "logs"
    logs.mkdir(parents=True)
    step = replace(agent, service=replace(agent.service, logs=logs)).install()
    assert step.outcome is Outcome.FAILED
    assert folder in step.detail


def test_a_program_that_is_gone_is_refused(agent: LaunchAgent, fake: Fake) -> None:
    gone = replace(agent, service=replace(agent.service, program=Path("/no/python")))
    assert gone.install().outcome is Outcome.FAILED
    assert fake.log == []


def test_stop_and_start(agent: LaunchAgent, fake: Fake) -> None:
    agent.install()
    assert agent.stop().outcome is Outcome.DONE
    assert agent.stop().outcome is Outcome.ALREADY
    assert agent.status().meaning == "installed, but stopped"
    assert agent.start().outcome is Outcome.DONE
    assert agent.start().outcome is Outcome.ALREADY


def test_a_loaded_agent_that_died_is_kicked_to_life(agent: LaunchAgent, fake: Fake) -> None:
    agent.install()
    fake.be("stopped")
    assert agent.status().meaning.startswith("not running: it was killed")
    assert agent.start().outcome is Outcome.DONE
    assert fake.steps()[-1] == "launchctl kickstart"


def test_uninstalling_leaves_nothing(agent: LaunchAgent, fake: Fake) -> None:
    agent.install()
    assert agent.uninstall().outcome is Outcome.DONE
    assert fake.state == "absent"
    assert list(agent.file.parent.iterdir()) == []
    assert agent.uninstall().outcome is Outcome.ALREADY


def test_an_agent_that_does_not_go_is_told(agent: LaunchAgent, fake: Fake) -> None:
    agent.install()
    stuck = replace(
        agent,
        command=lambda argv: agent.command(["true"] if argv[1] == "bootout" else argv),
        monotonic=_hurrying(),
    )
    assert stuck.uninstall().outcome is Outcome.FAILED
    assert agent.file.exists()


def test_every_home_has_a_label_of_its_own() -> None:
    usual = Path("/home/ada/.local/share/personald")
    assert label_for(usual, usual) == LABEL
    others = {label_for(Path(path), usual) for path in ("/data/a", "/data/b")}
    assert len(others) == 2
    assert all(label.startswith(f"{LABEL}.") for label in others)


def _hurrying() -> object:
    """A clock that runs ten seconds at every look."""
    times = iter(range(0, 100_000, 10))
    return lambda: float(next(times))


def test_the_stand_in_is_on_the_path(fake: Fake) -> None:
    assert os.environ["PATH"].startswith(str(fake.folder.parent))
