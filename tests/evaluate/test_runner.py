"""Questions asked over real stores, with the bundled embedder and the scripted engine."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence

import pytest

from carrel import bootstrap
from carrel.bootstrap import Application
from carrel.cli.workspace.local_workspace import LocalWorkspace
from carrel.core.chat import ChatEvent, Message, SamplingParams, Scope
from carrel.core.documents import Source
from carrel.evaluate.questions import KnownQuestion
from carrel.evaluate.runner import DEPTH, Plan, ask_all
from carrel.settings.schema import Settings
from texts import ingest_texts

QUESTIONS = [
    KnownQuestion(1, "Who is the harbor master?", ("Ada Lind",), "harbor.txt"),
    KnownQuestion(2, "What is the gate code?", ("4711",), "gate.txt"),
    KnownQuestion(3, "Who wrote Hamlet?"),
]


@pytest.fixture
async def application(make_settings: Callable[..., Settings]) -> AsyncIterator[Application]:
    built = bootstrap.build(make_settings(engine="scripted", whole_documents="never"))
    yield built
    await built.close()


class Counted:
    """A workspace that counts what it is asked."""

    def __init__(self, workspace: LocalWorkspace) -> None:
        self._workspace = workspace
        self.depths: list[int] = []
        self.answered: list[int] = []

    async def search(self, question: str, scope: Scope) -> Sequence[Source]:
        self.depths.append(scope.top_k)
        return await self._workspace.search(question, scope)

    async def answer(
        self, messages: Sequence[Message], scope: Scope | None, sampling: SamplingParams
    ) -> AsyncGenerator[ChatEvent]:
        self.answered.append(sampling.max_new_tokens)
        async for event in self._workspace.answer(messages, scope, sampling):
            yield event


async def test_each_question_is_searched_for_and_answered(application: Application) -> None:
    texts = {"harbor.txt": "The harbor master is Ada Lind.", "gate.txt": "The gate code is 4711."}
    await ingest_texts(application, texts)
    counted = Counted(LocalWorkspace(application))
    plan = Plan(Scope(("UserData",), top_k=1), SamplingParams(max_new_tokens=64))
    judged = [each async for each in ask_all(counted, QUESTIONS, plan)]
    assert [each.asked for each in judged] == QUESTIONS
    assert [each.ranks.answer for each in judged] == [1, 1, None]
    assert [each.ranks.document for each in judged] == [1, 1, None]
    # The scripted model repeats its prompt, and with it the source.
    assert [each.contained for each in judged] == [True, True, False]
    assert [each.abstained for each in judged] == [False, False, True]
    assert judged[0].verbatim == (True,)
    assert judged[0].supporting == (True,)
    reply = judged[0].reply
    assert reply is not None and reply.first is not None
    assert 0 < reply.first <= reply.whole
    # The first of each is the one before the clock starts, which is as short as can be.
    assert counted.depths == [1, DEPTH, DEPTH, DEPTH]
    assert counted.answered == [1, 64, 64, 64]


async def test_without_answers_no_model_is_asked(application: Application) -> None:
    await ingest_texts(application, {"gate.txt": "The gate code is 4711."})
    counted = Counted(LocalWorkspace(application))
    plan = Plan(Scope(("UserData",)), SamplingParams(), answers=False)
    judged = [each async for each in ask_all(counted, QUESTIONS, plan)]
    assert [each.reply for each in judged] == [None, None, None]
    assert counted.answered == []
