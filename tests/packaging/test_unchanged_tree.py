"""A run that leaves the repository changed fails; what was changed before it does not count."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "unchanged_tree.sh"


def plain_environment() -> dict[str, str]:
    """Return the environment without what would lead git elsewhere than to the test's folder."""
    names = {"PATH", "HOME", "TMPDIR", "LANG"}
    return {key: value for key, value in os.environ.items() if key in names}


def git(folder: Path, *words: str) -> str:
    named = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    return subprocess.run(
        ["git", *named, *words],
        cwd=folder,
        env=plain_environment(),
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def run(folder: Path, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the check of a folder around a shell command, from another folder."""
    return subprocess.run(
        ["sh", str(folder / "scripts" / SCRIPT.name), "sh", "-c", command],
        cwd="/",
        env=plain_environment() | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Files with the script among them, and no repository."""
    folder = tmp_path / "a folder"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(SCRIPT, folder / "scripts")
    (folder / ".gitignore").write_text("/build/\n")
    (folder / "kept.txt").write_text("kept\n")
    (folder / "other.txt").write_text("other\n")
    return folder


@pytest.fixture
def repository(archive: Path) -> Path:
    """The same files, committed."""
    git(archive, "init", "--quiet")
    git(archive, "add", "--all")
    git(archive, "commit", "--quiet", "--message=All")
    return archive


def test_a_run_that_changes_nothing_passes_and_says_nothing_of_its_own(repository: Path) -> None:
    done = run(repository, "mkdir build && echo made > build/file; echo 12 passed")
    assert (done.returncode, done.stdout, done.stderr) == (0, "12 passed\n", "")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("mkdir db0.0 && echo x > db0.0/catalog.db", "A\tdb0.0/catalog.db"),
        ("echo more >> kept.txt", "M\tkept.txt"),
        ("rm kept.txt", "D\tkept.txt"),
        ("mv kept.txt moved.txt", "D\tkept.txt\nA\tmoved.txt"),
        ("chmod +x kept.txt", "M\tkept.txt"),
        ("echo x > staged && git add staged", "A\tstaged"),
    ],
)
def test_what_a_run_changed_is_named_and_fails_it(
    repository: Path, command: str, expected: str
) -> None:
    done = run(repository, command)
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == expected.splitlines()


def test_what_was_changed_before_the_run_does_not_count(repository: Path) -> None:
    (repository / "kept.txt").write_text("in work\n")
    (repository / "new.txt").write_text("in work\n")
    (repository / "other.txt").unlink()
    git(repository, "add", "new.txt")
    assert run(repository, "true").returncode == 0
    status = git(repository, "status", "--porcelain")
    assert status.splitlines() == [" M kept.txt", "A  new.txt", " D other.txt"]
    # The same files, changed once more.
    done = run(repository, "echo more >> kept.txt; echo more >> new.txt")
    assert done.returncode == 1
    assert done.stderr.splitlines()[1:] == ["M\tkept.txt", "M\tnew.txt"]


def test_the_repository_itself_stays_as_it_was(repository: Path) -> None:
    (repository / "new.txt").write_text("in work\n")
    files = [each for each in (repository / ".git").rglob("*") if each.is_file()]
    before = {each: each.read_bytes() for each in files}
    run(repository, "true")
    files = [each for each in (repository / ".git").rglob("*") if each.is_file()]
    assert {each: each.read_bytes() for each in files} == before


def test_a_run_that_fails_keeps_its_status(repository: Path) -> None:
    assert run(repository, "exit 3").returncode == 3
    done = run(repository, "echo more >> kept.txt; exit 3")
    assert done.returncode == 3
    assert "M\tkept.txt" in done.stderr


def test_inside_a_hook_of_another_repository_the_own_one_is_looked_at(
    repository: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    leading = {"GIT_DIR": str(other / ".git"), "GIT_INDEX_FILE": str(other / ".git" / "index")}
    assert "M\tkept.txt" in run(repository, "echo more >> kept.txt", **leading).stderr


def test_a_second_working_tree_is_checked_as_well(repository: Path, tmp_path: Path) -> None:
    second = tmp_path / "second"
    git(repository, "worktree", "add", "--quiet", str(second))
    assert run(second, "true").returncode == 0
    assert "A\tleft" in run(second, "echo x > left").stderr


def test_a_source_archive_runs_unchecked_and_says_so(archive: Path) -> None:
    done = run(archive, "echo x > left; echo 12 passed")
    assert (done.returncode, done.stdout) == (0, "12 passed\n")
    assert done.stderr.startswith("This is no git repository: it is not checked")
    assert run(archive, "exit 3").returncode == 3


def test_a_source_archive_inside_another_repository_is_no_part_of_it(archive: Path) -> None:
    git(archive.parent, "init", "--quiet")
    done = run(archive, "echo x > left")
    assert done.returncode == 0
    assert done.stderr.startswith("This is no git repository")
