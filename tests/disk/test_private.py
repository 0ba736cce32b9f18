"""Files are their owner's alone."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from carrel.disk.private import make_private, write_privately


def mode(path: Path) -> int:
    """Return the permissions of a path, which may be a link."""
    return path.lstat().st_mode & 0o7777


@pytest.fixture
def loose(tmp_path: Path) -> Iterator[Path]:
    """A folder that everybody can read, made under the umask of most systems."""
    before = os.umask(0o022)
    folder = tmp_path / "data"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "c.db").write_text("x")
    (folder / "run.sh").write_text("x")
    (folder / "run.sh").chmod(0o755)
    yield folder
    os.umask(before)


def test_a_loose_folder_is_tightened_to_its_last_file(loose: Path) -> None:
    assert mode(loose / "a" / "b" / "c.db") == 0o644
    make_private(loose)
    assert [mode(each) for each in (loose, loose / "a", loose / "a" / "b")] == [0o700] * 3
    assert mode(loose / "a" / "b" / "c.db") == 0o600
    # The owner may do what the owner could.
    assert mode(loose / "run.sh") == 0o700


def test_links_are_not_followed(loose: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "shared.txt").write_text("x")
    (loose / "folder").symlink_to(other)
    (loose / "file").symlink_to(other / "shared.txt")
    (loose / "nothing").symlink_to(other / "gone")
    make_private(loose)
    assert mode(other) == 0o755
    assert mode(other / "shared.txt") == 0o644


def test_a_folder_that_is_shared_on_purpose_is_left(loose: Path) -> None:
    loose.chmod(0o1777)
    make_private(loose)
    assert mode(loose) == 0o1777
    assert mode(loose / "a") == 0o755


def test_what_is_written_from_then_on_is_private(loose: Path) -> None:
    write_privately()
    (loose / "new").mkdir()
    (loose / "new" / "file").write_text("x")
    subprocess.run(["sh", "-c", f"echo x > '{loose}/new/by-program'"], check=True)
    assert mode(loose / "new") == 0o700
    assert mode(loose / "new" / "file") == mode(loose / "new" / "by-program") == 0o600
