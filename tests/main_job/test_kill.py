"""An ingestion that is killed again and again ends as one that was left in peace."""

from __future__ import annotations

import json
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from repetitions import Repetitions
from running.real_processes import ROOT, clean_environment
from samples.documents import (
    write_csv,
    write_docx,
    write_html,
    write_markdown,
    write_pdf,
    write_pptx,
    write_text,
    write_xlsx,
)
from tiny.counting_embedder import CountingEmbedder

PATIENCE = 60


def prose(about: str, paragraphs: int) -> list[str]:
    """Return paragraphs that all differ, each about as long as a chunk."""
    return [
        f"Paragraph {number} of {about}. " + f"It tells of {about} once more, {number}. " * 25
        for number in range(paragraphs)
    ]


def write_mixed_files(folder: Path) -> Path:
    """Write 30 files of eight formats, some with several batches of chunks."""
    folder.mkdir()
    for n in range(30):
        text = prose(f"file {n}", 3 + n * 7 % 40)
        match n % 8:
            case 0:
                write_text(folder / f"{n}.txt", "\n\n".join(prose(f"file {n}", 90)))
            case 1:
                write_pdf(folder / f"{n}.pdf", [each[:900] for each in text])
            case 2:
                write_docx(folder / f"{n}.docx", [("Title", 1), *text])
            case 3:
                write_pptx(folder / f"{n}.pptx", [("Slide", each[:300], "") for each in text[:9]])
            case 4:
                write_xlsx(folder / f"{n}.xlsx", {"Sheet": [["n", "t"], *enumerate(text)]})
            case 5:
                write_html(folder / f"{n}.html", "".join(f"<p>{each}</p>" for each in text))
            case 6:
                write_markdown(folder / f"{n}.md", "\n\n".join(["# Title", *text]))
            case 7:
                write_csv(folder / f"{n}.csv", [["n", "t"], *enumerate(text)])
    return folder


@dataclass
class Nursery:
    """Starts processes that ingest, and kills them."""

    process: subprocess.Popen[bytes]
    rest: bytes = b""
    pids: list[int] = field(default_factory=list)

    def start(self, data: Path, db_type: str) -> int:
        """Start a process over a data folder and return its id."""
        assert self.process.stdin is not None
        self.process.stdin.write(
            json.dumps({"data": str(data), "db_type": db_type}).encode() + b"\n"
        )
        self.process.stdin.flush()
        pid = self.line()["pid"]
        self.pids.append(pid)
        return int(pid)

    def line(self, seconds: float = PATIENCE) -> dict[str, Any]:
        """Return the next line, or nothing when none comes in time."""
        assert self.process.stdout is not None
        deadline = time.monotonic() + seconds
        while b"\n" not in self.rest:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self.process.stdout], [], [], left)[0]:
                return {}
            self.rest += os.read(self.process.stdout.fileno(), 1 << 20)
        line, _, self.rest = self.rest.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        assert found.get("gone") not in self.pids, "a process ended by itself; see its errors"
        return found

    def kill(self, pid: int) -> list[dict[str, Any]]:
        """Kill a process, and return the lines that it had still written."""
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self.pids.remove(pid)
        lines = []
        while (line := self.line()) and line.get("gone") != pid:
            lines.append(line)
        return lines


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    """The process that the others come from."""
    files = write_mixed_files(tmp_path / "files")
    environment = clean_environment() | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}
    with (tmp_path / "errors").open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "tests" / "running" / "killed_ingestion.py"), str(files)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=environment,
        )
    nursery = Nursery(process)
    yield nursery
    for pid in nursery.pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.kill()
    process.communicate()


@pytest.mark.parametrize("db_type", ["chroma", "faiss"])
def test_a_process_killed_at_random_points_leaves_no_half_document_and_finishes_the_rest(
    nursery: Nursery, db_type: str, tmp_path: Path, repetitions: Repetitions
) -> None:
    wanted = repetitions(8, thorough=25)
    chance = random.Random(f"kill {db_type}")
    kills = rounds = 0
    while kills < wanted:
        data = tmp_path / f"{db_type}-{rounds}"
        rounds += 1
        kills += killed_until_finished(nursery, data, db_type, chance, wanted - kills)


def killed_until_finished(
    nursery: Nursery, data: Path, db_type: str, chance: random.Random, most: int
) -> int:
    """Ingest, killed up to ``most`` times at random points; check every start and the end."""
    embedder = CountingEmbedder(data.with_suffix(".journal"))
    kept_at: list[tuple[int, set[str]]] = []
    kills = 0
    while True:
        pid = nursery.start(data, db_type)
        lines: list[dict[str, Any]] = []
        # Some die while they start and repair, most while they ingest.
        waits_for_start = chance.random() < 0.8
        if waits_for_start or kills == most:
            lines.append(nursery.line())
        patience = PATIENCE if kills == most else chance.uniform(0.0, 0.9)
        if line := nursery.line(patience):
            lines.append(line)
        ended = any("ended" in each for each in lines)
        if not ended:
            assert kills < most, "an ingestion that is left in peace comes to its end"
            lines += nursery.kill(pid)
            kills += 1
        for each in lines:
            assert each.get("faults", []) == [], each
            if "kept" in each:
                kept_at.append((each["embedded"], set(each["kept"])))
        if any("ended" in each for each in lines):
            break
    nursery.kill(pid)
    embedded = embedder.embedded()
    for position, kept in kept_at:
        again = kept & set(embedded[position:])
        assert not again, f"{len(again)} texts were embedded again whose vectors are stored"
    print(f"{kills} kills: {len(set(embedded))} texts, {len(embedded)} embedded")
    return kills
