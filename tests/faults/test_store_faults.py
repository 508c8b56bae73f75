"""The reliability table of the store (docs/store.md): R1–R6, R11, R13."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from extractors.document import Document, Domain
from personald.errors import Locked
from personald.keys import open_keys, open_watcher_keys
from personald.sensitive import detect
from personald.store import FileStat, Store, Vault
from personald.store.backup import backup
from personald.store.errors import StoreError
from tests.faults.conftest import Start, count, parts
from tests.faults.worker import store_one, text_of

HAS_STRACE = shutil.which("strace") is not None


class Ledger:
    """What the workers acknowledged, and what may be either way because they died in the middle."""

    def __init__(self) -> None:
        self.stored: set[str] = set()
        self.deleted: set[str] = set()
        self.uncertain: set[str] = set()

    def read(self, output: bytes) -> int:
        """Take the whole lines of a worker's output; returns how many were acknowledged."""
        doing: str | None = None
        lines = output.decode().split("\n")[:-1]
        for line in lines:
            verb, _, name = line.partition(" ")
            if verb == "put":
                self.stored.add(name)
            elif verb == "deleting":
                doing = name
            elif verb == "deleted":
                self.deleted.add(name)
                doing = None
        if doing:
            self.uncertain.add(doing)
        return len(lines)

    def check(self, vault: Vault) -> None:
        """Nothing acknowledged is lost, nothing deleted is there, and every text is what was stored."""
        documents = {d.document.title: d.document.text for d in vault.documents()}
        lost = self.stored - self.deleted - self.uncertain - set(documents)
        assert lost == set()
        assert self.deleted & set(documents) == set()
        for title, text in documents.items():
            assert text == text_of(title, 2 * (len(text) - len(title) - 1) // 2)


def killed_after(process: subprocess.Popen[bytes], seconds: float) -> bytes:
    """Let a worker work until its first line, and then so many seconds; kill it, return what it said."""
    assert process.stdout is not None
    first = process.stdout.readline()
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    rest, errors = process.communicate(timeout=60)
    assert first, errors.decode()
    return first + rest


def open_vault(home: Path) -> Vault:
    return Vault.open(home / "store.db", open_keys(home))


@pytest.mark.long
@pytest.mark.parametrize("part", parts(300, 30))
def test_r1_kill_while_storing_loses_nothing_acknowledged(
    part: int, home: Path, start: Start
) -> None:
    ledger, acknowledged, generator = Ledger(), 0, random.Random(f"R1 {part}")
    for number in range(count(6, 30)):
        worker = start("ingest", home, f"w{number}")
        acknowledged += ledger.read(killed_after(worker, generator.uniform(0, 0.25)))
        if number % 10 == 0:
            with open_vault(home) as vault:
                ledger.check(vault)
    with open_vault(home) as vault:
        ledger.check(vault)
        assert list(vault.verify(deep=True)) == []
        vault.maintain()
        ledger.check(vault)
    print(f"R1 acknowledged {acknowledged}, lost 0")
    assert acknowledged > 0


@pytest.mark.long
@pytest.mark.parametrize("part", parts(150, 15))
def test_r2_kill_while_rotating_and_r3_old_copies(
    part: int, home: Path, start: Start, tmp_path: Path
) -> None:
    ledger, generator = Ledger(), random.Random(f"R2 {part}")
    copies: list[Path] = []
    for number in range(count(6, 15)):
        if number % 10 == 0:
            copies.append(copy_store(home, tmp_path / f"copy{number}"))
        worker = start("rotate", home, f"r{number}")
        ledger.read(killed_after(worker, generator.uniform(0, 0.4)))
        with open_vault(home) as vault:
            ledger.check(vault)
    with open_vault(home) as vault:
        vault.maintain()
        ledger.check(vault)
        assert list(vault.verify(deep=True)) == []
        vault.forget([next(vault.documents()).id])
    keys = open_keys(home)
    for copy in copies:
        with pytest.raises(Locked):
            Vault.open(copy / "store.db", keys)
    print(f"R2 deleted {len(ledger.deleted)} readable 0; R3 copies {len(copies)} openable 0")


def copy_store(home: Path, folder: Path) -> Path:
    folder.mkdir()
    for file in home.glob("store.db*"):
        shutil.copy(file, folder / file.name)
    return folder


def test_r4_a_full_disk_loses_nothing_and_says_so(home: Path, start: Start) -> None:
    """A limit on the size of files (RLIMIT_FSIZE) stands for the disk's end: it needs no rights to mount one."""
    for number in range(count(3, 60)):
        ledger = Ledger()
        # In blocks of 512 bytes, and less than the log grows to before it is written back.
        blocks = 1500 + 1100 * (number % 5)
        worker = start(
            "fill",
            home,
            f"f{number}",
            before=("sh", "-c", f"ulimit -f {blocks}; trap '' XFSZ; exec \"$@\"", "sh"),
        )
        output, errors = worker.communicate(timeout=600)
        assert b"Traceback" not in errors
        assert "failed Store" in output.decode().splitlines()[-1]
        ledger.read(output)
        with open_vault(home) as vault:
            documents = {d.document.title for d in vault.documents()}
            assert ledger.stored - ledger.deleted - ledger.uncertain <= documents
            assert list(vault.verify(deep=True)) == []
            vault.forget([d.id for d in vault.documents()])


SYSTEM_CALLS = [
    ("pwrite64", "ENOSPC"),
    ("pwrite64", "EIO"),
    ("fdatasync", "EIO"),
    ("fsync", "EIO"),
    ("ftruncate", "EIO"),
    ("openat", "EMFILE"),
]


@pytest.mark.long
@pytest.mark.skipif(not HAS_STRACE, reason="strace injects the errors, and is not here")
@pytest.mark.parametrize("part", parts(72, len(SYSTEM_CALLS)))
def test_r5_failing_system_calls_lose_nothing_and_say_so(
    part: int, home: Path, start: Start
) -> None:
    generator = random.Random(f"R5 {part}")
    acknowledged = 0
    for number, (call, error) in enumerate(SYSTEM_CALLS):
        nth = generator.randrange(40, 900) if call == "pwrite64" else generator.randrange(2, 12)
        if call == "openat":
            nth = generator.randrange(700, 1500)
        worker = start(
            "fill",
            home,
            f"s{number}",
            before=(
                "strace",
                "-f",
                "--seccomp-bpf",
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                f"trace={call}",
                "-e",
                f"inject={call}:error={error}:when={nth}+",
            ),
        )
        output, errors = worker.communicate(timeout=600)
        assert b"Traceback" not in errors
        ledger = Ledger()
        acknowledged += ledger.read(output)
        with open_vault(home) as vault:
            documents = {d.document.title for d in vault.documents()}
            assert ledger.stored - ledger.deleted - ledger.uncertain <= documents, (
                call,
                error,
                nth,
            )
            assert list(vault.verify(deep=True)) == []
    print(f"R5 acknowledged {acknowledged}, lost 0")


def test_r6_a_torn_log_gives_a_state_that_once_was(home: Path, tmp_path: Path) -> None:
    """Cut, zero and flip the write-ahead log as a loss of power may: the store is then at an earlier commit."""
    order = [f"d{number}" for number in range(24)]
    with Store.open(home / "store.db", open_watcher_keys(home)) as store:
        source = store.add_source(Path("/a")).id
        store.flush()
        for name in order:
            store_one(store, source, name, 1500)
        whole = copy_store(home, tmp_path / "whole")
    log = (whole / "store.db-wal").read_bytes()
    assert len(log) > 100_000
    generator = random.Random(6)
    for number in range(count(40, 600)):
        broken = bytearray(log)
        place = generator.randrange(len(log))
        if number % 3 == 0:
            del broken[place:]
        elif number % 3 == 1:
            broken[place:] = bytes(len(log) - place)
        else:
            broken[place] ^= 1 << generator.randrange(8)
        folder = tmp_path / "torn"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        shutil.copy(whole / "store.db", folder / "store.db")
        (folder / "store.db-wal").write_bytes(broken)
        with Vault.open(folder / "store.db", open_keys(home)) as vault:
            names = [d.document.title for d in vault.documents()]
            assert names == order[: len(names)]
            if number % 8 == 0:
                assert list(vault.verify(deep=True)) == []


FIELDS = ("head", "body")


def test_r11_nothing_swapped_between_rows_is_accepted(home: Path) -> None:
    """Swap sealed fields, data keys, versions and identities between rows: none opens as what it is not."""
    keys = open_keys(home)
    generator = random.Random(11)
    with Store.open(home / "store.db", keys) as store:
        source = store.add_source(Path("/a")).id
        with store.batch():
            for number in range(300):
                store_one(store, source, f"s{number}", 200)
        with store.unlock(keys) as vault:
            vault.maintain()
        connection = store._connection
        rows = connection.execute(
            "SELECT document.id, uid, version, slot, head, body FROM document"
            " JOIN sealed ON sealed.id = document.id"
        ).fetchall()
    vault = open_vault(home)
    opener = vault._opener
    accepted = tried = 0
    for _ in range(count(5_000, 100_000)):
        one, other = generator.sample(rows, 2)
        _, uid, version, slot, head, body = one
        fields = {"head": head, "body": body}
        name = generator.choice(FIELDS)
        swap = generator.randrange(5)
        if swap == 0:
            fields[name] = other[4 if name == "head" else 5]
        elif swap == 1:
            slot = other[3]
        elif swap == 2:
            uid = other[1]
        elif swap == 3:
            version += generator.randrange(1, 5)
        else:
            fields[name] = fields["body" if name == "head" else "head"]
        tried += 1
        try:
            opener.fields(uid, version, slot, **fields)
            accepted += 1
        except StoreError:
            continue
    assert (tried > 0, accepted) == (True, 0)


CANARIES = (
    "Zanzibartrompet",
    "Quicksilverhedge",
    "Møllehjulsønske",
    "北京烤鸭店",
    "hemmelig-sti-9431",
)


def test_r13_no_word_path_or_title_lies_open_anywhere(home: Path, tmp_path: Path) -> None:
    word, title, author, chinese, folder = CANARIES
    keys = open_keys(home)
    store = Store.open(home / "store.db", open_watcher_keys(home), detect=detect)
    source = store.add_source(Path(f"/{folder}")).id
    path = f"/{folder}/{title}.md"
    document = Document(
        path,
        Domain.NOTES,
        "markdown",
        title,
        f"{word} said the password is {word}7! {chinese} " * 50,
        author=author,
        properties=((word, title),),
    )
    for number in range(20):
        store.put_file(source, f"{path}{number}", FileStat(1, number), b"", [document])
    store.put_file(source, path, FileStat(1, 1), b"", [document])
    store.record_skipped(source, {f"in {folder}": 3})
    store.note_pending(source, [f"/{folder}/{word}"])

    def searched(stage: str) -> None:
        found = list(canaries_in([home, tmp_path / "b"]))
        assert found == [], stage

    searched("stored, log not written back")
    with store.unlock(keys) as vault:
        vault.maintain()
        assert vault.search(word)
        assert vault.search(chinese)
        searched("indexed")
        backup(home, keys, tmp_path / "b")
        searched("backed up")
        vault.forget([next(vault.documents()).id])
        vault.refresh_index()
        searched("rotated")
    store.forget_file(source, path)
    store.flush()
    store.close()
    searched("closed")


def canaries_in(places: Iterable[Path]) -> Iterable[tuple[str, str]]:
    """Every canary in every byte, in UTF-8, UTF-16 and base64-free hexadecimal, in names as in contents."""
    needles = [
        (canary, form)
        for canary in CANARIES
        for form in (
            canary.encode(),
            canary.lower().encode(),
            canary.encode("utf-16-le"),
            canary.encode().hex().encode(),
        )
    ]
    for place in places:
        for file in [place, *place.rglob("*")] if place.is_dir() else [place]:
            content = file.read_bytes() if file.is_file() else b""
            for canary, needle in needles:
                if needle in content or canary in str(file.name):
                    yield str(file), canary
