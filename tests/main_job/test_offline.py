"""With no network at all, documents go in and questions are answered, and nothing calls out."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from running.real_processes import ROOT, CommandLine, clean_environment
from samples.documents import write_docx, write_pdf, write_xlsx

GUARD = '''
"""Loaded by every child interpreter: any connection beyond loopback is recorded and refused."""
import socket

def _guard(event, arguments):
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        address = (arguments[0],)
    else:
        return
    host = address[0] if isinstance(address, tuple) else None
    if isinstance(host, bytes):
        host = host.decode()
    if host in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0") or host.startswith("127."):
        return
    with open({record!r}, "a") as record:
        record.write(f"{{event}} {{address}}\\n")
    raise OSError(f"blocked by the test: {{address}}")

import sys
sys.addaudithook(_guard)
'''


def can_unshare() -> bool:
    """Whether this machine lets us make a network namespace."""
    if shutil.which("unshare") is None:
        return False
    return (
        subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0
    )


@pytest.fixture
def isolated(tmp_path: Path, models_dir: Path) -> CommandLine:
    """The command line in a namespace that has loopback only, where the kernel permits that."""
    prefix = ("unshare", "-rn", "sh", "-c", 'ip link set lo up 2>/dev/null; exec "$@"', "sh")
    return CommandLine(tmp_path / "db", models_dir, prefix if can_unshare() else ())


@pytest.fixture
def attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file in which every attempt to reach another machine is recorded, by an audit hook."""
    record = tmp_path / "attempts.txt"
    folder = tmp_path / "guard"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(GUARD.format(record=str(record)))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    return record


def test_the_guard_notices_an_attempt(attempts: Path) -> None:
    script = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=clean_environment(),
        check=False,
    )
    assert done.returncode != 0
    assert "192.0.2.1" in attempts.read_text()


def test_ingest_and_ask_without_a_network(
    isolated: CommandLine, attempts: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    write_pdf(folder / "ledger.pdf", ["Nothing here.", "The Brandt warehouse stores 512 crates."])
    write_docx(folder / "memo.docx", ["The memo is about bread."])
    write_xlsx(folder / "table.xlsx", {"Prices": [["bread", "price"], ["rye", 4]]})

    ingested = isolated.run("ingest", f"--user_path={folder}", "--offline=True")
    assert ingested.returncode == 0, ingested.stdout + ingested.stderr

    asked = isolated.run(
        "ask", "How many crates does the Brandt warehouse store?", "--json", "--max_new_tokens=24"
    )
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert answer["answer"].strip()
    first = answer["sources"][0]
    assert (first["document"], first["page"]) == ("ledger.pdf", 2)
    assert "512 crates" in first["quote"]
    assert not attempts.exists(), attempts.read_text()


def test_the_server_starts_serves_its_page_and_calls_nobody(
    attempts: Path, carrel: CommandLine, serve, tmp_path: Path
) -> None:
    import httpx

    server = serve("--engine=scripted")
    with httpx.Client(base_url=server.address, trust_env=False, timeout=120) as client:
        assert client.get("/").status_code == 200
        added = client.post(
            "/v1/collections/UserData/documents?wait=true",
            files={"files": ("note.txt", b"The gate code is 4711.")},
        )
        assert added.status_code == 200, added.text
        reply = client.post(
            "/v1/chat/completions",
            json={
                "messages": [{"role": "user", "content": "What is the gate code?"}],
                "documents": {"collections": ["UserData"]},
            },
            timeout=60,
        )
        assert reply.json()["sources"][0]["document"] == "note.txt"
    assert server.stop() == 0
    assert not attempts.exists(), attempts.read_text()


def test_source_tree_is_what_the_child_processes_run() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import carrel; print(carrel.__file__)"],
        capture_output=True,
        text=True,
        cwd=ROOT / "src",
        env=clean_environment(),
        check=True,
    )
    assert Path(done.stdout.strip()).is_relative_to(ROOT / "src")
