"""What users bring is readable by the account of the server alone, and uploads do not stay."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from running.real_processes import CommandLine, Server

META = {"_type": "gradio.FileData"}


@pytest.fixture(autouse=True)
def _usual_umask() -> Iterator[None]:
    """Start processes as most shells do."""
    before = os.umask(0o022)
    yield
    os.umask(before)


def readable_by_others(folder: Path) -> dict[str, str]:
    """Return the folder and its contents that are open to others, with their permissions."""
    found = [folder, *folder.rglob("*")]
    assert len(found) > 1
    modes = {str(each): stat.filemode(each.lstat().st_mode) for each in found}
    return {path: mode for path, mode in modes.items() if mode[4:] != "------"}


def loosen(folder: Path) -> None:
    """Open everything, as an older version left it."""
    for each in [folder, *folder.rglob("*")]:
        each.chmod(0o755 if each.is_dir() else 0o644)


def upload(client: httpx.Client, name: str, content: bytes) -> Path:
    """Upload a file as the page does, and return where it lies."""
    reply = client.post("/gradio_api/upload", files={"files": (name, content)})
    return Path(reply.raise_for_status().json()[0])


def ingest(client: httpx.Client, path: Path) -> None:
    """Send the page's event for an uploaded file, and wait until it is in."""
    config = client.get("/config").json()
    [event] = [each for each in config["dependencies"] if each["api_name"] == "ingest"]
    file = {"path": str(path), "orig_name": path.name, "meta": META}
    sent = {
        "data": ["UserData", None, [file]],
        "fn_index": event["id"],
        "session_hash": path.name,
        "trigger_id": event["targets"][0][0],
    }
    client.post("/gradio_api/queue/join", json=sent).raise_for_status()
    with client.stream(
        "GET", "/gradio_api/queue/data", params={"session_hash": path.name}
    ) as events:
        for line in events.iter_lines():
            if '"process_completed"' in line:
                assert json.loads(line.removeprefix("data:"))["success"], line
                return


def page_of(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.address, trust_env=False, timeout=120)


def test_nothing_that_a_server_stores_is_open_to_others(
    serve: Callable[..., Server], carrel: CommandLine
) -> None:
    server = serve("--engine=scripted", "--offline=True")
    uploads = carrel.db_dir / "uploads"
    with page_of(server) as client:
        ingest(client, upload(client, "page.txt", b"The numbat sleeps."))
        client.post(
            "/v1/collections/UserData/documents?wait=true",
            files={"files": ("api.txt", b"The quokka smiles.")},
        ).raise_for_status()
        waiting = upload(client, "waiting.txt", b"Nobody takes this.")
        assert waiting.is_relative_to(uploads.resolve())
        assert readable_by_others(carrel.db_dir) == {}
        assert len(list((carrel.db_dir / "originals").iterdir())) == 2
    assert server.stop() == 0
    assert list(uploads.iterdir()) == []
    assert readable_by_others(carrel.db_dir) == {}


def test_what_a_killed_server_or_an_older_one_left_is_put_right_at_start(
    serve: Callable[..., Server], carrel: CommandLine
) -> None:
    server = serve("--engine=scripted", "--offline=True")
    with page_of(server) as client:
        ingest(client, upload(client, "page.txt", b"The numbat sleeps."))
        waiting = upload(client, "waiting.txt", b"Nobody takes this.")
    server.process.kill()
    server.process.wait(30)
    assert waiting.read_bytes() == b"Nobody takes this."
    loosen(carrel.db_dir)
    assert readable_by_others(carrel.db_dir)

    again = serve("--engine=scripted", "--offline=True", ready=False)
    assert list((carrel.db_dir / "uploads").iterdir()) == []
    assert readable_by_others(carrel.db_dir) == {}
    with page_of(again) as client:
        assert "page.txt" in client.get("/v1/collections/UserData/documents").text


def test_nothing_that_the_command_line_stores_is_open_to_others(
    carrel: CommandLine, tmp_path: Path
) -> None:
    note = tmp_path / "note.txt"
    note.write_text("The bilby digs.")
    done = carrel.run("ingest", f"--user_path={note}", "--offline=True")
    assert done.returncode == 0, done.stderr
    assert readable_by_others(carrel.db_dir) == {}
    loosen(carrel.db_dir)
    assert carrel.run("collections", "--offline=True").returncode == 0
    assert readable_by_others(carrel.db_dir) == {}


def test_the_page_leaves_nothing_in_the_temporary_folder_of_the_system(
    serve: Callable[..., Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "tmp"
    # As another account's server leaves it.
    (shared / "gradio").mkdir(parents=True)
    monkeypatch.setenv("TMPDIR", str(shared))
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(shared / "chosen"))
    server = serve("--engine=scripted", "--offline=True")
    with page_of(server) as client:
        ingest(client, upload(client, "page.txt", b"The numbat sleeps."))
    assert not (shared / "chosen").exists()
    assert list((shared / "gradio").iterdir()) == []
    assert not [each for each in shared.rglob("*") if each.is_file() and each.suffix == ".txt"]
