"""Cutting pieces to what an embedder reads."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

import pytest

from carrel.core.documents import Section
from carrel.core.indexed_text import HEADING_BYTES, NAME_BYTES, indexed_text
from carrel.index.embedding.embedder import SentenceTransformerEmbedder
from carrel.ingest.chunking.splitter import RecursiveSplitter
from carrel.ingest.chunking.window import WindowSplitter
from tiny.embedder import save_tiny_embedder

NAME = "年次報告書" * 40 + ".pdf"
TEXTS = {
    "japanese": "東京は日本の首都である。人口は千四百万人を超える。" * 120,
    "base64": base64.b64encode(bytes(number * 37 % 256 for number in range(4000))).decode(),
    "long words": "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 60,
    "thai": "กรุงเทพมหานครเป็นเมืองหลวงของประเทศไทย" * 80,
    "digits": "7 1 9 3 8 2 " * 500,
    "emoji": "👩‍👩‍👧‍👦🦜" * 300,
    "english": "The lighthouse keeper was called Ingrid. She wrote every night. " * 60,
}


class Words:
    """A window of ten words."""

    def fits(self, texts: Sequence[str], reserve: int = 0) -> list[bool]:
        """Count the words."""
        return [len(text.split()) <= 10 for text in texts]


@pytest.fixture(scope="module")
def bundled() -> SentenceTransformerEmbedder:
    """The bundled model, which reads 512 word pieces."""
    return SentenceTransformerEmbedder("bundled", offline=True)


def own_count(embedder: SentenceTransformerEmbedder, text: str) -> int:
    """Count as the model's tokenizer does, without the code under test."""
    ids = embedder._loaded().tokenizer(text, truncation=False, verbose=False)["input_ids"]
    return len(ids)


@pytest.mark.parametrize("kind", TEXTS)
def test_nothing_of_a_piece_is_lost_to_the_embedder(
    bundled: SentenceTransformerEmbedder, kind: str
) -> None:
    section = Section(TEXTS[kind], page=3, heading="見出し" * 60)
    pieces = list(WindowSplitter(RecursiveSplitter(2000, 100), bundled).split([section]))
    covered = set()
    for piece in pieces:
        assert section.text[piece.start : piece.end] == piece.text
        assert (piece.page, piece.heading) == (3, section.heading)
        assert own_count(bundled, indexed_text(NAME, piece.heading, piece.text)) <= 512
        covered.update(range(piece.start, piece.end))
    lost = "".join(each for at, each in enumerate(section.text) if at not in covered)
    assert not lost.strip()


def test_without_the_cutting_the_same_pieces_would_be_clipped(
    bundled: SentenceTransformerEmbedder,
) -> None:
    for kind in ("japanese", "base64", "digits"):
        pieces = RecursiveSplitter(2000, 100).split([Section(TEXTS[kind])])
        assert max(own_count(bundled, piece.text) for piece in pieces) > 512


def test_what_the_model_sees_is_the_whole_text(tmp_path: Path) -> None:
    tiny = SentenceTransformerEmbedder(str(save_tiny_embedder(tmp_path)), offline=True)
    fitting = "a b c " * 20 + "a b"  # 62 tokens and the two around them
    assert tiny.fits([fitting, fitting + " c"]) == [True, False]
    assert tiny.fits([fitting], reserve=1) == [False]
    seen, cut = tiny.embed_documents([fitting, fitting + " lighthouse"])
    assert seen == pytest.approx(cut, abs=1e-3)


def test_the_prompt_for_documents_takes_its_place(tmp_path: Path) -> None:
    folder = save_tiny_embedder(tmp_path, prompts={"query": "", "document": "a b c "})
    tiny = SentenceTransformerEmbedder(str(folder), offline=True)
    assert tiny.fits(["x " * 59, "x " * 60]) == [True, False]


def test_pieces_that_fit_are_left_alone() -> None:
    sections = [Section("one two three", page=1), Section("four", page=2, heading="Five")]
    plain = list(RecursiveSplitter(1000, 100).split(sections))
    assert list(WindowSplitter(RecursiveSplitter(1000, 100), Words()).split(sections)) == plain


def test_the_cut_is_at_a_sentence_where_one_ends_near_the_middle() -> None:
    text = "One two three four five six. Seven eight nine ten eleven twelve."
    pieces = list(WindowSplitter(RecursiveSplitter(1000, 100), Words()).split([Section(text)]))
    assert [(piece.text, piece.start, piece.end) for piece in pieces] == [
        ("One two three four five six.", 0, 28),
        ("Seven eight nine ten eleven twelve.", 29, 64),
    ]


def test_name_and_heading_have_a_most() -> None:
    name, heading, text = indexed_text("x" * 500 + "/深い.pdf", "é" * 500, "text").split("\n")
    assert len(name.encode()) <= NAME_BYTES
    assert name.endswith("x 深い")
    assert heading == "é" * (HEADING_BYTES // 2)
    assert text == "text"
