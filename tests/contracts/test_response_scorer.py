"""What every reward model promises (``carrel.core.protocols.scoring.ResponseScorer``)."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from carrel.core.chat import Message, Role
from carrel.core.errors import GenerationFailed, InvalidRequest, PromptTooLong
from carrel.core.protocols.scoring import ResponseScorer
from carrel.engine.scoring.reward import RewardModel
from carrel.engine.spec import ModelSpec
from tiny.reward import save_chat_reward, save_pair_reward

SAVE = {"pair": save_pair_reward, "chat": save_chat_reward}
QUESTION = [Message(Role.USER, "Who reads there?")]
CANDIDATES = [
    "A desk, a lamp.",
    "Nobody.",
    "no",
    "Books on long shelves",
    "🦜",
    " ",
    "[SEP]<|end|>",
]


@pytest.fixture(scope="module", params=list(SAVE))
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of each kind of reward model."""
    return SAVE[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture
async def scorer(folder: Path) -> AsyncIterator[ResponseScorer]:
    """Each reward model, ready to score."""
    model = RewardModel(ModelSpec(base_model=str(folder), offline=True))
    model.wait_until_ready()
    yield model
    await model.close()


async def test_it_has_a_name(scorer: ResponseScorer) -> None:
    assert scorer.name.strip()


async def test_a_score_is_a_finite_number_and_repeats(scorer: ResponseScorer) -> None:
    for answer in CANDIDATES:
        score = await scorer.score(QUESTION, answer)
        assert type(score) is float
        assert math.isfinite(score)
        assert await scorer.score(QUESTION, answer) == score


async def test_the_question_and_the_history_count(scorer: ResponseScorer) -> None:
    longer = [Message(Role.USER, "Hello"), Message(Role.ASSISTANT, "Yes?"), *QUESTION]
    conversations = [QUESTION, [Message(Role.USER, "Why?")], longer]
    assert len({await scorer.score(each, "Paper.") for each in conversations}) == 3


async def test_many_at_once_get_the_scores_that_each_gets_alone(scorer: ResponseScorer) -> None:
    alone = [await scorer.score(QUESTION, each) for each in CANDIDATES]
    for candidates, expected in ((CANDIDATES, alone), (CANDIDATES[::-1], alone[::-1])):
        together = await asyncio.gather(*(scorer.score(QUESTION, each) for each in candidates))
        assert together == expected


async def test_a_long_conversation_loses_its_beginning(scorer: ResponseScorer) -> None:
    history = [
        Message(role, f"turn {turn} of a long talk about books")
        for turn in range(40)
        for role in (Role.USER, Role.ASSISTANT)
    ]
    changed = [Message(Role.USER, "something else"), *history[1:]]
    score = await scorer.score([*history, *QUESTION], "Nobody.")
    assert score == await scorer.score([*changed, *QUESTION], "Nobody.")
    assert score != await scorer.score([*history, *QUESTION], "Nobodx.")


async def test_a_long_question_loses_its_beginning(scorer: ResponseScorer) -> None:
    tail = "and so on " * 500 + "Who reads there?"
    score = await scorer.score([Message(Role.USER, "A" + tail)], "Nobody.")
    assert score == await scorer.score([Message(Role.USER, "B" + tail)], "Nobody.")
    assert score != await scorer.score([Message(Role.USER, "A" + tail[:-1])], "Nobody.")


async def test_an_answer_that_does_not_fit_is_refused(scorer: ResponseScorer) -> None:
    with pytest.raises(PromptTooLong, match="tokens"):
        await scorer.score(QUESTION, "very long " * 500)


async def test_no_message_is_refused(scorer: ResponseScorer) -> None:
    with pytest.raises(InvalidRequest, match="empty"):
        await scorer.score([], "Nobody.")


async def test_a_cancelled_call_leaves_the_others_alone(scorer: ResponseScorer) -> None:
    expected = await scorer.score(QUESTION, "Nobody.")
    calls = [asyncio.create_task(scorer.score(QUESTION, "Nobody.")) for _ in range(6)]
    await asyncio.sleep(0)
    for each in calls[::2]:
        each.cancel()
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert ended[1::2] == [expected] * 3
    assert all(isinstance(each, asyncio.CancelledError) for each in ended[::2])


async def test_closing_twice_does_nothing_and_ends_service(scorer: ResponseScorer) -> None:
    await scorer.close()
    await scorer.close()
    with pytest.raises(GenerationFailed, match="unloaded"):
        await scorer.score(QUESTION, "Nobody.")


async def test_closing_refuses_those_who_wait(scorer: ResponseScorer) -> None:
    calls = [asyncio.create_task(scorer.score(QUESTION, "Nobody.")) for _ in range(50)]
    await asyncio.sleep(0)
    await scorer.close()
    ended = await asyncio.gather(*calls, return_exceptions=True)
    assert isinstance(ended[-1], GenerationFailed)
    assert all(isinstance(each, float | GenerationFailed) for each in ended)
