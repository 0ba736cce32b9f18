"""Carrel starts, reads and answers where the modules of Unix are missing, as on Windows.

The modules are made unimportable in the processes of this system; a Windows machine is not here.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import httpx

from carrel import server
from running.real_processes import ROOT, clean_environment
from samples.documents import write_pdf

# These decide by the name of the system what they import; Carrel goes by what is there.
LIBRARIES = "import chromadb.api.rust, gradio\n"
PRELUDE = """
import sys
REFUSED = {"fcntl", "resource", "uvloop", "pwd", "grp", "termios", "tty", "readline", "syslog"}
class Refuse:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in REFUSED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
for name in REFUSED:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Refuse)
"""
START = """
import asyncio, os, signal
from carrel.core.processes import pipes
from carrel.engine.text import template_process
from carrel.ingest.sandbox import sandbox_process
sandbox_process.PROGRAM = PRELUDE + sandbox_process.PROGRAM
pipes.start = pipes.StandardPipes
from carrel.cli.main import main
status = main(sys.argv[1:])
assert not REFUSED & set(sys.modules), REFUSED & set(sys.modules)
sys.exit(status)
"""
PROGRAM = f"PRELUDE = {PRELUDE!r}\n{PRELUDE}\n{START}"


def started(*words: str, first: str = "") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", first + PROGRAM, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT / "src",
        env=clean_environment(),
    )


def test_the_flags_are_listed() -> None:
    with started("serve", "--help") as process:
        printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0, printed
    assert "--user_path" in printed


def test_the_server_reads_a_document_answers_and_ends(tmp_path: Path, models_dir: Path) -> None:
    document = write_pdf(tmp_path / "report.pdf", ["The revenue in 2022 was 41 million euros."])
    with server.bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
    flags = [f"--port={port}", f"--db_dir={tmp_path / 'db'}", f"--models_dir={models_dir}"]
    process = started("serve", "--engine=scripted", "--offline=True", *flags, first=LIBRARIES)
    try:
        answer = asked(f"http://127.0.0.1:{port}", document, process)
        assert answer["sources"][0]["document"] == "report.pdf"
        assert answer["choices"][0]["message"]["content"]
        process.terminate()
        printed, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, printed
    assert "reading.unlimited" in printed
    assert "lock.unavailable" in printed


def asked(address: str, document: Path, process: subprocess.Popen[str]) -> dict[str, list]:  # type: ignore[type-arg]
    """Wait for the server, bring it a document, and return the answer to a question."""
    with httpx.Client(base_url=address, timeout=120) as client:
        for _ in range(600):
            assert process.poll() is None, process.communicate()[0]
            try:
                if client.get("/health").status_code == httpx.codes.OK:
                    break
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        uploaded = client.post(
            "/v1/collections/UserData/documents?wait=true",
            files={"files": (document.name, document.read_bytes())},
        ).json()
        assert [each["status"] for each in uploaded["documents"]] == ["ready"], uploaded
        question = {"role": "user", "content": "What was the revenue in 2022?"}
        body = {"messages": [question], "documents": {"collections": ["UserData"]}}
        answer: dict[str, list] = client.post("/v1/chat/completions", json=body).json()  # type: ignore[type-arg]
        return answer
