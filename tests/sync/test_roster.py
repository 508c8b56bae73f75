"""Who belongs follows from the set of statements, whatever their order, and fails closed."""

from __future__ import annotations

import random

from sync import roster
from sync.identity import Identity

DEVICES = [Identity.from_seed(bytes([number]) * 32) for number in range(6)]
ROOT, SECOND, THIRD, FOURTH, *_ = DEVICES
EVE = Identity.from_seed(b"e" * 32)


def enrol(vault: str, by: Identity, device: Identity) -> bytes:
    wanted = roster.enrolment_input(vault, device.public, by.device_id)
    return roster.enrol(vault, by, device.public, device.sign(wanted))


def test_enrolments_chain_from_the_root() -> None:
    vault, founding = roster.found(ROOT, bytes(16))
    frames = [enrol(vault, SECOND, THIRD), enrol(vault, ROOT, SECOND), founding]
    active = roster.resolve(vault, frames).active
    assert set(active) == {ROOT.device_id, SECOND.device_id, THIRD.device_id}


def test_nobody_founds_a_group_under_anothers_name() -> None:
    vault, _ = roster.found(ROOT, bytes(16))
    own = EVE.sign(roster.enrolment_input(vault, EVE.public, EVE.device_id))
    forged = roster.enrol(vault, EVE, EVE.public, own, bytes(16).hex())
    assert not roster.resolve(vault, [forged]).active


def test_a_device_that_did_not_ask_is_not_enrolled() -> None:
    vault, founding = roster.found(ROOT, bytes(16))
    wanted = roster.enrolment_input(vault, SECOND.public, ROOT.device_id)
    frame = roster.enrol(vault, ROOT, SECOND.public, EVE.sign(wanted))
    assert set(roster.resolve(vault, [founding, frame]).active) == {ROOT.device_id}


def test_a_revoked_device_stays_out_and_its_later_guests_do_not_get_in() -> None:
    vault, founding = roster.found(ROOT, bytes(16))
    frames = [founding, enrol(vault, ROOT, SECOND), enrol(vault, SECOND, THIRD)]
    before = roster.resolve(vault, frames)
    keep = before.let_in_by(SECOND.device_id)
    assert keep == (THIRD.device_id,)
    frames += [roster.revoke(vault, ROOT, SECOND.device_id, keep), enrol(vault, SECOND, EVE)]
    frames += [enrol(vault, ROOT, SECOND)]  # trying again does not help: an id never returns
    after = roster.resolve(vault, frames)
    assert set(after.active) == {ROOT.device_id, THIRD.device_id}
    assert EVE.device_id not in after.active


def test_a_stranger_revokes_nobody() -> None:
    vault, founding = roster.found(ROOT, bytes(16))
    frames = [founding, roster.revoke(vault, EVE, ROOT.device_id, [])]
    assert set(roster.resolve(vault, frames).active) == {ROOT.device_id}


def test_damaged_statements_count_for_nothing() -> None:
    vault, founding = roster.found(ROOT, bytes(16))
    good = enrol(vault, ROOT, SECOND)
    dice = random.Random(5)
    for _ in range(500):
        broken = bytearray(good)
        broken[dice.randrange(len(broken))] ^= 1 << dice.randrange(8)
        resolved = roster.resolve(vault, [founding, bytes(broken)])
        assert set(resolved.active) == {ROOT.device_id}


def test_random_histories_converge_in_every_order_of_delivery() -> None:
    dice = random.Random(3)
    for _ in range(60):
        vault, founding = roster.found(ROOT, dice.randbytes(16))
        frames = [founding]
        for _ in range(dice.randint(1, 8)):
            now = roster.resolve(vault, frames)
            actor = dice.choice(DEVICES)
            if actor.device_id not in now.active:
                continue
            other = dice.choice(DEVICES)
            if dice.random() < 0.7:
                frames.append(enrol(vault, actor, other))
            else:
                keep = now.let_in_by(other.device_id)
                frames.append(roster.revoke(vault, actor, other.device_id, keep))
        expected = roster.resolve(vault, frames)
        for _ in range(4):
            dice.shuffle(frames)
            assert roster.resolve(vault, frames) == expected
