"""Bad input gives one line and a stable code in each interface; nothing stored is lost."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from running.real_processes import ROOT, CommandLine, Server, clean_environment
from samples.documents import write_encrypted_pdf, write_pdf


def test_each_broken_file_is_named_with_its_reason_and_the_others_go_in(
    carrel: CommandLine, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    (folder / "sub").mkdir(parents=True)
    write_pdf(folder / "good.pdf", ["The bridge opened in 1931."])
    (folder / "sub" / "note.txt").write_text("The ferry stopped in 1930.")
    (folder / "empty.txt").write_bytes(b"")
    write_encrypted_pdf(folder / "secret.pdf", ["hidden"])
    (folder / "truncated.pdf").write_bytes((folder / "good.pdf").read_bytes()[:200])
    (folder / "mislabelled.docx").write_bytes((folder / "good.pdf").read_bytes())
    (folder / "film.mov").write_bytes(b"\0" * 100)

    done = carrel.run("ingest", f"--user_path={folder}", "--json")
    assert done.returncode == 1
    files = {each["name"]: each for each in json.loads(done.stdout)["files"]}
    assert files["good.pdf"]["outcome"] == "added"
    assert files["sub/note.txt"]["outcome"] == "added"
    codes = {name: each["code"] for name, each in files.items() if each["outcome"] == "failed"}
    assert codes == {
        "empty.txt": "empty_document",
        "secret.pdf": "encrypted_document",
        "truncated.pdf": "unreadable_document",
        "mislabelled.docx": "unsupported_format",
        "film.mov": "unsupported_format",
    }
    for each in files.values():
        if each["outcome"] == "failed":
            assert each["reason"]
            assert "\n" not in each["reason"]

    found = carrel.run("search", "When did the bridge open?", "--json")
    assert json.loads(found.stdout)[0]["document"] == "good.pdf"


def test_a_file_over_the_limit_is_refused_with_both_numbers(
    carrel: CommandLine, tmp_path: Path
) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "long.txt").write_text("word " * 1000)
    done = carrel.run("ingest", f"--user_path={folder}", "--max_file_megabytes=0.001")
    assert done.returncode == 1
    assert "Could not read long.txt: it has 0.0 MB, and max_file_megabytes is 0.001" in done.stdout


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["ingest", "--user_path=absent"], 3, "There is no folder absent."),
        (["ingest"], 2, "Name what to ingest"),
        (["ask", "Anything?"], 2, "There is nothing to search in 'UserData'"),
        (["ask", "Anything?", "--collection=Nowhere"], 3, "There is no collection 'Nowhere'."),
        (["ask"], 2, "Give a question"),
        (["ask", "x", "--prot=1"], 2, "Unknown flag --prot. Did you mean --port?"),
        (["aks", "x"], 2, "There is no command 'aks'. Did you mean ask?"),
        (["check", "--port=abc"], 2, "port = 'abc'"),
        (["check", "--config=absent.yaml"], 3, "absent.yaml"),
    ],
)
def test_the_command_line_says_one_line_and_exits_with_a_stable_status(
    carrel: CommandLine, words: list[str], status: int, message: str
) -> None:
    done = carrel.run(*words, "--engine=scripted", "--log_level=error")
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("carrel: ")
    assert message in lines[0]


def test_a_model_that_cannot_be_found_names_what_was_tried(
    carrel: CommandLine,
) -> None:
    done = carrel.run(
        "serve", "--port=0", "--base_model=no/such-model", "--offline=True", "--log_level=error"
    )
    assert done.returncode == 4, done.stderr
    lines = [line for line in done.stderr.splitlines() if line.startswith("carrel: ")]
    assert len(lines) == 1
    assert "no/such-model" in lines[0]
    assert "offline" in lines[0]


def test_a_port_in_use_is_refused_before_anything_is_loaded(carrel: CommandLine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = carrel.run("serve", f"--port={port}", "--engine=scripted")
    assert done.returncode == 7
    assert f"Port {port}" in done.stderr
    assert "--port" in done.stderr
    assert not carrel.db_dir.exists()


def test_a_public_address_without_a_key_is_refused(carrel: CommandLine) -> None:
    done = carrel.run("serve", "--host=0.0.0.0", "--port=0", "--engine=scripted")
    assert done.returncode == 2
    assert "--api_key" in done.stderr


def test_the_api_answers_bad_requests_with_a_code_and_continues(
    serve: Callable[..., Server],
) -> None:
    server = serve("--engine=scripted")
    with httpx.Client(base_url=server.address, trust_env=False, timeout=60) as client:

        def ask(body: dict[str, object]) -> tuple[int, str]:
            reply = client.post("/v1/chat/completions", json=body)
            error = reply.json()["error"]
            assert set(error) == {"message", "type", "param", "code"}
            assert "\n" not in error["message"]
            return reply.status_code, error["code"]

        question = [{"role": "user", "content": "What?"}]
        documents = {"collections": ["UserData"]}
        assert ask({"messages": question, "documents": documents})[1] == "nothing_to_search"
        missing = {"collections": ["Nowhere"]}
        assert ask({"messages": question, "documents": missing}) == (404, "collection_not_found")
        long = [{"role": "user", "content": "word " * 20000}]
        assert ask({"messages": long}) == (400, "context_length_exceeded")
        assert ask({"messages": question, "model": "absent"}) == (404, "model_not_found")
        assert ask({"messages": []})[0] == 400

        broken = client.post(
            "/v1/collections/UserData/documents?wait=true",
            files={"files": ("report.pdf", b"%PDF-1.7 and then nothing")},
        )
        assert broken.json()["error"]["code"] == "unreadable_document"
        assert client.get("/health").status_code == 200
        good = client.post("/v1/chat/completions", json={"messages": question})
        assert good.status_code == 200, good.text


def test_the_bundled_model_refuses_a_prompt_longer_than_its_context(
    carrel: CommandLine,
) -> None:
    done = carrel.run("ask", "word " * 9000, "--collection=LLM")
    assert done.returncode == 2, done.stderr
    limit = 8192 - 512
    assert f"kept for the answer, SmolLM2-135M-Instruct takes {limit}." in done.stderr


def can_mount() -> bool:
    """Whether this machine lets us mount a small file system in a namespace of our own."""
    if shutil.which("unshare") is None:
        return False
    probe = ["unshare", "-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def test_a_disk_that_fills_up_loses_nothing_that_was_stored(
    tmp_path: Path, models_dir: Path
) -> None:
    if not can_mount():
        pytest.skip("this machine does not let a test mount a small file system")
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    (first / "kept.txt").write_text("The lighthouse keeper was called Ingrid.")
    for index in range(8):
        (second / f"{index:02}.txt").write_bytes(os.urandom(150_000).hex().encode())
    mount = tmp_path / "small"

    def carrel(*words: str) -> str:
        folders = f"--db_dir={mount}/db --models_dir={models_dir} --log_level=error"
        return f"{sys.executable} -m carrel {' '.join(words)} {folders}"

    script = "\n".join(
        [
            "set -e",
            f"mkdir -p {mount}",
            f"mount -t tmpfs -o size=24m tmpfs {mount}",
            carrel("ingest", f"--user_path={first}"),
            "set +e",
            f"head -c 19m /dev/zero > {mount}/ballast",
            carrel("ingest", f"--user_path={second}", "--json", f"> {tmp_path}/second.json"),
            "echo status=$?",
            f"rm {mount}/ballast",
            carrel("search", "'What was the keeper called?'", "--json", f"> {tmp_path}/found.json"),
            "echo search=$?",
        ]
    )
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", script],
        capture_output=True,
        text=True,
        env=clean_environment(),
        cwd=ROOT / "src",
        check=False,
    )
    assert "status=1" in done.stdout, done.stdout + done.stderr
    assert "search=0" in done.stdout, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    files = json.loads((tmp_path / "second.json").read_text())["files"]
    failed = [each for each in files if each["outcome"] == "failed"]
    assert failed
    assert {each["code"] for each in failed} == {"storage_full"}
    found = json.loads((tmp_path / "found.json").read_text())
    assert found[0]["document"] == "kept.txt"
