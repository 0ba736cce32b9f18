"""An answer that was cut continues as if the model had written it at once."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path

import pytest

from carrel.core.chat import (
    Finished,
    FinishReason,
    JsonFormat,
    Message,
    Role,
    SamplingParams,
    TextDelta,
)
from carrel.core.errors import InvalidRequest, UnsupportedParameter
from carrel.core.protocols.adapters import Engine
from carrel.engine.choose import serve_loaded
from carrel.engine.loading.bundled import bundled_model
from carrel.engine.loading.loader import load
from carrel.engine.sequential import SequentialEngine
from carrel.engine.spec import LoadedModel, ModelSpec, ServingLimits
from carrel.engine.text.detokenize import IncrementalDecoder, last_tokens
from carrel.engine.text.requests import refuse_impossible
from carrel.settings.schema import EngineKind
from tiny.metaspace_tokenizer import metaspace_tokenizer

ASKED = [Message(Role.USER, "Describe a library in many words.")]
LENGTH = 40


async def written(engine: Engine, most: int, begun: str | None = None) -> tuple[str, Finished]:
    messages = list(ASKED)
    if begun is not None:
        messages.append(Message(Role.ASSISTANT, begun, unfinished=True))
    async with aclosing(engine.generate(messages, SamplingParams(max_new_tokens=most))) as events:
        seen = [event async for event in events]
    assert isinstance(seen[-1], Finished)
    return "".join(event.text for event in seen if isinstance(event, TextDelta)), seen[-1]


@pytest.mark.parametrize("kind", [EngineKind.SEQUENTIAL, EngineKind.CONTINUOUS])
async def test_beginning_and_continuation_are_the_answer_in_one_go(
    models_dir: Path, kind: EngineKind
) -> None:
    loaded = load(ModelSpec(base_model=str(bundled_model(models_dir)), dtype="float32"))
    engine = serve_loaded(loaded, kind, ServingLimits(max_batch=4))
    whole, end = await written(engine, LENGTH)
    assert end.reason is FinishReason.LENGTH
    for cut in (5, 18, 31):
        first, _ = await written(engine, cut)
        rest, finished = await written(engine, LENGTH - cut, first)
        assert first + rest == whole
        assert finished.usage.prompt_tokens == end.usage.prompt_tokens + cut
    await engine.close()


async def test_the_beginning_is_counted_with_the_prompt(tiny: LoadedModel) -> None:
    engine = SequentialEngine(tiny)
    begun = [*ASKED, Message(Role.ASSISTANT, "A library", unfinished=True)]
    counted = await engine.count_tokens(begun)
    _, finished = await written(engine, 3, "A library")
    assert finished.usage.prompt_tokens == counted > await engine.count_tokens(ASKED)
    await engine.close()


def test_the_space_before_a_continuation_is_kept() -> None:
    tokenizer = metaspace_tokenizer()

    def decode(ids: list[int]) -> str:
        return str(tokenizer.decode(ids, skip_special_tokens=True))

    before = tokenizer.encode("the the", add_special_tokens=False)
    [following] = tokenizer.convert_tokens_to_ids(["▁the"])
    assert IncrementalDecoder(decode).push(following) == "the"
    assert IncrementalDecoder(decode, last_tokens(decode, before)).push(following) == " the"


def test_the_tokens_before_a_continuation_begin_with_a_whole_character() -> None:
    tokenizer = metaspace_tokenizer()

    def decode(ids: list[int]) -> str:
        return str(tokenizer.decode(ids, skip_special_tokens=True))

    before = tokenizer.encode("東京図書館", add_special_tokens=False)
    assert len(before) > 9, "characters are spread over several tokens"
    assert decode(last_tokens(decode, before)) in "東京図書館"
    more = tokenizer.encode("館", add_special_tokens=False)[-3:]
    decoder = IncrementalDecoder(decode, last_tokens(decode, before))
    assert "".join([*map(decoder.push, more), decoder.flush()]) == "館"


@pytest.mark.parametrize(
    "messages",
    [
        [Message(Role.ASSISTANT, "A", unfinished=True)],
        [*ASKED, Message(Role.USER, "A", unfinished=True)],
        [*ASKED, Message(Role.ASSISTANT, "A", unfinished=True), *ASKED],
    ],
)
def test_only_the_assistants_last_text_is_continued(messages: list[Message]) -> None:
    with pytest.raises(InvalidRequest, match="end of a conversation"):
        refuse_impossible(messages, SamplingParams())


def test_json_is_not_continued() -> None:
    begun = [*ASKED, Message(Role.ASSISTANT, "{", unfinished=True)]
    with pytest.raises(UnsupportedParameter, match="response_format"):
        refuse_impossible(begun, SamplingParams(response_format=JsonFormat()))
