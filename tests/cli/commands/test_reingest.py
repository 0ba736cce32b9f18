"""``carrel reingest`` on the command line, alone and through a server."""

from __future__ import annotations

from pathlib import Path

from running.live_server import live_server, settings_in
from running.real_processes import CommandLine


def test_documents_are_read_again(carrel: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "otters.txt").write_text("Otters eat fish.")
    (tmp_path / "broken.docx").write_text("No document of Word.")
    assert carrel.run("ingest", *map(str, sorted(tmp_path.glob("*.*")))).returncode == 1
    (tmp_path / "otters.txt").unlink()
    done = carrel.run("reingest", "otters.txt")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "UserData: 0 added, 1 replaced, 0 unchanged, 0 failed; 1 new chunks.\n"
    assert "Otters eat fish." in carrel.run("search", "otters").stdout
    failed = carrel.run("reingest", "--failed")
    assert failed.returncode == 1
    assert failed.stdout.startswith("Could not read broken.docx: ")
    unknown = carrel.run("reingest", "nothing.txt")
    assert unknown.returncode != 0
    assert "There is no document 'nothing.txt' in 'UserData'." in unknown.stderr
    for words in (("reingest",), ("reingest", "otters.txt", "--failed")):
        refused = carrel.run(*words)
        assert refused.returncode == 2
        assert "Name the documents to read again" in refused.stderr


def test_a_server_reads_them_again(carrel: CommandLine, tmp_path: Path) -> None:
    with live_server(settings_in(tmp_path / "served")) as live, live.client() as client:
        where = "/v1/collections/UserData/documents?wait=true"
        client.post(where, json={"name": "a.txt", "text": "Alpha."}).raise_for_status()
        client.post(where, files={"files": ("b.docx", b"nothing")})
        server = f"--server={live.address}"
        done = carrel.run("reingest", "a.txt", server)
        assert done.returncode == 0, done.stderr
        assert "1 replaced" in done.stdout
        failed = carrel.run("reingest", "--failed", server)
        assert failed.returncode == 1
        assert "1 failed" in failed.stdout
