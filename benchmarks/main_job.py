"""The main job, measured: ingest annual reports, ask questions about them.

    python benchmarks/main_job.py --data=FOLDER [--output=benchmarks/results/main_job.md]

FOLDER holds PDF files and ``questions.jsonl`` with one object per line: ``document``,
``question``, ``evidence_pages_zero_based``. The committed result uses 12 filings and 16 questions
of FinanceBench (patronus-ai/financebench). Everything runs in one process with the bundled
embedder and model, in a temporary data folder.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import psutil

from carrel import bootstrap
from carrel.core.access import Principal
from carrel.core.chat import ChatRequest, Finished, Message, Role, SamplingParams, Scope, TextDelta
from carrel.core.documents import FileOutcome, IncomingFile, OutcomeKind
from carrel.core.protocols.adapters import Embedder
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.settings.load import load_settings
from carrel.settings.process_environment import prepare_environment
from parts.environment import describe_environment

COLLECTION = "UserData"
ME = Principal()
MEBIBYTE = 2**20


class TimedEmbedder:
    """The embedder that is measured, with the time spent inside it and the texts it was given."""

    def __init__(self, embedder: SentenceTransformerEmbedder) -> None:
        self._embedder = embedder
        self.name = embedder.name
        self.seconds = 0.0
        self.batches: list[list[str]] = []

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return self._embedder.dimension

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Embed, and count the time."""
        self.batches.append(list(texts))
        started = time.perf_counter()
        vectors = self._embedder.embed_documents(texts)
        self.seconds += time.perf_counter() - started
        return vectors

    def fits(self, texts: Sequence[str], reserve: int = 0) -> list[bool]:
        """Tell what the embedder would read to its end; its time is the splitter's."""
        return self._embedder.fits(texts, reserve)

    def embed_query(self, text: str) -> list[float]:
        """Embed a question."""
        return self._embedder.embed_query(text)


@dataclass(slots=True)
class Memory:
    """Resident memory in MiB while something runs, sampled twenty times a second."""

    samples: list[float] = field(default_factory=list)

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Sample until the block ends."""
        process, done = psutil.Process(), threading.Event()

        def sample() -> None:
            while not done.wait(0.05):
                self.samples.append(process.memory_info().rss / MEBIBYTE)

        thread = threading.Thread(target=sample)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its gold document and pages, counted from 1."""

    text: str
    document: str
    pages: frozenset[int]


def read_questions(path: Path) -> list[Question]:
    """Read ``questions.jsonl``."""
    questions = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        pages = frozenset(page + 1 for page in row["evidence_pages_zero_based"])
        questions.append(Question(row["question"], row["document"], pages))
    return questions


async def measure_ingestion(
    application: bootstrap.Application, files: Sequence[Path], rows: dict[str, str]
) -> None:
    """Ingest all files and note speed and memory."""
    memory, after_file = Memory(), []
    pages = chunks = 0
    incoming = [IncomingFile(path, path.name) for path in files]
    started = time.perf_counter()
    with memory.watched():
        async for event in application.services.ingestion.ingest(incoming, COLLECTION, ME):
            if isinstance(event, FileOutcome):
                assert event.kind is OutcomeKind.ADDED, event
                assert event.document is not None
                pages += event.document.pages or 0
                chunks += event.document.chunks
                after_file.append(psutil.Process().memory_info().rss / MEBIBYTE)
    seconds = time.perf_counter() - started
    rows["files, pages, chunks"] = f"{len(files)}, {pages}, {chunks}"
    rows["ingestion, s"] = f"{seconds:.1f}"
    rows["ingestion, pages/s"] = f"{pages / seconds:.1f}"
    rows["ingestion, chunks/s"] = f"{chunks / seconds:.1f}"
    rows["peak resident memory of ingestion, MiB"] = f"{max(memory.samples):.0f}"
    rows["resident memory after each file, MiB"] = ", ".join(f"{each:.0f}" for each in after_file)
    rows["_seconds"] = str(seconds)
    rows["_chunks"] = str(chunks)


def measure_bare_embedder(embedder: Embedder, timed: TimedEmbedder, rows: dict[str, str]) -> None:
    """Embed the very same texts once more with nothing around it."""
    started = time.perf_counter()
    for batch in timed.batches:
        embedder.embed_documents(batch)
    bare = time.perf_counter() - started
    seconds, chunks = float(rows.pop("_seconds")), int(rows.pop("_chunks"))
    rows["share of ingestion spent in the embedder"] = f"{timed.seconds / seconds:.1%}"
    rows["bare embedder, chunks/s"] = f"{chunks / bare:.1f}"
    rows["ingestion / bare embedder, time"] = f"{seconds / bare:.3f}"


async def measure_retrieval(
    application: bootstrap.Application, questions: Sequence[Question], rows: dict[str, str]
) -> None:
    """Note how often a gold page and the gold document are among the first results."""
    page_hits = {1: 0, 5: 0, 10: 0}
    document_hits = 0
    times = []
    for question in questions:
        scope = Scope((COLLECTION,), top_k=10)
        started = time.perf_counter()
        found = await application.services.retrieval.search(question.text, scope, ME)
        times.append(time.perf_counter() - started)
        for top_k in page_hits:
            page_hits[top_k] += any(
                each.document_name == question.document and each.chunk.page in question.pages
                for each in found[:top_k]
            )
        document_hits += any(each.document_name == question.document for each in found[:5])
    for top_k, hits in page_hits.items():
        rows[f"page-hit@{top_k}"] = f"{hits / len(questions):.2f} ({hits} of {len(questions)})"
    rows["document-hit@5"] = f"{document_hits / len(questions):.2f}"
    rows["search, median ms"] = f"{1000 * statistics.median(times):.0f}"


async def measure_answers(
    application: bootstrap.Application, questions: Sequence[Question], rows: dict[str, str]
) -> None:
    """Ask every question of the bundled model and note the time to the first text."""
    first, speeds, prompts = [], [], []
    top_k = application.services.settings.documents.top_k
    for question in questions:
        request = ChatRequest(
            (Message(Role.USER, question.text),),
            ME,
            sampling=SamplingParams(max_new_tokens=64),
            scope=Scope((COLLECTION,), top_k=top_k),
        )
        started, seen = time.perf_counter(), None
        async for event in application.services.chat.answer(request):
            if isinstance(event, TextDelta) and seen is None:
                seen = time.perf_counter() - started
            if isinstance(event, Finished):
                usage = event.usage
                prompts.append(usage.prompt_tokens)
                writing = usage.seconds - (usage.time_to_first_token or 0)
                if usage.completion_tokens > 1 and writing > 0:
                    speeds.append((usage.completion_tokens - 1) / writing)
        if seen is not None:
            first.append(seen)
    rows["time to first token, median s"] = f"{statistics.median(first):.2f}"
    rows["time to first token, slowest s"] = f"{max(first):.2f}"
    rows["prompt, median tokens"] = f"{statistics.median(prompts):.0f}"
    rows["writing, median tokens/s"] = f"{statistics.median(speeds):.1f}"


async def measure(
    files: Sequence[Path], questions: Sequence[Question], models_dir: Path
) -> dict[str, str]:
    """Run everything and return the rows of the result."""
    rows: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as folder:
        settings = load_settings(
            {"db_dir": folder, "models_dir": str(models_dir), "offline": "True"}, {}
        ).settings
        embedder = SentenceTransformerEmbedder(settings.documents.embedder, offline=True)
        embedder.embed_query("load the weights before anything is timed")
        timed = TimedEmbedder(embedder)
        application = bootstrap.build(settings, embedder=timed)
        try:
            await measure_ingestion(application, files, rows)
            measure_bare_embedder(embedder, timed, rows)
            timed.batches.clear()
            await measure_retrieval(application, questions, rows)
            await asyncio.to_thread(application.wait_until_ready)
            await measure_answers(application, questions, rows)
        finally:
            await application.close()
    rows["peak resident memory with the model, MiB"] = (
        f"{psutil.Process().memory_info().rss / MEBIBYTE:.0f}"
    )
    return rows


def report(rows: dict[str, str]) -> str:
    """Return the result as a Markdown page."""
    lines = [
        "# The main job",
        "",
        "Made by `python benchmarks/main_job.py --data=FOLDER`; the data are filings and",
        "questions of FinanceBench (patronus-ai/financebench).",
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
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--models_dir", type=Path, default=Path("models"))
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    prepare_environment(offline=True)
    files = sorted(arguments.data.glob("*.pdf"))
    questions = read_questions(arguments.data / "questions.jsonl")
    page = report(asyncio.run(measure(files, questions, arguments.models_dir)))
    print(page)
    if arguments.output is not None:
        arguments.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
