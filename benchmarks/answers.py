"""Retrieval, answers, abstention and citations, on questions whose answers are known.

    python benchmarks/answers.py --xquad=FILE.json [--filings=FOLDER] [--output=FILE.md]
        [--embedder=NAME] [--answers=N]
    python benchmarks/answers.py --xquad=FILE.json --languages FILE.json ... [--output=FILE.md]

FILE.json is English XQuAD in SQuAD's format (google-deepmind/xquad, CC BY-SA 4.0); each article is
one text document, all in one collection. FOLDER holds filings as PDF and ``questions.jsonl`` with
``document``, ``question``, ``evidence_pages_zero_based`` per line (FinanceBench,
patronus-ai/financebench). Everything runs offline in one process with the bundled models, beside
what one writes in an afternoon: LangChain's recursive splitter at 1,000/100, the same embedder,
Chroma, the nearest four chunks, and the question after them.

With ``--languages`` only passages and abstention are measured: for each file, with its own
questions and with the English ones. Times are those of the processor.

With another ``--embedder`` it finds the setting ``min_relevance`` for it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
from langchain_text_splitters import RecursiveCharacterTextSplitter

from carrel import bootstrap
from carrel.core.access import Principal
from carrel.core.chat import (
    AnswerStyle,
    ChatRequest,
    Message,
    Role,
    SamplingParams,
    Scope,
    SourcesCited,
    TextDelta,
)
from carrel.core.documents import Chunk, FileOutcome, IncomingFile, OutcomeKind, RetrievedChunk
from carrel.core.protocols.adapters import Engine
from carrel.evaluate.metrics import contains, first_rank, hit_at, mean_reciprocal_rank, token_f1
from carrel.ingest.pdf.pdf import PdfReader
from carrel.services.chat.abstention import LEAST_EVIDENCE
from carrel.services.retrieval.ranking import cosines
from carrel.settings.load import load_settings
from carrel.settings.process_environment import prepare_environment
from parts.answer_languages import HEAD, Search, cells
from parts.environment import describe_environment

ME = Principal()
COLLECTION = "UserData"
TOP = 10
FOUND = 400
"""Chunks of a single search that are looked at, so that a page on a far rank is still counted."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question, the document that answers it, and where in it.

    ``span`` is the gold paragraph in characters, or ``pages`` the gold pages from 1.
    """

    text: str
    document: str
    answers: tuple[str, ...] = ()
    span: tuple[int, int] = (0, 0)
    pages: frozenset[int] = frozenset()

    def is_answered_by(self, found: RetrievedChunk) -> bool:
        """Whether a passage is on a gold page, or has a gold answer in the gold paragraph."""
        if found.document_name != self.document:
            return False
        if self.pages:
            return found.chunk.page in self.pages
        start = max(found.chunk.start, self.span[0]) - found.chunk.start
        end = min(found.chunk.end, self.span[1]) - found.chunk.start
        return any(answer in found.chunk.text[start:end] for answer in self.answers if start < end)


Retriever = Callable[[Question], list[RetrievedChunk]]


@dataclass(slots=True)
class Table:
    """Rows of one table of the result, printed as they come."""

    title: str
    head: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)

    def add(self, *cells: str) -> None:
        """Add a row."""
        self.rows.append(cells)
        print(self.title, *cells, sep=" | ", flush=True)

    def lines(self) -> list[str]:
        """Return the table in Markdown."""
        rows = [self.head, ["---"] * len(self.head), *self.rows]
        return [f"## {self.title}", "", *(f"| {' | '.join(row)} |" for row in rows), ""]


def write_articles(data: Path, folder: Path) -> tuple[list[Path], list[Question]]:
    """Write each article as a text file; return the files and the questions."""
    folder.mkdir()
    files, questions = [], []
    for article in json.loads(data.read_text(encoding="utf-8"))["data"]:
        path = folder / f"{article['title']}.txt"
        texts = [paragraph["context"] for paragraph in article["paragraphs"]]
        path.write_text("\n\n".join(texts), encoding="utf-8")
        files.append(path)
        start = 0
        for paragraph, text in zip(article["paragraphs"], texts, strict=True):
            span = (start, start + len(text))
            for each in paragraph["qas"]:
                answers = tuple(dict.fromkeys(answer["text"] for answer in each["answers"]))
                questions.append(Question(each["question"], path.name, answers, span))
            start = span[1] + 2
    return files, questions


def read_filings(folder: Path) -> tuple[list[Path], list[Question]]:
    """Return the filings and the questions about them."""
    questions = []
    for line in (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        pages = frozenset(page + 1 for page in row["evidence_pages_zero_based"])
        questions.append(Question(row["question"], row["document"], pages=pages))
    return sorted(folder.glob("*.pdf")), questions


async def ingest(application: bootstrap.Application, files: Sequence[Path]) -> None:
    """Put the files into the collection."""
    incoming = [IncomingFile(path, path.name) for path in files]
    async for event in application.services.ingestion.ingest(incoming, COLLECTION, ME):
        if isinstance(event, FileOutcome):
            assert event.kind is OutcomeKind.ADDED, event


class Stages:
    """The searches of a running Carrel, one by one."""

    def __init__(self, application: bootstrap.Application) -> None:
        self._catalog = application.services.retrieval._catalog
        self._indexes = application.indexes
        collections = self._catalog.collections()
        self._id = next(each.id for each in collections if each.name == COLLECTION)

    def dense(self, question: Question) -> list[RetrievedChunk]:
        """Return the nearest chunks."""
        vector = self._indexes.embedder.embed_query(question.text)
        return self._read(self._indexes.vectors.search(self._id, vector, FOUND))

    def keyword(self, question: Question) -> list[RetrievedChunk]:
        """Return the chunks with the question's words."""
        return self._read(self._indexes.keywords.search(self._id, question.text, FOUND))

    def fused(self, question: Question) -> list[RetrievedChunk]:
        """Return both orders merged by reciprocal rank with k = 60, as hybrid searches do."""
        scores: dict[str, float] = {}
        chunks: dict[str, RetrievedChunk] = {}
        for order in (self.dense(question), self.keyword(question)):
            for rank, each in enumerate(order[:100], start=1):
                scores[each.chunk.id] = scores.get(each.chunk.id, 0.0) + 1 / (60 + rank)
                chunks[each.chunk.id] = each
        return [chunks[key] for key in sorted(scores, key=lambda key: -scores[key])]

    def _read(self, pairs: Sequence[tuple[str, float]]) -> list[RetrievedChunk]:
        chunks = self._catalog.chunks([key for key, _ in pairs])
        names = {each.document_id: "" for each in chunks.values()}
        for key in names:
            record = self._catalog.document(key)
            assert record is not None
            names[key] = record.name
        return [
            RetrievedChunk(chunks[key], names[chunks[key].document_id], COLLECTION, score)
            for key, score in cosines(pairs, ()).items()
        ]


class Baseline:
    """LangChain's splitter, the same embedder, Chroma, the nearest four."""

    def __init__(self, application: bootstrap.Application, files: Sequence[Path]) -> None:
        splitter = RecursiveCharacterTextSplitter(
            chunk_size=1000, chunk_overlap=100, add_start_index=True
        )
        self._embedder = application.indexes.embedder
        self._chunks: list[RetrievedChunk] = []
        for path in files:
            for page, text in _pages(path):
                for part in splitter.create_documents([text]):
                    start = part.metadata["start_index"]
                    end = start + len(part.page_content)
                    key = str(len(self._chunks))
                    chunk = Chunk(key, path.name, 0, part.page_content, page, None, start, end)
                    self._chunks.append(RetrievedChunk(chunk, path.name, COLLECTION, 0.0))
        client = chromadb.EphemeralClient(
            settings=chromadb.config.Settings(anonymized_telemetry=False)
        )
        self._store = client.create_collection(
            f"baseline{len(self._chunks)}", configuration={"hnsw": {"space": "cosine"}}
        )
        for at in range(0, len(self._chunks), 64):
            batch = self._chunks[at : at + 64]
            self._store.add(
                ids=[each.chunk.id for each in batch],
                embeddings=np.array(
                    self._embedder.embed_documents([each.chunk.text for each in batch]), np.float32
                ),
            )

    def search(self, question: Question, top: int = TOP) -> list[RetrievedChunk]:
        """Return the nearest chunks."""
        vector = self._embedder.embed_query(question.text)
        found = self._store.query(query_embeddings=np.array([vector], np.float32), n_results=top)[
            "ids"
        ][0]
        return [self._chunks[int(key)] for key in found]


def _pages(path: Path) -> Iterable[tuple[int | None, str]]:
    if path.suffix != ".pdf":
        return [(None, path.read_text(encoding="utf-8"))]
    return [(each.page, each.text) for each in PdfReader().read(path)]


async def measure_retrieval(
    table: Table,
    application: bootstrap.Application,
    files: Sequence[Path],
    questions: Sequence[Question],
) -> Baseline:
    """Add a row for each way to find passages."""
    stages = Stages(application)
    baseline = Baseline(application, files)

    def final(question: Question) -> list[RetrievedChunk]:
        scope = Scope((COLLECTION,), top_k=TOP)
        return asyncio.run(application.services.retrieval.search(question.text, scope, ME))

    ways: dict[str, Retriever] = {
        "baseline": baseline.search,
        "dense": stages.dense,
        "keyword": stages.keyword,
        "fused": stages.fused,
        "final": final,
    }
    for name, retriever in ways.items():
        started = time.perf_counter()
        found = [await asyncio.to_thread(retriever, each) for each in questions]
        seconds = (time.perf_counter() - started) / len(questions)
        table.add(name, *_hits(questions, found), f"{1000 * seconds:.0f} ms")
    return baseline


def _hits(questions: Sequence[Question], found: Sequence[list[RetrievedChunk]]) -> list[str]:
    pairs = list(zip(questions, found, strict=True))
    ranks = [first_rank(map(asked.is_answered_by, order)) for asked, order in pairs]
    documents = [any(each.document_name == asked.document for each in o[:5]) for asked, o in pairs]
    shares = [hit_at(ranks, top) for top in (1, 3, 5, 10)]
    shares += [mean_reciprocal_rank(ranks), statistics.mean(documents)]
    return [f"{share:.3f}" for share in shares if share is not None]


@dataclass(slots=True)
class Answered:
    """What came of one question."""

    text: str = ""
    first: float = 0.0
    seconds: float = 0.0
    cited: SourcesCited | None = None


async def ask(
    application: bootstrap.Application, question: Question, style: AnswerStyle
) -> Answered:
    """Ask Carrel."""
    request = ChatRequest(
        (Message(Role.USER, question.text),),
        ME,
        sampling=SamplingParams(max_new_tokens=96),
        scope=Scope((COLLECTION,), top_k=8, style=style),
    )
    answered, started = Answered(), time.perf_counter()
    async with aclosing(application.services.chat.answer(request)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                answered.first = answered.first or time.perf_counter() - started
                answered.text += event.text
            elif isinstance(event, SourcesCited):
                answered.cited = event
    answered.seconds = time.perf_counter() - started
    return answered


async def ask_baseline(engine: Engine, baseline: Baseline, question: Question) -> Answered:
    """Put the nearest four chunks before the question, and nothing else."""
    answered, started = Answered(), time.perf_counter()
    found = await asyncio.to_thread(baseline.search, question, 4)
    context = "\n\n".join(each.chunk.text for each in found)
    prompt = [Message(Role.USER, f"{context}\n\nQuestion: {question.text}")]
    async with aclosing(engine.generate(prompt, SamplingParams(max_new_tokens=96))) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                answered.first = answered.first or time.perf_counter() - started
                answered.text += event.text
    answered.seconds = time.perf_counter() - started
    return answered


async def measure_answers(
    table: Table,
    citations: Table,
    application: bootstrap.Application,
    baseline: Baseline,
    questions: Sequence[Question],
) -> None:
    """Add a row for each style, and one for the baseline."""
    await asyncio.to_thread(application.wait_until_ready)
    engine = application.pool.get(None)
    full = [await ask(application, each, AnswerStyle.FULL) for each in questions]
    table.add("full", *_answer_cells(questions, full))
    _cite(citations, questions, full)
    short = [await ask(application, each, AnswerStyle.SHORT) for each in questions]
    table.add("short", *_answer_cells(questions, short))
    plain = [await ask_baseline(engine, baseline, each) for each in questions]
    table.add("baseline", *_answer_cells(questions, plain))


def _answer_cells(questions: Sequence[Question], answered: Sequence[Answered]) -> list[str]:
    pairs = list(zip(questions, answered, strict=True))
    return [
        f"{statistics.mean(contains(each.text, asked.answers) for asked, each in pairs):.3f}",
        f"{statistics.median(len(each.text.split()) for each in answered):.0f}",
        f"{statistics.mean(token_f1(each.text, asked.answers) for asked, each in pairs):.3f}",
        f"{statistics.median(each.first for each in answered):.2f} s",
        f"{statistics.median(each.seconds for each in answered):.2f} s",
    ]


def _cite(table: Table, questions: Sequence[Question], answered: Sequence[Answered]) -> None:
    verbatim: list[bool] = []
    gold: list[bool] = []
    for asked, each in zip(questions, answered, strict=True):
        assert each.cited is not None
        given = [found for sentence in each.cited.sentences for found in sentence.citations]
        verbatim += [found.quote in found.source.text for found in given]
        if given and contains(each.text, asked.answers):
            first = given[0]
            start = first.source.start + first.start
            inside = asked.span[0] <= start < asked.span[1]
            gold.append(first.source.document == asked.document and inside)
    table.add("citations", f"{len(verbatim)}")
    table.add("of them verbatim", f"{statistics.mean(verbatim):.3f}")
    table.add(
        "first one in the gold paragraph, of answers that hold the gold answer",
        f"{statistics.mean(gold):.3f} of {len(gold)}",
    )


async def measure_abstention(
    table: Table, application: bootstrap.Application, questions: Sequence[Question]
) -> None:
    """Ask each question with its article in the scope and without; find the best bound, too."""
    stages = Stages(application)
    records = stages._catalog.documents(stages._id)
    ids = {each.name: each.id for each in records}
    evidence: dict[bool, list[float]] = {True: [], False: []}
    suffices: dict[bool, list[bool]] = {True: [], False: []}
    for asked in questions:
        others = tuple(key for name, key in ids.items() if name != asked.document)
        for present, scope in ((True, ()), (False, others)):
            wanted = Scope((COLLECTION,), scope, top_k=TOP)
            found = await application.services.retrieval.search(asked.text, wanted, ME)
            evidence[present].append(max(each.evidence for each in found))
            suffices[present].append(await application.services.chat.suffices(asked.text, found))
    there, away = np.array(evidence[True]), np.array(evidence[False])

    def accuracy(bound: float) -> float:
        return float(((there >= bound).mean() + (away < bound).mean()) / 2)

    bounds = np.unique(np.round(np.concatenate([there, away]), 3))
    best = float(max(bounds, key=accuracy))
    table.add("best bound on these questions", f"{best:.3f}", f"{accuracy(best):.3f}", "", "")
    name = application.indexes.embedder.name
    if name in LEAST_EVIDENCE:
        bound = LEAST_EVIDENCE[name]
        table.add(
            "the product's bound of passages",
            f"{bound:.3f}",
            f"{accuracy(bound):.3f}",
            f"{(away < bound).mean():.3f}",
            f"{(there >= bound).mean():.3f}",
        )
    kept, declined = np.mean(suffices[True]), 1 - np.mean(suffices[False])
    balanced = f"{(kept + declined) / 2:.3f}"
    table.add("the product, with sentences", "", balanced, f"{declined:.3f}", f"{kept:.3f}")


async def measure(arguments: argparse.Namespace) -> list[Table]:
    """Run everything and return the tables."""
    shares = ["way", "hit@1", "hit@3", "hit@5", "hit@10", "MRR", "document@5", "a question"]
    xquad = Table("XQuAD: passages", shares)
    answers = Table(
        "XQuAD: answers of the bundled model",
        ["style", "holds the gold answer", "median words", "token F1", "first text", "whole"],
    )
    citations = Table("XQuAD: citations", ["figure", "value"])
    abstention = Table(
        "XQuAD: abstention",
        ["bound", "least evidence", "balanced accuracy", "abstains rightly", "answers rightly"],
    )
    filings = Table("FinanceBench: pages", shares)
    with tempfile.TemporaryDirectory() as folder:
        files, questions = write_articles(arguments.xquad, Path(folder, "texts"))
        application = _build(Path(folder, "xquad"), arguments)
        try:
            await ingest(application, files)
            baseline = await measure_retrieval(xquad, application, files, questions)
            await measure_abstention(abstention, application, questions)
            if arguments.answers:
                step = max(1, len(questions) // arguments.answers)
                sample = questions[::step][: arguments.answers]
                await measure_answers(answers, citations, application, baseline, sample)
                answers.title += f" ({len(sample)} questions)"
        finally:
            await application.close()
        if arguments.filings is not None:
            files, questions = read_filings(arguments.filings)
            application = _build(Path(folder, "filings"), arguments)
            try:
                await ingest(application, files)
                await measure_retrieval(filings, application, files, questions)
                filings.title += f" ({len(files)} filings, {len(questions)} questions)"
            finally:
                await application.close()
    return [each for each in (xquad, filings, answers, citations, abstention) if each.rows]


async def measure_languages(arguments: argparse.Namespace) -> list[Table]:
    """Add two rows for each language; return one table."""
    table = Table("XQuAD in other languages: passages", HEAD)
    with tempfile.TemporaryDirectory() as folder:
        _, english = write_articles(arguments.xquad, Path(folder, "english"))
        for data in (arguments.xquad, *arguments.languages):
            files, questions = write_articles(data, Path(folder, f"texts of {data.name}"))
            application = _build(Path(folder, data.name), arguments)
            try:
                started = time.process_time()
                await ingest(application, files)
                name = f"{data.stem}, ingested in {time.process_time() - started:.0f} s"
                search = _search(application)
                suffices = application.services.chat.suffices
                asked = [questions] if data == arguments.xquad else [questions, english]
                for kind, each in zip(("own", "English"), asked, strict=False):
                    row = await cells(questions, [one.text for one in each], search, suffices)
                    table.add(name, kind, *row)
            finally:
                await application.close()
    return [table]


def _search(application: bootstrap.Application) -> Search:
    stages = Stages(application)
    ids = {each.name: each.id for each in stages._catalog.documents(stages._id)}

    async def search(text: str, without: str | None) -> list[RetrievedChunk]:
        others = tuple(key for name, key in ids.items() if name != without) if without else ()
        scope = Scope((COLLECTION,), others, top_k=TOP)
        return await application.services.retrieval.search(text, scope, ME)

    return search


def _build(folder: Path, arguments: argparse.Namespace) -> bootstrap.Application:
    given: dict[str, Any] = {
        "db_dir": str(folder),
        "models_dir": str(arguments.models_dir),
        "embedder": arguments.embedder,
        "offline": "True",
    }
    return bootstrap.build(load_settings(given, {}).settings)


def report(tables: Sequence[Table]) -> str:
    """Return the result as a Markdown page."""
    lines = [
        "# Answers",
        "",
        "Made by `python benchmarks/answers.py --xquad=FILE.json --filings=FOLDER`. The data are",
        "English XQuAD (google-deepmind/xquad, CC BY-SA 4.0), one document per article in one",
        "collection, and filings of FinanceBench (patronus-ai/financebench). A hit is a passage",
        "with a gold answer in the gold paragraph, or on a gold page. `dense`, `keyword` and",
        "`fused` (reciprocal rank) are Carrel's own indexes; `final` is what is returned. The",
        "baseline is LangChain's recursive splitter at 1,000/100, the same embedder, Chroma, the",
        "nearest four chunks, the question last.",
        "",
    ]
    for table in tables:
        lines += table.lines()
    lines += [
        f"Measured on {date.today().isoformat()}:",
        "",
        *(f"- {name}: {value}" for name, value in describe_environment().items()),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Read the command line, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--xquad", type=Path, required=True)
    parser.add_argument("--filings", type=Path)
    parser.add_argument("--languages", type=Path, nargs="+", help="XQuAD in other languages")
    parser.add_argument("--embedder", default="bundled")
    parser.add_argument("--answers", type=int, default=300, help="questions that are answered")
    parser.add_argument("--models_dir", type=Path, default=Path("models"))
    parser.add_argument("--output", type=Path)
    arguments = parser.parse_args()
    prepare_environment(offline=True)
    tables = measure_languages(arguments) if arguments.languages else measure(arguments)
    page = report(asyncio.run(tables))
    print(page)
    if arguments.output is not None:
        arguments.output.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
