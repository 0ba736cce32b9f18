from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers.utils.logging import warning_once

from carrel.core.chat import Finished, FinishReason, Message, Role, SamplingParams, TextDelta
from carrel.core.errors import GenerationFailed
from carrel.engine.loading.loader import load
from carrel.engine.sequential import SequentialEngine
from carrel.engine.spec import LoadedModel, ModelSpec
from carrel.engine.text.prompting import PromptBuilder
from carrel.settings.schema import PromptType

QUESTION = [Message(Role.USER, "Describe a library.")]


async def answer(engine: SequentialEngine, sampling: SamplingParams) -> tuple[str, Finished]:
    async with aclosing(engine.generate(QUESTION, sampling)) as events:
        seen = [event async for event in events]
    assert isinstance(seen[-1], Finished)
    return "".join(event.text for event in seen if isinstance(event, TextDelta)), seen[-1]


def generated(loaded: LoadedModel, number: int, **options: Any) -> list[int]:
    """What transformers' own ``generate`` writes for the question."""
    ids = PromptBuilder(loaded.tokenizer, loaded.prompt_type).encode(QUESTION)
    prompt = torch.tensor([ids])
    whole = loaded.model.generate(
        prompt,
        attention_mask=torch.ones_like(prompt),
        do_sample=False,
        max_new_tokens=number,
        **options,
    )
    return list(whole[0, len(ids) :].tolist())


@pytest.fixture
def transformers_log() -> Iterator[list[str]]:
    """Every line that transformers logs at warning level or above."""
    lines: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    handler = Keeping(logging.WARNING)
    warning_once.cache_clear()  # else an earlier test may have used up the one time
    logging.getLogger("transformers").addHandler(handler)
    yield lines
    logging.getLogger("transformers").removeHandler(handler)


@pytest.mark.parametrize("penalty", [1.0, 1.3])
async def test_greedy_equals_generate_token_for_token(tiny: LoadedModel, penalty: float) -> None:
    tokens = generated(tiny, 60, repetition_penalty=penalty)
    expected = tiny.tokenizer.decode(tokens, skip_special_tokens=True)
    engine = SequentialEngine(tiny)
    sampling = SamplingParams(max_new_tokens=60, repetition_penalty=penalty)
    text, finished = await answer(engine, sampling)
    assert text == expected
    assert finished.usage.completion_tokens == len(tokens)


async def test_the_bundled_model_answers_what_generate_answers(models_dir: Path) -> None:
    loaded = load(ModelSpec(models_dir=models_dir))
    expected = loaded.tokenizer.decode(generated(loaded, 40), skip_special_tokens=True)
    text, _ = await answer(SequentialEngine(loaded), SamplingParams(max_new_tokens=40))
    assert text == expected
    assert len(text.split()) > 10


async def test_transformers_has_nothing_to_warn_about(
    tiny: LoadedModel, transformers_log: list[str]
) -> None:
    engine = SequentialEngine(tiny)
    for sampling in (
        SamplingParams(max_new_tokens=4),
        SamplingParams(
            max_new_tokens=4, min_new_tokens=9, temperature=0.7, top_p=0.9, top_k=5, seed=1
        ),
        SamplingParams(max_new_tokens=10_000),
    ):
        await answer(engine, sampling)
    assert transformers_log == []


async def test_the_same_seed_gives_the_same_answer(tiny: LoadedModel) -> None:
    engine = SequentialEngine(tiny)
    sampling = SamplingParams(max_new_tokens=30, temperature=1.2, seed=11)
    first, _ = await answer(engine, sampling)
    torch.manual_seed(1)
    assert (await answer(engine, sampling))[0] == first
    other = SamplingParams(max_new_tokens=30, temperature=1.2, seed=12)
    assert (await answer(engine, other))[0] != first


def always(loaded: LoadedModel, token: str) -> None:
    """Make the model write one token for ever."""
    wanted = loaded.tokenizer.convert_tokens_to_ids(token)

    def prefer(_: Any, __: Any, output: Any) -> Any:
        output.logits[..., wanted] += 1e4
        return output

    loaded.model.register_forward_hook(prefer)


async def test_an_end_token_ends_the_answer_and_is_not_shown(tiny: LoadedModel) -> None:
    always(tiny, "<|end|>")
    text, finished = await answer(SequentialEngine(tiny), SamplingParams(max_new_tokens=20))
    assert (text, finished.reason, finished.usage.completion_tokens) == ("", FinishReason.STOP, 1)


async def test_min_new_tokens_puts_the_end_off(tiny: LoadedModel) -> None:
    always(tiny, "<|end|>")
    sampling = SamplingParams(max_new_tokens=20, min_new_tokens=7)
    _, finished = await answer(SequentialEngine(tiny), sampling)
    assert finished.usage.completion_tokens == 8


async def test_prompt_forms_end_where_the_model_speaks_for_the_user(tiny_folder: Path) -> None:
    spec = ModelSpec(base_model=str(tiny_folder), prompt_type=PromptType.HUMAN_BOT)
    loaded = load(spec)
    script = loaded.tokenizer.encode("  Yes.\n<human>: and", add_special_tokens=False)
    start = len(PromptBuilder(loaded.tokenizer, PromptType.HUMAN_BOT).encode(QUESTION))

    def recite(_: Any, inputs: dict[str, Any], output: Any) -> Any:
        at = int(inputs["position_ids"][0, -1]) + 1 - start
        output.logits[:, -1, script[at % len(script)]] += 1e4
        return output

    loaded.model.register_forward_hook(
        lambda module, args, kwargs, output: recite(module, kwargs, output), with_kwargs=True
    )
    text, finished = await answer(SequentialEngine(loaded), SamplingParams(max_new_tokens=60))
    assert (text, finished.reason) == ("Yes.", FinishReason.STOP)


async def test_requests_are_answered_in_their_order(tiny: LoadedModel) -> None:
    engine = SequentialEngine(tiny)
    ends: list[int] = []

    async def ask(number: int) -> None:
        await answer(engine, SamplingParams(max_new_tokens=10))
        ends.append(number)

    tasks = []
    for number in range(5):
        tasks.append(asyncio.create_task(ask(number)))
        await asyncio.sleep(0.02)
    await asyncio.gather(*tasks)
    assert ends == [0, 1, 2, 3, 4]


async def test_a_request_given_up_while_it_waits_never_reaches_the_model(
    tiny: LoadedModel,
) -> None:
    prompts: list[int] = []
    tiny.model.register_forward_pre_hook(
        lambda module, args, kwargs: prompts.append(kwargs["input_ids"].shape[1]), with_kwargs=True
    )
    engine = SequentialEngine(tiny)
    running = engine.generate(QUESTION, SamplingParams(max_new_tokens=150))
    await anext(running)
    waiting = asyncio.create_task(answer(engine, SamplingParams(max_new_tokens=5)))
    await asyncio.sleep(0.02)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    async for _ in running:
        pass
    await engine.close()
    assert len([length for length in prompts if length > 1]) == 1


async def test_a_failing_model_is_a_generation_failure_and_service_continues(
    tiny: LoadedModel,
) -> None:
    broken = tiny.model.register_forward_hook(lambda *_: torch.zeros(2) @ torch.zeros(3))
    engine = SequentialEngine(tiny)
    with pytest.raises(GenerationFailed, match="failed while it answered") as raised:
        await answer(engine, SamplingParams(max_new_tokens=5))
    assert "\n" not in str(raised.value)
    broken.remove()
    _, finished = await answer(engine, SamplingParams(max_new_tokens=5))
    assert finished.reason is FinishReason.LENGTH


def test_one_engine_serves_several_event_loops(tiny: LoadedModel) -> None:
    engine = SequentialEngine(tiny)
    first = asyncio.run(answer(engine, SamplingParams(max_new_tokens=8)))
    assert asyncio.run(answer(engine, SamplingParams(max_new_tokens=8)))[0] == first[0]
