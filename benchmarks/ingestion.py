"""Ingestion, measured: what it costs beyond embedding, and the memory that large files take.

    python benchmarks/ingestion.py --data=FOLDER [--files=3] [--rounds=3]
        [--output=benchmarks/results/ingestion.md]

FOLDER holds PDF files; the committed result uses filings of FinanceBench
(patronus-ai/financebench). The first part ingests some of them and embeds the same texts with
nothing around it, in turns; it tells the ratio of both times. The second part makes four large
files and ingests each in a process of its own, whose memory is sampled together with that of its
reading process. Reading alone, embedding and the stores have benchmarks of their own.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import psutil

from carrel import bootstrap
from carrel.core.access import Principal
from carrel.core.documents import FileOutcome, IncomingFile, OutcomeKind
from carrel.core.protocols.adapters import Embedder
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.settings.load import load_settings
from carrel.settings.process_environment import prepare_environment
from carrel.settings.schema import Settings
from parts.environment import describe_environment

COLLECTION = "UserData"
ME = Principal()
MEBIBYTE = 2**20
SAMPLE_SECONDS = 0.05


class RecordingEmbedder:
    """An embedder that remembers the groups of texts that it was given."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.name = embedder.name
        self.embed_query = embedder.embed_query
        self.groups: list[list[str]] = []

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._embedder.dimension

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed, and remember."""
        self.groups.append(list(texts))
        return self._embedder.embed_documents(texts)


class ShownRows(dict[str, str]):
    """The figures, each printed as soon as there is one: the whole takes many minutes."""

    def __setitem__(self, name: str, value: str) -> None:
        print(f"{name}: {value}", flush=True)
        super().__setitem__(name, value)


def settings_in(folder: Path) -> Settings:
    """Return settings with their data in a folder."""
    given = {"db_dir": str(folder), "engine": "scripted", "offline": "True"}
    return load_settings(given, {}).settings


async def ingested(application: bootstrap.Application, files: Sequence[Path]) -> tuple[int, int]:
    """Ingest files and return how many pages and chunks they have."""
    pages = chunks = 0
    incoming = [IncomingFile(path, path.name) for path in files]
    async for event in application.services.jobs.run(incoming, COLLECTION, ME):
        if isinstance(event, FileOutcome):
            assert event.kind is OutcomeKind.ADDED, event
            assert event.document is not None
            pages += event.document.pages or 0
            chunks += event.document.chunks
    return pages, chunks


async def one_round(embedder: Embedder, files: Sequence[Path]) -> tuple[float, float, int, int]:
    """Return the seconds of an ingestion and of embedding alone, and the pages and chunks."""
    recording = RecordingEmbedder(embedder)
    with tempfile.TemporaryDirectory() as folder:
        application = bootstrap.build(settings_in(Path(folder)), recording)
        started = time.perf_counter()
        pages, chunks = await ingested(application, files)
        whole = time.perf_counter() - started
        await application.close()
    started = time.perf_counter()
    for group in recording.groups:
        embedder.embed_documents(group)
    return whole, time.perf_counter() - started, pages, chunks


def compare_with_embedding(files: Sequence[Path], rounds: int, rows: dict[str, str]) -> None:
    """Note the ratio of ingestion and embedding alone, in interleaved rounds."""
    embedder = SentenceTransformerEmbedder("bundled", offline=True)
    embedder.embed_documents(["load the weights"] * 16)
    measured = [asyncio.run(one_round(embedder, files)) for _ in range(rounds)]
    pages, chunks = measured[0][2:]
    rows["files, pages, chunks"] = f"{len(files)}, {pages}, {chunks}"
    rows["ingestion, s (each round)"] = ", ".join(f"{each[0]:.1f}" for each in measured)
    rows["the same texts embedded alone, s"] = ", ".join(f"{each[1]:.1f}" for each in measured)
    ratios = [whole / alone for whole, alone, *_ in measured]
    rows["ingestion / embedding alone, median (lowest, highest)"] = (
        f"{statistics.median(ratios):.3f} ({min(ratios):.3f}, {max(ratios):.3f})"
    )


def words(count: int, chance: random.Random) -> str:
    """Return a sentence-like text of so many made-up words."""
    syllables = ["ka", "lo", "mi", "ren", "tas", "vo", "gel", "pir", "sun", "dar", "in", "est"]
    made = ("".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(count))
    return " ".join(word + ("." if chance.random() < 0.08 else "") for word in made)


def write_text(path: Path, chance: random.Random) -> None:
    """Write 3 MB of plain text."""
    with path.open("w") as file:
        while file.tell() < 3_000_000:
            file.write(words(120, chance) + "\n\n")


def write_workbook(path: Path, chance: random.Random) -> None:
    """Write 5,000 rows of ten columns."""
    from openpyxl import Workbook

    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Orders")
    sheet.append([f"Column {number}" for number in range(10)])
    for row in range(5000):
        sheet.append([row, *(words(2, chance) for _ in range(6)), *(chance.random(),) * 3])
    workbook.save(path)


def write_docx(path: Path, chance: random.Random) -> None:
    """Write about 870 pages of 450 words."""
    from docx import Document

    document = Document()
    for page in range(870):
        if page % 10 == 0:
            document.add_heading(f"Chapter {page // 10 + 1}", 1)
        for _ in range(3):
            document.add_paragraph(words(150, chance))
    document.save(str(path))


def write_pdf(path: Path, chance: random.Random) -> None:
    """Write 1,200 pages of 40 lines."""
    from reportlab.pdfgen.canvas import Canvas

    canvas = Canvas(str(path))
    for page in range(1200):
        canvas.drawString(72, 800, f"Page {page + 1}")
        for line in range(40):
            canvas.drawString(72, 780 - 18 * line, words(10, chance))
        canvas.showPage()
    canvas.save()


LARGE: dict[str, Callable[[Path, random.Random], None]] = {
    "text.txt": write_text,
    "orders.xlsx": write_workbook,
    "book.docx": write_docx,
    "report.pdf": write_pdf,
}


@contextmanager
def memory_watched(samples: list[float]) -> Iterator[None]:
    """Sample the memory of this process and its children, shared pages counted once, in MiB."""
    done = threading.Event()

    def sample() -> None:
        while not done.wait(SAMPLE_SECONDS):
            samples.append(memory_now())

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def memory_now() -> float:
    """Return the memory of this process and its children in MiB."""
    own = psutil.Process()
    total = 0
    for process in [own, *own.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / MEBIBYTE


def ingest_one(path: Path) -> None:
    """Ingest a file in this process and print chunks, seconds, idle and highest memory."""
    prepare_environment(offline=True)
    embedder = SentenceTransformerEmbedder("bundled", offline=True)
    with tempfile.TemporaryDirectory() as folder:
        application = bootstrap.build(settings_in(Path(folder)), embedder)
        embedder.embed_documents(["load the weights. " * 40] * 16)

        async def run() -> tuple[float, int, float, list[float]]:
            idle, samples = memory_now(), []
            started = time.perf_counter()
            with memory_watched(samples):
                _, chunks = await ingested(application, [path])
            seconds = time.perf_counter() - started
            await application.close()
            return seconds, chunks, idle, samples

        seconds, chunks, idle, samples = asyncio.run(run())
    print(f"{chunks} {seconds:.1f} {idle:.0f} {max(samples):.0f}")


def measure_large_files(rows: dict[str, str]) -> None:
    """Ingest each large file in a fresh process and note its memory."""
    chance = random.Random(7)
    with tempfile.TemporaryDirectory() as folder:
        for name, write in LARGE.items():
            path = Path(folder) / name
            write(path, chance)
            done = subprocess.run(
                [sys.executable, __file__, f"--ingest={path}"],
                capture_output=True,
                text=True,
                check=True,
            )
            chunks, seconds, idle, highest = done.stdout.split()[-4:]
            rows[f"{name}, {path.stat().st_size / 1e6:.1f} MB"] = (
                f"{chunks} chunks in {seconds} s; {idle} MiB idle, at most {highest} MiB "
                f"(+{int(highest) - int(idle)})"
            )


def write_report(rows: dict[str, str], output: Path | None) -> None:
    """Print the result, and write it where that is asked for."""
    lines = [
        "# Ingestion",
        "",
        "Made by `python benchmarks/ingestion.py --data=FOLDER`; the PDF files are filings of",
        "FinanceBench (patronus-ai/financebench), the large files are made by the script. Memory",
        "is that of the process and of its reading process, pages that both share counted once.",
        "",
        "| figure | value |",
        "|---|---|",
        *(f"| {name} | {value} |" for name, value in rows.items()),
        "",
        f"Measured on {date.today().isoformat()}:",
        "",
        *(f"- {name}: {value}" for name, value in describe_environment().items()),
        "",
    ]
    text = "\n".join(lines)
    print(text)
    if output is not None:
        output.write_text(text, encoding="utf-8")


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--files", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", type=Path)
    parser.add_argument("--ingest", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ingest is not None:
        ingest_one(arguments.ingest)
        return
    if arguments.data is None:
        parser.error("name a folder of PDF files with --data")
    prepare_environment(offline=True)
    files = sorted(arguments.data.rglob("*.pdf"))[: arguments.files]
    rows = ShownRows()
    compare_with_embedding(files, arguments.rounds, rows)
    measure_large_files(rows)
    write_report(rows, arguments.output)


if __name__ == "__main__":
    main()
