"""Which requests are answered with a quote, and that quotes are verbatim."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest

from carrel.bootstrap import Application
from carrel.core.access import Principal
from carrel.core.chat import (
    AnswerStyle,
    ChatRequest,
    Finished,
    FinishReason,
    JsonFormat,
    Message,
    ModelInfo,
    Role,
    SamplingParams,
    Scope,
    ScopeMode,
    TextDelta,
)
from carrel.core.documents import Chunk, RetrievedChunk
from carrel.core.protocols.adapters import Embedder
from carrel.engine.pool import ModelPool, NamedLoader
from carrel.engine.scripted import ScriptedEngine
from carrel.index.embedding.multilingual_embedder import MultilingualEmbedder
from carrel.services.chat.chat import ChatPolicy, ChatService
from carrel.services.chat.extractive_qa import ExtractiveQA
from carrel.services.model_size import SMALL_MODEL
from texts import ingest_texts

QUESTION = Message(Role.USER, "Who is the harbor master?")
SCOPE = Scope(("UserData",))
REQUEST = ChatRequest((QUESTION,), Principal(), scope=SCOPE)
SMALL = ModelInfo("small", "scripted", 2048, parameters=135_000_000)
TEXT = "The harbor opened in 1902. The harbor master is Ada Lind. Gulls cry."
SENTENCE = "The harbor master is Ada Lind."


@pytest.mark.parametrize(
    ("evidence", "parameters", "suits"),
    [
        ("auto", SMALL_MODEL - 1, True),
        ("auto", SMALL_MODEL, False),
        ("auto", None, False),
        ("sentences", None, True),
        ("passages", 135_000_000, False),
    ],
)
def test_the_setting_and_the_size_of_the_model_decide(
    embedder: Embedder,
    evidence: Literal["auto", "passages", "sentences"],
    parameters: int | None,
    suits: bool,
) -> None:
    info = replace(SMALL, parameters=parameters)
    assert ExtractiveQA(embedder, evidence).suits(REQUEST, [QUESTION], info) is suits


@pytest.mark.parametrize(
    "request_",
    [
        replace(REQUEST, scope=None),
        replace(REQUEST, scope=replace(SCOPE, mode=ScopeMode.CHAT)),
        replace(REQUEST, sampling=SamplingParams(stop=("x",))),
        replace(REQUEST, sampling=SamplingParams(min_new_tokens=5)),
        replace(REQUEST, sampling=SamplingParams(top_logprobs=0)),
        replace(REQUEST, sampling=SamplingParams(response_format=JsonFormat())),
        replace(REQUEST, messages=(Message(Role.SYSTEM, "Answer in German."), QUESTION)),
    ],
    ids=["no documents", "chat", "stop", "least length", "logprobs", "JSON", "system message"],
)
def test_what_a_quote_cannot_honour_is_left_to_the_model(
    embedder: Embedder, request_: ChatRequest
) -> None:
    quoted = ExtractiveQA(embedder, "sentences")
    assert not quoted.suits(request_, request_.messages, SMALL)


async def answered(
    application: Application, embedder: Embedder, style: AnswerStyle, written: str = "She."
) -> tuple[str, Finished]:
    engine = ScriptedEngine([written])
    pool = ModelPool([NamedLoader("scripted", lambda: engine)])
    pool.wait_until_ready()
    chat = ChatService(
        pool,
        application.services.retrieval,
        ChatPolicy("", 1800, quoted=ExtractiveQA(embedder, "sentences")),
    )
    request = replace(REQUEST, scope=replace(SCOPE, style=style))
    events = [event async for event in chat.answer(request)]
    await pool.close()
    finished = events[-1]
    assert isinstance(finished, Finished)
    return "".join(each.text for each in events if isinstance(each, TextDelta)), finished


async def test_a_full_answer_is_the_certain_words_and_the_sentence_as_a_quote(
    application: Application, embedder: Embedder
) -> None:
    await ingest_texts(application, {"harbor.txt": TEXT})
    text, _ = await answered(application, embedder, AnswerStyle.FULL)
    assert text == f'Ada Lind\n\n"{SENTENCE}" [1]'


async def test_a_short_answer_is_the_words_alone_and_whole(
    application: Application, embedder: Embedder
) -> None:
    await ingest_texts(application, {"harbor.txt": TEXT})
    text, finished = await answered(application, embedder, AnswerStyle.SHORT, "word " * 50)
    assert text == "Ada Lind"
    assert finished.reason is FinishReason.STOP
    assert finished.usage.completion_tokens == 0 and finished.usage.seconds > 0


async def test_without_words_to_quote_the_model_speaks_for_itself(
    application: Application, embedder: Embedder
) -> None:
    await ingest_texts(application, {"dots.txt": "… … …"})
    text, _ = await answered(application, embedder, AnswerStyle.FULL, "No idea.")
    assert text == "No idea."


async def test_short_answers_of_a_large_model_are_asked_for_and_bounded(
    application: Application,
) -> None:
    await ingest_texts(application, {"harbor.txt": TEXT})
    request = replace(REQUEST, scope=replace(SCOPE, style=AnswerStyle.SHORT))
    events = [event async for event in application.services.chat.answer(request)]
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.usage.completion_tokens <= 48


@pytest.mark.parametrize(
    "question", ["What is in report_17.txt?", "What is report 17 about?", "Was steht in report_17?"]
)
async def test_what_is_in_a_file_is_its_beginning(embedder: Embedder, question: str) -> None:
    later = Chunk("2", "d", 1, "Two bolts were missing. The rail was loose.", start=0, end=43)
    first = Chunk("1", "d", 0, "Report 17\n\nThe bridge was looked at.", start=0, end=37)
    found = [RetrievedChunk(each, "report_17.txt", "UserData", 0.5) for each in (later, first)]
    written = await ExtractiveQA(embedder, "sentences").answer(question, found, AnswerStyle.FULL)
    assert written is not None
    assert written.split("\n\n") == [
        '"Report 17" [2]',
        '"The bridge was looked at." [2]',
        '"Two bolts were missing." [1]',
    ]
    other = await ExtractiveQA(embedder, "sentences").answer(
        "What is in the box?", found, AnswerStyle.FULL
    )
    assert other is not None
    assert other.count("[") == 1


@pytest.mark.parametrize(
    ("question", "before", "answer", "after"),
    [
        (
            "Who looks after the lighthouse?",
            "Der Hafen wurde im vorigen Jahrhundert gebaut.",
            "Um den Leuchtturm kümmert sich eine Wärterin.",
            "Die Möwen schreien am Morgen.",
        ),
        (
            "What is the notice period of the contract?",
            "本公司成立于上海。",
            "合同的解约通知期为三个月。",
            "食堂每天中午开放。",
        ),
        (
            "When does the library close?",
            "يقع المبنى في وسط المدينة.",
            "تغلق المكتبة أبوابها في المساء.",
            "المطعم في الطابق الأول.",
        ),
        (
            "Who looks after the lighthouse?",
            "Порт был построен в прошлом веке.",
            "За маяком присматривает смотрительница.",
            "По утрам кричат чайки.",
        ),
    ],
    ids=["German", "Chinese", "Arabic", "Russian"],
)
async def test_the_sentence_is_found_in_another_language_than_the_question(
    embedder: Embedder, question: str, before: str, answer: str, after: str
) -> None:
    text = f"{before} {answer} {after}"
    chunk = Chunk("1", "d", 0, text, end=len(text))
    quoted = ExtractiveQA(embedder, "sentences", MultilingualEmbedder())
    found = [RetrievedChunk(chunk, "d.txt", "UserData", 0.5)]
    written = await quoted.answer(question, found, AnswerStyle.FULL)
    assert written is not None
    assert f'"{answer}" [1]' in written
