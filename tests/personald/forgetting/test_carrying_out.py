"""Forgetting is all or nothing for whoever looks afterwards, wherever it was killed."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable

import pytest

from personald.config import change_settings
from personald.errors import NotNow
from personald.forgetting.carrying_out import forget, intent_file, receipt_book
from personald.forgetting.intent import Intent, IntentDamaged
from personald.store.errors import DocumentUnknown
from tests.personald.forgetting.conftest import KEPT, SECRET, Forgetful
from training.registry import State

STEPS = ("open", "os.rename", "os.remove", "os.truncate", "fcntl.flock", "shutil.rmtree")
"""Audit events (Python's table of audit events) at which something on the disk may change."""


def test_the_document_its_memory_and_nothing_else_are_gone(forgetful: Forgetful) -> None:
    with forgetful.owner() as owner:
        receipt = forget(owner, [forgetful.secret], overlay=False, proof=False)
        version = owner.registry().get(forgetful.adapter)
        book = receipt_book(owner)
        assert book.all() == [receipt]
        assert receipt.documents == (book.hashed(forgetful.secret),)
    assert (receipt.versions, receipt.left_in_store, receipt.destroyed) == (1, 0, ("notes/1",))
    assert receipt.silent == {"notes": "you asked for that"}
    assert (version.state, version.bytes) == (State.FORGOTTEN, 0)
    assert forgetful.texts() == [KEPT]
    assert list(forgetful.home.adapters.glob("*.adapter")) == []
    assert not forgetful.home.forgetting_intent.exists()


def test_a_receipt_holds_no_word_and_no_id_of_what_was_forgotten(forgetful: Forgetful) -> None:
    with forgetful.owner() as owner:
        forget(owner, [forgetful.secret], overlay=False, proof=False)
    assert forgetful.files_with(SECRET.encode()) == []
    assert forgetful.files_with(forgetful.secret.encode()) == []


def test_what_learnt_from_nothing_forgotten_serves_on(forgetful: Forgetful) -> None:
    with forgetful.owner() as owner:
        forget(owner, [forgetful.secret], overlay=False, proof=False)
        receipt = forget(owner, ["0" * 32], overlay=False, proof=False)
    assert (receipt.destroyed, receipt.silent, receipt.versions) == ((), {}, 0)


def test_a_base_that_is_gone_keeps_nothing_from_being_destroyed(forgetful: Forgetful) -> None:
    """The memory was trained on a base that cannot be loaded here: it is destroyed all the same, and stays silent."""
    change_settings(forgetful.home, {"base": {"reference": "/nowhere/at/all"}})
    with forgetful.owner() as owner:
        receipt = forget(owner, [forgetful.secret])
        assert owner.registry().serving() == {}
    assert (receipt.destroyed, receipt.open, receipt.left_in_store) == (("notes/1",), (), 0)
    assert "/nowhere/at/all" in receipt.silent["notes"]


def test_an_id_that_is_none_is_refused(forgetful: Forgetful) -> None:
    with forgetful.owner() as owner, pytest.raises(DocumentUnknown):
        owner.vault().get("no id")


def test_a_note_that_does_not_open_says_what_to_do(forgetful: Forgetful) -> None:
    forgetful.home.forgetting_intent.parent.mkdir()
    forgetful.home.forgetting_intent.write_bytes(b"PDS1 damaged")
    with forgetful.owner() as owner, pytest.raises(IntentDamaged, match="Delete that file"):
        owner.vault()


def test_two_cannot_forget_at_once(forgetful: Forgetful) -> None:
    with (
        forgetful.owner() as owner,
        intent_file(owner).alone() as mine,
        forgetful.owner() as other,
    ):
        assert mine
        with pytest.raises(NotNow):
            forget(other, [forgetful.secret], overlay=False, proof=False)
    assert len(forgetful.texts()) == 2


def test_whoever_opens_the_home_next_finishes_what_a_dead_process_began(
    forgetful: Forgetful,
) -> None:
    with forgetful.owner() as owner:
        intent_file(owner).write(Intent("abc123", (forgetful.secret,), ("notes",)))
    with forgetful.owner() as owner:
        assert owner.registry().serving() == {}
        assert [item.id for item in owner.vault().documents()] == [forgetful.kept]
        (receipt,) = receipt_book(owner).all()
    assert (receipt.id, receipt.destroyed) == ("abc123", ("notes/1",))
    assert "interrupted" in receipt.silent["notes"]


@pytest.mark.skipif(sys.platform == "darwin", reason="forks after frameworks were loaded")
def test_killed_at_any_step_nothing_half_forgotten_is_served(forgetful: Forgetful) -> None:
    """kill -9 at the first, second, third … change of the disk, until one comes through; each on what the last one left."""
    killed = finished = 0
    for step in range(1, 400):
        if _forget_and_die_at(forgetful, step):
            killed += 1
        else:
            finished += 1
        with forgetful.owner() as owner:
            serving = owner.registry().serving()
            left = [item.id for item in owner.vault().documents()]
            receipts = receipt_book(owner).all()
        assert not forgetful.home.forgetting_intent.exists()
        begun = forgetful.secret not in left
        assert begun == (serving == {}), f"killed at step {step}"
        assert begun == bool(receipts), f"killed at step {step}"
        assert forgetful.kept in left
        if begun:
            break
    assert begun
    assert killed > 3
    if not finished:
        assert receipts[0].left_in_store == 0


def _forget_and_die_at(forgetful: Forgetful, step: int) -> bool:
    """Forget in a child that is killed at its nth change of the disk; whether it was."""
    child = os.fork()
    if child == 0:
        _run_child(lambda: _forget_with_hook(forgetful, step))
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def _forget_with_hook(forgetful: Forgetful, step: int) -> None:
    with forgetful.owner() as owner:
        owner.vault()
        owner.registry()
        left = step

        def count(event: str, _: object) -> None:
            nonlocal left
            if event in STEPS:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        forget(owner, [forgetful.secret], overlay=False, proof=False)


def _run_child(work: Callable[[], None]) -> None:
    """Never return into the test's own process."""
    try:
        work()
    finally:
        os._exit(0)
