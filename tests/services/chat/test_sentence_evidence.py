"""A passage about several things is no reason to decline what one of its sentences says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import Scope
from carrel.services.chat.recent_vectors import MOST_REMEMBERED, RecentVectors
from texts import ingest_texts

TEXTS = {
    "minutes.txt": (
        "Minutes of the board, 12 June 2024. Present: Ada Lind, Bo Ek, Cy Ahl. The board approved "
        "the new pier. Bo Ek reported that the ferry Heron was repaired. The repair took nine "
        "days. The lease of the warehouse ends on 31 December 2025 and can be ended with three "
        "months' notice. The next item was the summer festival, which will have a market."
    ),
    "report.txt": "The bridge over the Lund was inspected in March 2024. Two bolts were missing.",
    "verein.txt": "Der Verein trifft sich am Dienstag im Saal. Der Beitrag beträgt 40 Euro.",
}


async def suffices(application: Application, question: str) -> bool:
    scope = Scope(("UserData",))
    found = await application.services.retrieval.search(question, scope, Principal())
    return await application.services.chat.suffices(question, found)


@pytest.mark.parametrize(
    ("question", "answered"),
    [
        ("How long did the repair take?", True),
        ("What is the notice period of the lease?", True),
        ("Who was present?", True),
        ("When was the bridge inspected?", True),
        ("Wie hoch ist der Beitrag?", True),
        ("Who is the mayor of Lund?", False),
        ("How high is the rent of the warehouse?", False),
        ("What is the capital of France?", False),
        ("Wer ist der Bürgermeister von Wien?", False),
    ],
)
async def test_a_sentence_is_evidence(
    application: Application, question: str, answered: bool
) -> None:
    await ingest_texts(application, TEXTS)
    assert await suffices(application, question) is answered


class CountingEmbedder:
    """Counts the texts that it embeds."""

    name = "counting"
    dimension = 1

    def __init__(self) -> None:
        self.texts: list[str] = []

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Return the number of each text."""
        self.texts += texts
        return [[float(each)] for each in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the number of a text."""
        return [float(text)]


def test_the_vectors_of_the_last_texts_are_remembered() -> None:
    embedder = CountingEmbedder()
    recent = RecentVectors(embedder)
    assert recent.embed_documents(["1", "2", "1"]) == [[1.0], [2.0], [1.0]]
    assert recent.embed_documents(["3", "2"]) == [[3.0], [2.0]]
    assert embedder.texts == ["1", "2", "3"]
    assert (recent.name, recent.dimension, recent.embed_query("7")) == ("counting", 1, [7.0])
    many = [str(number) for number in range(10, 10 + MOST_REMEMBERED)]
    recent.embed_documents(many)
    recent.embed_documents(["1"])
    assert embedder.texts[-1] == "1"
    more = [str(number) for number in range(MOST_REMEMBERED * 2)]
    assert recent.embed_documents(more) == [[float(each)] for each in more]


def test_no_text_stays_in_memory() -> None:
    recent = RecentVectors(CountingEmbedder())
    recent.embed_documents(["00123456789"])
    assert "00123456789" not in repr(vars(recent)["_vectors"])
