"""The examples of README and docs run as they are; only the address is another."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from running.real_processes import CommandLine, Server
from samples.documents import write_pdf

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
ADDRESS = "http://127.0.0.1:7860"
PAGES = ["About the company.", "The revenue in 2022 was 41 million euros."]
Serve = Callable[..., Server]


def block(page: Path, opening: str) -> str:
    """Return the indented block of a page that begins with a text, without its indentation."""
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"(?:^ {{4}}{re.escape(opening)}.*\n)(?:^(?: {{4}}.*)?\n)*", text, re.M)
    assert found is not None, opening
    return "\n".join(line[4:] for line in found[0].splitlines())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the report that the examples speak of."""
    made = tmp_path / "reports"
    made.mkdir()
    write_pdf(made / "report.pdf", PAGES)
    return made


def run_in(folder: Path, *command: str, **environment: str) -> str:
    run = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


def test_the_curl_lines_upload_and_ask(serve: Serve, folder: Path) -> None:
    server = serve("--engine=scripted")
    upload, ask = block(DOCS / "api.md", "curl -F").replace(ADDRESS, server.address).split("\n\n")
    sent = json.loads(run_in(folder, "bash", "-c", upload.replace("curl", "curl -s")))
    assert [each["status"] for each in sent["documents"]] == ["ready"]
    answer = json.loads(run_in(folder, "bash", "-c", ask.replace("curl", "curl -s")))
    assert answer["choices"][0]["message"]["content"]
    assert (answer["sources"][0]["document"], answer["sources"][0]["page"]) == ("report.pdf", 2)


def test_the_lines_of_python_upload_and_ask(serve: Serve, folder: Path) -> None:
    server = serve("--engine=scripted")
    program = block(DOCS / "api.md", "from carrel.client import").replace(ADDRESS, server.address)
    assert server.address in program
    printed = run_in(folder, sys.executable, "-c", program)
    assert "1 report.pdf 2 The revenue in 2022 was 41 million euros." in printed


@pytest.mark.parametrize(
    ("page", "opening"),
    [
        (DOCS / "command_line.md", "carrel ingest --user_path"),
        (README, ".venv/bin/carrel ingest --user_path"),
    ],
    ids=["docs", "readme"],
)
def test_the_command_lines_ingest_and_ask(
    carrel: CommandLine, serve: Serve, folder: Path, page: Path, opening: str
) -> None:
    # As the page says, the commands work while the server holds the documents.
    serve("--engine=scripted")
    for line in block(page, opening).splitlines():
        _, *words = shlex.split(line.replace("FOLDER", str(folder)), comments=True)
        run = carrel.run(*words)
        assert run.returncode == 0, f"{line}\n{run.stdout}{run.stderr}"
        if words[0] in {"ask", "search"}:
            assert "report.pdf, page 2" in run.stdout


def test_the_command_line_of_an_evaluation_saves_a_report(
    carrel: CommandLine, serve: Serve, folder: Path, tmp_path: Path
) -> None:
    serve("--engine=scripted")
    assert carrel.run("ingest", f"--user_path={folder}").returncode == 0
    asked = {"question": "What was the revenue in 2022?", "answer": "41 million", "page": 2}
    questions = tmp_path / "questions.jsonl"
    questions.write_text(json.dumps(asked | {"document": "report.pdf"}), encoding="utf-8")
    line = block(DOCS / "command_line.md", "carrel evaluate").replace("FILE.jsonl", str(questions))
    _, *words = shlex.split(line.replace("FOLDER", str(tmp_path / "run")))
    run = carrel.run(*words)
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"page hit@1 +1\.000", run.stdout)
    assert (tmp_path / "run" / "report.html").exists()


def test_the_lines_for_a_notebook_print_an_answer(tmp_path: Path, models_dir: Path) -> None:
    program = block(DOCS / "notebook.md", "import carrel\n")
    folder = str(models_dir.resolve())
    printed = run_in(
        tmp_path, sys.executable, "-c", program, CARREL_MODELS_DIR=folder, CARREL_OFFLINE="True"
    )
    assert "water" in printed.lower()
    assert len(printed.split()) > 20
    assert [line for line in printed.splitlines() if "model loaded" in line] == []
