"""``carrel evaluate`` as a real process: through a server, stopped early, and refused."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from carrel.cli.exit_codes import INTERRUPTED
from carrel.cli.main import main
from running.real_processes import ROOT, CommandLine, Server, clean_environment
from waiting import wait_for

SCRIPTED = "--engine=scripted"


def write_questions(folder: Path, count: int = 1) -> Path:
    path = folder / "questions.jsonl"
    line = json.dumps(
        {"question": "Who is the harbor master?", "answer": "Ada Lind", "document": "harbor.txt"}
    )
    path.write_text(f"{line}\n" * count, encoding="utf-8")
    return path


def ingest(carrel: CommandLine, folder: Path) -> None:
    documents = folder / "documents"
    documents.mkdir()
    (documents / "harbor.txt").write_text("The harbor master is Ada Lind.", encoding="utf-8")
    done = carrel.run("ingest", f"--user_path={documents}", SCRIPTED)
    assert done.returncode == 0, done.stderr


def test_a_collection_is_evaluated_through_the_server_and_compared(
    carrel: CommandLine, serve: Callable[..., Server], tmp_path: Path
) -> None:
    serve(SCRIPTED)
    ingest(carrel, tmp_path)
    questions = f"--questions={write_questions(tmp_path)}"
    first = carrel.run("evaluate", questions, f"--output={tmp_path / 'first'}")
    assert first.returncode == 0, first.stderr
    assert "answer hit@1" in first.stdout
    assert "answer contained" in first.stdout
    other = f"--compare={tmp_path / 'first' / 'results.json'}"
    second = carrel.run("evaluate", questions, "--answers=False", other, "--json")
    assert second.returncode == 0, second.stderr
    figures = {each["name"]: each["value"] for each in json.loads(second.stdout)["figures"]}
    assert figures["answer hit@1"] == 1.0
    assert "answer contained" not in figures
    shown = carrel.run("evaluate", questions, "--answers=False", other)
    assert "difference" in shown.stdout
    again = carrel.run("evaluate", questions, f"--output={tmp_path / 'first'}")
    assert "holds an evaluation already" in again.stderr


def test_what_was_done_until_an_interrupt_is_saved(carrel: CommandLine, tmp_path: Path) -> None:
    ingest(carrel, tmp_path)
    saved = tmp_path / "run" / "questions.jsonl"
    words = [
        "evaluate",
        f"--questions={write_questions(tmp_path, 20_000)}",
        f"--output={tmp_path / 'run'}",
        SCRIPTED,
    ]
    process = subprocess.Popen(
        carrel.arguments(words),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=clean_environment(),
        cwd=ROOT / "src",
        text=True,
    )
    try:
        wait_for(lambda: saved.exists() and saved.stat().st_size > 0, seconds=120)
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=120)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == INTERRUPTED, errors
    assert "stopped early" in printed
    record = json.loads((tmp_path / "run" / "results.json").read_text(encoding="utf-8"))
    lines = saved.read_text(encoding="utf-8").splitlines()
    assert record["done"] == len(lines) < record["total"] == 20_000
    assert (tmp_path / "run" / "report.html").exists()


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ([], "--questions=FILE.jsonl"),
        (["--questions=absent.jsonl"], "There is no file absent.jsonl"),
        (["--questions={}", "--limit=0"], "limit is '0'"),
        (["--questions={}", "--limit=two"], "limit is 'two'"),
        (["--questions={}", "--answers=maybe"], "answers is 'maybe'"),
        (["--questions={}", "--compare=absent.json"], "There is no file absent.json"),
        (["--questions={}", "--collection=LLM"], "LLM holds no documents"),
    ],
)
def test_what_cannot_be_evaluated_is_refused_before_anything_is_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flags: list[str], reason: str
) -> None:
    path = str(write_questions(tmp_path))
    given = [flag.replace("{}", path) for flag in flags]
    assert main(["evaluate", *given, f"--db_dir={tmp_path / 'db'}"]) != 0
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "db").exists()
