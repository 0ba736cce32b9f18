"""A synchronised folder through the real interfaces."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from running.real_processes import ROOT, CommandLine, Server, clean_environment

SECONDS = 120


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two files."""
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "ship.txt").write_text("The ferry is called Heron.")
    (folder / "tree.txt").write_text("The oak was planted in 1820.")
    return folder


def test_a_folder_is_synchronised_by_the_command(carrel: CommandLine, folder: Path) -> None:
    first = carrel.run("ingest", f"--user_path={folder}")
    assert first.stdout == "UserData: 2 added, 0 replaced, 0 unchanged, 0 failed; 2 new chunks.\n"
    (folder / "ship.txt").write_text("The ferry is called Kestrel.")
    (folder / "tree.txt").unlink()
    kept = carrel.run("ingest", f"--user_path={folder}", "--keep_missing", "--json")
    printed = json.loads(kept.stdout)
    assert [(each["name"], each["outcome"]) for each in printed["files"]] == [
        ("ship.txt", "replaced")
    ]
    assert printed["removed"] == []
    second = carrel.run("ingest", f"--user_path={folder}")
    assert second.stdout == (
        "UserData: 0 added, 0 replaced, 1 unchanged, 0 failed; 0 new chunks; 1 removed.\n"
    )
    assert json.loads(carrel.run("collections", "--json").stdout)[1]["documents"] == 1


def test_a_watched_folder_is_followed_until_an_interrupt(carrel: CommandLine, folder: Path) -> None:
    process = subprocess.Popen(
        carrel.arguments(["ingest", f"--user_path={folder}", "--watch"]),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean_environment(),
        cwd=ROOT / "src",
    )
    try:
        assert process.stdout is not None
        assert "2 added" in process.stdout.readline()
        (folder / "tree.txt").unlink()
        (folder / "mill.txt").write_text("The mill is closed.")
        counted = process.stdout.readline()
        while "1 added" not in counted:
            counted += process.stdout.readline()
        while "1 removed" not in counted:
            counted += process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=SECONDS)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_a_server_follows_its_folder_and_a_command_beside_it_removes_nothing(
    carrel: CommandLine, folder: Path, serve: Callable[..., Server]
) -> None:
    server = serve("--engine=scripted", f"--user_path={folder}", "--watch")
    with httpx.Client(base_url=server.address, trust_env=False, timeout=60) as client:

        def names() -> list[str]:
            listed = client.get("/v1/collections/UserData/documents").json()["documents"]
            return [each["name"] for each in listed if each["status"] == "ready"]

        def wait_for(expected: list[str]) -> None:
            deadline = time.monotonic() + SECONDS
            while names() != expected and time.monotonic() < deadline:
                time.sleep(0.1)
            assert names() == expected

        wait_for(["ship.txt", "tree.txt"])
        (folder / "tree.txt").unlink()
        wait_for(["ship.txt"])
        other = folder.with_name("other")
        other.mkdir()
        (other / "mill.txt").write_text("The mill is closed.")
        added = carrel.run("ingest", f"--user_path={other}")
        assert "1 added" in added.stdout
        assert "start it with --user_path to have them removed" in added.stdout
        assert names() == ["mill.txt", "ship.txt"]
        watched = carrel.run("ingest", f"--user_path={other}", "--watch")
        assert (watched.returncode, "start it with --user_path" in watched.stderr) == (2, True)
    assert server.stop() == 0
