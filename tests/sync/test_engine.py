"""Devices around a folder that loses, repeats, alters and rolls back what it is given."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from sync.engine import Engine
from sync.errors import (
    DeviceCloned,
    FolderUnavailable,
    NotEnrolled,
    PairingFailed,
    Rejected,
    UnknownDevice,
)
from sync.folder import ROOT
from sync.inbox import Received
from sync.joining import Step
from sync.outbox import Blob
from sync.state import StateDamaged

from .devices import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.pair("study", "laptop")
    return world


def only(device: Engine) -> Received:
    news = device.poll()
    assert news.problems == ()
    assert len(news.received) == 1
    return news.received[0]


def object_files(world: World) -> list[Path]:
    return sorted((world.shared / ROOT / "o").iterdir())


def test_a_blob_arrives_on_the_other_device_and_stays_news_until_it_is_installed(
    world: World,
) -> None:
    world.device("study").publish([Blob("mail", b"weights" * 1000, "card")])
    for _ in range(2):
        received = only(world.device("laptop"))
        assert (received.name, received.device_name) == ("mail", "study")
        assert (received.payload, received.meta) == (b"weights" * 1000, "card")
    laptop = world.device("laptop")
    laptop.mark_installed(only(laptop))
    assert world.device("laptop").poll().received == ()


def test_an_unchanged_state_writes_nothing(world: World) -> None:
    blobs = [Blob("mail", b"weights")]
    assert world.device("study").publish(blobs)
    before = sorted(path.name for path in (world.shared / ROOT).rglob("*"))
    assert not world.device("study").publish(blobs)
    assert sorted(path.name for path in (world.shared / ROOT).rglob("*")) == before


def test_the_newest_version_wins_and_both_devices_agree(world: World) -> None:
    world.device("study").publish([Blob("mail", b"first")])
    world.device("laptop").poll()
    world.device("laptop").publish([Blob("mail", b"second")])
    assert only(world.device("study")).payload == b"second"
    assert world.device("laptop").poll().received == ()


def test_what_is_gone_is_told(world: World) -> None:
    world.device("study").publish([Blob("mail", b"secret")])
    laptop = world.device("laptop")
    laptop.mark_installed(only(laptop))
    world.device("study").publish([Blob("mail", None)], purge=True)
    assert only(world.device("laptop")).payload is None
    assert object_files(world) == []


def test_nothing_readable_stands_in_the_folder(world: World) -> None:
    canary = b"heliotrope-canary"
    world.device("study").publish([Blob("mail", canary * 50, canary.decode())])
    for path in world.root.rglob("*"):
        if path.is_file():
            assert canary not in path.read_bytes(), path
            assert b"study" not in path.read_bytes(), path


@pytest.mark.parametrize("harm", ["flipped", "cut", "deleted"])
def test_a_harmed_file_installs_nothing_is_told_and_is_written_anew_by_its_maker(
    world: World, harm: str
) -> None:
    blob = Blob("mail", b"weights" * 5000)
    world.device("study").publish([blob])
    path = object_files(world)[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    if harm == "deleted":
        path.unlink()
    else:
        path.write_bytes(bytes(data) if harm == "flipped" else bytes(data[:-1]))
    news = world.device("laptop").poll()
    assert (news.received, news.waiting) == ((), 1)
    assert ["damaged or not wholly there" in line for line in news.problems] == (
        [] if harm == "deleted" else [True]
    )
    assert world.device("study").publish([blob])
    assert only(world.device("laptop")).payload == blob.payload
    assert not path.exists()


def test_conflict_copies_and_other_files_are_ignored_and_kept(world: World) -> None:
    world.device("study").publish([Blob("mail", b"weights")])
    original = object_files(world)[0]
    strays = [
        original.with_name(original.stem + " 2.pdo"),
        original.with_name(original.stem + " (Anna's conflicted copy 2026-01-01).pdo"),
        original.with_name(".tmp-upload"),
    ]
    for stray in strays:
        shutil.copyfile(original, stray)
    assert only(world.device("laptop")).payload == b"weights"
    assert all(stray.exists() for stray in strays)


def test_a_folder_that_is_rolled_back_changes_nothing(world: World, tmp_path: Path) -> None:
    world.device("study").publish([Blob("mail", b"first")])
    old = tmp_path / "old"
    shutil.copytree(world.shared, old)
    world.device("study").publish([Blob("mail", b"second")])
    laptop = world.device("laptop")
    laptop.mark_installed(only(laptop))
    shutil.rmtree(world.root / "shared")
    shutil.copytree(old, world.root / "shared")
    assert world.device("laptop").poll().received == ()


def test_a_restored_or_cloned_device_stops_publishing(world: World, tmp_path: Path) -> None:
    world.device("study").publish([Blob("mail", b"first")])
    backup = (world.root / "study" / "state").read_bytes()
    world.device("study").publish([Blob("mail", b"second")])
    (world.root / "study" / "state").write_bytes(backup)
    with pytest.raises(DeviceCloned):
        world.device("study").publish([Blob("mail", b"third")])


def test_one_number_with_two_contents_freezes_the_device(world: World) -> None:
    study = world.device("study")
    backup = (world.root / "study" / "state").read_bytes()
    study.publish([Blob("mail", b"one truth")])
    world.device("laptop").poll()
    for path in (world.shared / ROOT / "m").iterdir():
        path.unlink()
    (world.root / "study" / "state").write_bytes(backup)
    world.device("study").publish([Blob("mail", b"another truth")])
    problems = world.device("laptop").poll().problems
    assert any("two different things" in line for line in problems)
    assert world.device("laptop").poll().received == ()


def test_withheld_messages_are_noticed(world: World) -> None:
    world.pair("study", "phone")
    world.device("study").publish([Blob("mail", b"one")])
    world.device("laptop").poll()
    world.device("study").publish([Blob("mail", b"two")])
    phone = world.device("phone")
    phone.poll()
    phone.publish([Blob("notes", b"x")])
    newest = max((world.shared / ROOT / "m").glob(f"{world.device('study').member.device_id}*"))
    newest.unlink()
    assert any("behind" in line for line in world.device("laptop").poll().problems)


def test_a_revoked_device_reads_nothing_new_and_is_not_listened_to(world: World) -> None:
    world.device("laptop").publish([Blob("notes", b"of the laptop")])
    study = world.device("study")
    assert study.revoke(world.device("laptop").member.device_id[:8])
    world.device("study").publish([Blob("mail", b"after")])
    sealed_for_whom = world.device("laptop")
    with pytest.raises(NotEnrolled):
        sealed_for_whom.publish([Blob("notes", b"more")])
    assert sealed_for_whom.poll().received == ()
    assert world.device("study").poll().received == ()


def test_the_folder_cannot_take_a_revocation_back(world: World) -> None:
    statements = world.shared / ROOT / "r"
    before = {path.name for path in statements.iterdir()}
    world.device("study").revoke(world.device("laptop").member.device_id)
    world.device("study").poll()
    (revocation,) = [path for path in statements.iterdir() if path.name not in before]
    said = revocation.read_bytes()
    revocation.unlink()
    world.device("laptop").publish([Blob("notes", b"of the revoked")])
    study = world.device("study")
    assert study.poll().received == ()
    study.publish([Blob("mail", b"news")])
    assert revocation.read_bytes() == said
    with pytest.raises(NotEnrolled):
        world.device("laptop").publish([Blob("notes", b"more")])


def test_a_damaged_statement_puts_nobody_out_and_is_written_again(world: World) -> None:
    world.device("laptop").poll()
    for path in (world.shared / ROOT / "r").iterdir():
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    laptop = world.device("laptop")
    laptop.publish([Blob("notes", b"of the laptop")])
    assert only(world.device("study")).payload == b"of the laptop"
    world.pair("study", "phone")


def test_naming_no_device_or_an_unclear_one_revokes_nobody(world: World) -> None:
    with pytest.raises(UnknownDevice):
        world.device("study").revoke("nobody")


def test_a_second_group_in_the_same_folder_is_refused(world: World) -> None:
    with pytest.raises(NotEnrolled):
        world.device("stranger").found_group()


def test_a_new_device_gets_what_was_published_before_it_came(world: World) -> None:
    blob = Blob("mail", b"weights")
    world.device("study").publish([blob])
    world.pair("study", "phone")
    [told] = world.device("phone").poll().problems
    assert "has not synced since this one joined" in told
    assert world.device("study").publish([blob])
    assert only(world.device("phone")).payload == b"weights"


def test_a_pairing_compares_digits_when_the_code_alone_is_not_trusted(tmp_path: Path) -> None:
    world = World(tmp_path)
    code = world.device("study").invite(trust_code=False)
    guest = world.device("laptop").accept(code)
    host = world.device("study").advance_pairing()
    assert host is not None
    assert host.step is Step.COMPARE
    assert host.digits == guest.digits
    waiting = world.device("laptop").advance_pairing()
    assert waiting is not None
    assert waiting.step is Step.WAITING
    world.device("study").confirm_pairing()
    done = world.device("study").advance_pairing()
    assert done is not None
    assert done.step is Step.DONE
    joined = world.device("laptop").advance_pairing()
    assert joined is not None
    assert joined.step is Step.DONE
    assert list((world.shared / ROOT / "p").iterdir()) == []


def test_wrong_late_and_altered_codes_let_nobody_in(tmp_path: Path) -> None:
    world = World(tmp_path)
    code = world.device("study").invite(trust_code=True)
    with pytest.raises(PairingFailed):
        world.device("laptop").accept("0" * 26)
    slot = next((world.shared / ROOT / "p").iterdir())
    genuine = slot.read_bytes()
    slot.write_bytes(genuine[:-1] + bytes([genuine[-1] ^ 1]))
    with pytest.raises(Rejected):
        world.device("laptop").accept(code)
    slot.write_bytes(genuine)
    world.clock.now += 3600
    with pytest.raises(PairingFailed):
        world.device("laptop").accept(code)
    expired = world.device("study").advance_pairing()
    assert expired is not None
    assert expired.step is Step.EXPIRED


def test_a_missing_folder_and_a_damaged_memory_say_so(world: World) -> None:
    (world.root / "study" / "state").write_bytes(os.urandom(100))
    with pytest.raises(StateDamaged):
        world.device("study")
    laptop = world.device("laptop")
    shutil.rmtree(world.shared)
    world.root.joinpath("shared").write_bytes(b"")
    laptop.member.folder.path = world.root / "absent"
    with pytest.raises(FolderUnavailable):
        laptop.poll()
