"""What the name of the file before each chunk does to retrieval, whole, shortened, and left out.

    python benchmarks/indexed_text.py --questions=xquad.en.json [--filings=FOLDER] [--most=4]
        [--output=benchmarks/results/indexed_text.md]

The questions are XQuAD's (google-deepmind/xquad, CC BY-SA 4.0), each article one document. The
folder holds filings of FinanceBench (patronus-ai/financebench) and ``questions.jsonl``; the
``most`` smallest are taken. Chunks are cut, embedded and searched as Carrel does: by the nearest
vectors (all compared) and words. Both orders are fused by reciprocal rank (k = 60); Carrel's own
ranking, which weighs the name by itself, is left out, so that what the indexes find is seen. The
names of these documents are shorter than what is kept of a name, so the cap is measured on longer
ones: the same names in a deep folder.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from carrel.core.documents import Chunk, Section
from carrel.core.indexed_text import NAME_BYTES, indexed_text
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.index.keyword.keyword import SqliteKeywordIndex
from carrel.ingest.chunking.splitter import RecursiveSplitter
from carrel.ingest.pdf.pdf import PdfReader
from carrel.services.indexing.indexing import GROUP
from carrel.settings.document_settings import BUNDLED, DocumentSettings
from carrel.settings.process_environment import prepare_environment
from parts.environment import describe_environment

FOLDER = (
    "shared/Department of planning/Archive of finished projects/2019 to 2023/Sources and "
    "background material/received from the library on loan/copies for reading/"
)
"""A folder of about 150 bytes before each name."""

COLLECTION = "measured"


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and whether a chunk answers it."""

    text: str
    is_answered_by: Callable[[Chunk], bool]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Chunks, whose document ids are the names of their files, and questions about them."""

    chunks: Sequence[Chunk]
    questions: Sequence[Question]
    depths: tuple[int, int]


Form = Callable[[Chunk], str]


def whole_name(folder: str) -> Form:
    """Return the form with the whole name in a folder: a heading has no cap to take away."""

    def form(chunk: Chunk) -> str:
        path = (folder + chunk.document_id).rsplit(".", 1)[0]
        name = path.replace("_", " ").replace("/", " ").replace("-", " ")
        return f"{name}\n{indexed_text('', chunk.heading, chunk.text)}"

    return form


FORMS: dict[str, Form] = {
    "no name": lambda chunk: indexed_text("", chunk.heading, chunk.text),
    "name (Carrel)": lambda chunk: indexed_text(chunk.document_id, chunk.heading, chunk.text),
    f"name in a deep folder, its last {NAME_BYTES} bytes (Carrel)": lambda chunk: indexed_text(
        FOLDER + chunk.document_id, chunk.heading, chunk.text
    ),
    "name in a deep folder, whole": whole_name(FOLDER),
}


def chunks_of(name: str, sections: Sequence[Section]) -> list[Chunk]:
    """Cut the sections of a document by the default settings."""
    settings = DocumentSettings()
    pieces = RecursiveSplitter(settings.chunk_size, settings.chunk_overlap).split(sections)
    return [
        Chunk(f"{name}-{n}", name, n, each.text, each.page, each.heading, each.start, each.end)
        for n, each in enumerate(pieces)
    ]


def xquad(path: Path) -> Corpus:
    """Return the articles; a chunk answers if it contains the answer, at its place."""
    chunks: list[Chunk] = []
    questions: list[Question] = []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
        name, text = f"{article['title']}.txt", ""
        for paragraph in article["paragraphs"]:
            for each in paragraph["qas"]:
                [answer, *_] = each["answers"]
                start = len(text) + answer["answer_start"]
                span = (start, start + len(answer["text"]))
                questions.append(Question(each["question"], _holds(name, span)))
            text += paragraph["context"] + "\n\n"
        chunks += chunks_of(name, [Section(text)])
    return Corpus(chunks, questions, (1, 5))


def _holds(name: str, span: tuple[int, int]) -> Callable[[Chunk], bool]:
    return lambda chunk: (
        chunk.document_id == name
        and chunk.start is not None
        and chunk.end is not None
        and chunk.start <= span[0]
        and span[1] <= chunk.end
    )


def filings(folder: Path, most: int) -> Corpus:
    """Return the smallest filings; a chunk answers if it is on a page of the evidence."""
    files = sorted(folder.glob("*.pdf"), key=lambda each: each.stat().st_size)[:most]
    names = {each.name for each in files}
    lines = (folder / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    asked = [each for each in map(json.loads, lines) if each["document"] in names]
    questions = [
        Question(
            each["question"],
            _is_on(each["document"], {page + 1 for page in each["evidence_pages_zero_based"]}),
        )
        for each in asked
    ]
    chunks = [
        chunk for path in files for chunk in chunks_of(path.name, list(PdfReader().read(path)))
    ]
    return Corpus(chunks, questions, (5, 10))


def _is_on(name: str, pages: set[int]) -> Callable[[Chunk], bool]:
    return lambda chunk: chunk.document_id == name and chunk.page in pages


def embedded(embedder: SentenceTransformerEmbedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Embed in groups of texts of about one length."""
    vectors = np.empty((len(texts), embedder.dimension), dtype=np.float32)
    rows = sorted(range(len(texts)), key=lambda row: len(texts[row]))
    for start in range(0, len(rows), GROUP):
        group = rows[start : start + GROUP]
        vectors[group] = embedder.embed_documents([texts[row] for row in group])
    return vectors


def fused(rankings: Sequence[Sequence[str]]) -> list[str]:
    """Merge rankings: the score of an item is the sum of 1 / (60 + rank)."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, item in enumerate(ranking, start=1):
            scores[item] = scores.get(item, 0.0) + 1 / (60 + rank)
    return sorted(scores, key=lambda item: -scores[item])


def shares(
    corpus: Corpus, form: Form, embedder: SentenceTransformerEmbedder, asked: NDArray[np.float32]
) -> list[float]:
    """Return the share of questions with an answering chunk among the first, for both depths."""
    texts = [form(chunk) for chunk in corpus.chunks]
    cosines = asked @ embedded(embedder, texts).T
    candidates = DocumentSettings().retrieval_candidates
    by_id = {chunk.id: chunk for chunk in corpus.chunks}
    ranks: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        words = SqliteKeywordIndex(Path(folder) / "words.db")
        words.add(COLLECTION, corpus.chunks, texts)
        for row, question in zip(cosines, corpus.questions, strict=True):
            nearest = [corpus.chunks[index].id for index in np.argsort(-row)[:candidates]]
            found = words.search(COLLECTION, question.text, candidates)
            order = fused([nearest, [chunk_id for chunk_id, _ in found]])
            hits = (
                rank
                for rank, chunk_id in enumerate(order)
                if question.is_answered_by(by_id[chunk_id])
            )
            ranks.append(next(hits, len(by_id)))
        words.close()
    return [float(np.mean(np.array(ranks) < depth)) for depth in corpus.depths]


def table(title: str, corpus: Corpus, embedder: SentenceTransformerEmbedder) -> list[str]:
    """Measure every form over a corpus, and return the lines of its table."""
    asked = np.array([embedder.embed_query(each.text) for each in corpus.questions], np.float32)
    names = len({chunk.document_id for chunk in corpus.chunks})
    first, second = corpus.depths
    lines = [
        f"## {title}",
        "",
        f"{names} documents, {len(corpus.chunks)} chunks, {len(corpus.questions)} questions.",
        "",
        f"| before each chunk | hit@{first} | hit@{second} |",
        "|---|---|---|",
    ]
    for name, form in FORMS.items():
        found = shares(corpus, form, embedder, asked)
        lines.append(f"| {name} | {found[0]:.3f} | {found[1]:.3f} |")
        print(lines[-1], flush=True)
    return [*lines, ""]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--filings", type=Path)
    parser.add_argument("--most", type=int, default=4)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    prepare_environment(offline=True)
    embedder = SentenceTransformerEmbedder(BUNDLED, offline=True)
    lines = [
        "# The name of the file before each chunk",
        "",
        "Made by `python benchmarks/indexed_text.py`, which says how.",
        "",
        *table("XQuAD, a chunk with the answer", xquad(given.questions), embedder),
    ]
    if given.filings is not None:
        corpus = filings(given.filings, given.most)
        lines += table("FinanceBench, a chunk of a page with the evidence", corpus, embedder)
    lines += [f"Measured on {date.today().isoformat()}:", ""]
    lines += [f"- {name}: {value}" for name, value in describe_environment().items()]
    text = "\n".join(lines) + "\n"
    print(text)
    if given.output is not None:
        given.output.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
