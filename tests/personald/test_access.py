"""Full Disk Access: given, denied, and not to be told are three different answers."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from personald.access import PROTECTED, Access, full_disk_access, how_to_allow

NOBODY = 65534


@pytest.fixture
def person() -> Iterator[Path]:
    """A person's home that others may enter, as the path to a test's own folder may not."""
    home = Path(tempfile.mkdtemp())
    home.chmod(0o755)
    yield home
    shutil.rmtree(home)


@pytest.fixture
def protected(person: Path) -> Path:
    file = person / PROTECTED
    file.parent.mkdir(parents=True)
    file.write_bytes(b"SQLite format 3")
    return file


def test_a_file_that_opens_means_given(person: Path, protected: Path) -> None:
    assert full_disk_access(person, "darwin") is Access.GIVEN


def test_a_file_that_is_not_there_says_nothing(person: Path) -> None:
    assert full_disk_access(person, "darwin") is Access.UNKNOWN


def test_a_file_that_is_forbidden_means_denied(person: Path, protected: Path) -> None:
    protected.chmod(0)
    program = (
        "import os; from pathlib import Path; from personald.access import full_disk_access\n"
        f"if os.getuid() == 0: os.setuid({NOBODY})\n"
        f"print(full_disk_access(Path({str(person)!r}), 'darwin').value)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == Access.DENIED.value


def test_so_does_the_answer_that_only_macos_gives(
    person: Path, protected: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbid(path: object, flags: int) -> int:
        raise PermissionError(errno.EPERM, "Operation not permitted", path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", forbid)
        assert full_disk_access(person, "darwin") is Access.DENIED


def test_elsewhere_there_is_no_such_permission(person: Path) -> None:
    assert full_disk_access(person, "linux") is Access.NOT_APPLICABLE


def test_the_remedy_names_the_program_that_needs_it() -> None:
    assert "/opt/python" in how_to_allow("darwin", "/opt/python")
    assert "chmod" in how_to_allow("linux")
