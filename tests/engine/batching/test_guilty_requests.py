"""What one request does to those that are answered beside it."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AutoModelForCausalLM,
    GenerationConfig,
    MllamaConfig,
    MllamaForConditionalGeneration,
)

from carrel.core.chat import Finished, Message, Role, SamplingParams, TextDelta
from carrel.core.errors import GenerationFailed, InvalidRequest, ModelLoadFailed
from carrel.core.protocols.adapters import Engine
from carrel.engine.batching.continuous import ContinuousEngine
from carrel.engine.choose import serve_loaded
from carrel.engine.loading.loader import load
from carrel.engine.spec import LoadedModel, ModelSpec, ServingLimits
from carrel.settings.schema import EngineKind
from repetitions import Repetitions
from tiny.adapter import save_adapter
from tiny.model import TEMPLATE, save_tiny_model, tiny_model, tiny_tokenizer

LONG = SamplingParams(max_new_tokens=80, min_new_tokens=80)
SHORT = SamplingParams(max_new_tokens=6)
READER = [Message(Role.USER, "Who reads there?")]
POISON = 77
"""A token on which the model is made to fail."""


async def text(engine: Engine, messages: list[Message], sampling: SamplingParams = SHORT) -> str:
    async with aclosing(engine.generate(messages, sampling)) as events:
        seen = [event async for event in events]
    assert isinstance(seen[-1], Finished)
    return "".join(event.text for event in seen if isinstance(event, TextDelta))


def loaded_with_unknown_token(folder: Path, template: str = TEMPLATE) -> LoadedModel:
    """Return a model whose tokenizer has one token more than its embedding has rows."""
    tokenizer = tiny_tokenizer(template)
    rows = len(tokenizer)
    tokenizer.add_special_tokens({"extra_special_tokens": ["<picture>"]})
    tokenizer.add_tokens(["<plain>"])
    tiny_model(rows).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return load(ModelSpec(base_model=str(folder), dtype="float32"))


def poisoned(loaded: LoadedModel) -> LoadedModel:
    """Make the model fail wherever the poison is read."""

    def fail(_: Any, args: Any, kwargs: dict[str, Any]) -> None:
        if (kwargs["input_ids"] == POISON).any():
            raise IndexError("index out of range in self")

    loaded.model.register_forward_pre_hook(fail, with_kwargs=True)
    return loaded


@pytest.mark.parametrize("kind", [EngineKind.SEQUENTIAL, EngineKind.CONTINUOUS])
async def test_tokens_without_an_embedding_are_refused_before_they_are_computed(
    tmp_path: Path, kind: EngineKind
) -> None:
    engine = serve_loaded(loaded_with_unknown_token(tmp_path), kind, ServingLimits(max_batch=4))
    alone = await text(engine, READER, LONG)
    running = asyncio.create_task(text(engine, READER, LONG))
    rows = len(tiny_tokenizer())
    refused = [
        [Message(Role.PROMPT, "a <picture> b")],
        [Message(Role.PROMPT, "", token_ids=(5, rows))],
        [Message(Role.PROMPT, "", token_ids=(5, rows + 1))],
        [Message(Role.PROMPT, "", token_ids=(-1,))],
        [Message(Role.USER, "a <plain> b")],
    ]
    for messages in [*refused, *refused]:
        with pytest.raises(InvalidRequest, match=r"go(es)? from 0 to"):
            await text(engine, messages)
        with pytest.raises(InvalidRequest, match=r"go(es)? from 0 to"):
            await engine.count_tokens(messages)
    assert await text(engine, [Message(Role.USER, "a <picture> b")])  # ordinary text in a message
    assert await running == alone
    assert engine.failure() is None
    await engine.close()


async def test_a_template_that_writes_an_unknown_token_is_a_refusal(tmp_path: Path) -> None:
    loaded = loaded_with_unknown_token(tmp_path, "<picture>" + TEMPLATE)
    engine = serve_loaded(loaded, EngineKind.CONTINUOUS, ServingLimits())
    with pytest.raises(InvalidRequest, match="<picture>"):
        await text(engine, READER)
    assert engine.failure() is None
    await engine.close()


@pytest.mark.parametrize("kind", [EngineKind.SEQUENTIAL, EngineKind.CONTINUOUS])
async def test_end_and_forbidden_tokens_without_scores_are_ignored(
    tiny: LoadedModel, kind: EngineKind
) -> None:
    rows = len(tiny.tokenizer)
    tiny.model.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
        eos_token_id=[1, rows],
        pad_token_id=1,
        suppress_tokens=[rows + 5],
        begin_suppress_tokens=[rows],
        bad_words_ids=[[rows + 2], [3, rows]],
    )
    engine = serve_loaded(tiny, kind, ServingLimits())
    assert await text(engine, READER, SamplingParams(max_new_tokens=8, min_new_tokens=8))
    assert engine.failure() is None
    await engine.close()


async def test_a_request_on_which_the_model_fails_ends_alone(
    tiny: LoadedModel, repetitions: Repetitions
) -> None:
    engine = serve_loaded(poisoned(tiny), EngineKind.CONTINUOUS, ServingLimits(max_batch=8))
    others = [[Message(Role.USER, f"Who reads {what}?")] for what in ("books", "a lamp", "paper")]
    alone = [await text(engine, each, LONG) for each in others]
    for _ in range(repetitions(3, thorough=10)):
        running = [asyncio.create_task(text(engine, each, LONG)) for each in others]
        bad = [Message(Role.PROMPT, "", token_ids=(5, 6, POISON))]
        guilty = [asyncio.create_task(text(engine, bad)) for _ in range(2)]
        for each in guilty:
            with pytest.raises(GenerationFailed, match="failed on this request"):
                await each
        assert await asyncio.gather(*running) == alone
        assert engine.failure() is None
    await engine.close()


async def test_a_batch_that_failed_may_fail_again_after_it_answered(
    tiny: LoadedModel, repetitions: Repetitions
) -> None:
    engine = serve_loaded(tiny, EngineKind.CONTINUOUS, ServingLimits(max_batch=8))
    alone = await text(engine, READER)
    left = 0

    def fail(*_: Any) -> None:
        nonlocal left
        if left:
            left -= 1
            raise RuntimeError("the device went away")

    tiny.model.register_forward_pre_hook(fail)
    for _ in range(repetitions(2, thorough=4)):
        left = 2  # the pass, and the one that tells a failed model from a failed request
        with pytest.raises(GenerationFailed, match="went away"):
            await text(engine, READER)
        while engine.failure() is not None:
            await asyncio.sleep(0.001)
        assert await text(engine, READER) == alone
    await engine.close()


async def test_what_fails_while_a_token_is_chosen_ends_one_answer(
    tiny: LoadedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = serve_loaded(tiny, EngineKind.CONTINUOUS, ServingLimits(max_batch=8))
    assert isinstance(engine, ContinuousEngine)
    alone = await text(engine, READER, LONG)

    def broken(prepared: Any, device: Any) -> Any:
        return [lambda ids, scores: 1 / 0] if prepared.sampling.seed == 5 else []

    monkeypatch.setattr(engine._prompts, "processors", broken)
    running = asyncio.create_task(text(engine, READER, LONG))
    with pytest.raises(GenerationFailed):
        await text(engine, READER, SamplingParams(seed=5))
    assert await running == alone
    await engine.close()


async def test_a_model_whose_slots_cannot_be_moved_is_served_one_by_one(tmp_path: Path) -> None:
    tokenizer = tiny_tokenizer()
    words = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 3}
    words |= {"num_attention_heads": 4, "num_key_value_heads": 2, "cross_attention_layers": [1]}
    words |= {"vocab_size": len(tokenizer), "max_position_embeddings": 256, "pad_token_id": 1}
    pictures = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    pictures |= {"num_global_layers": 1, "attention_heads": 4, "image_size": 32, "patch_size": 8}
    pictures |= {"vision_output_dim": 64, "intermediate_layers_indices": [0], "max_num_tiles": 1}
    pictures |= {"supported_aspect_ratios": [[1, 1]]}
    config = MllamaConfig(text_config=words, vision_config=pictures, image_token_index=3)
    MllamaForConditionalGeneration(config).save_pretrained(tmp_path)
    tokenizer.save_pretrained(tmp_path)
    loaded = load(ModelSpec(base_model=str(tmp_path), dtype="float32"))
    engine = serve_loaded(loaded, EngineKind.AUTO, ServingLimits())
    assert engine.info.engine == "sequential"
    first = await text(engine, READER, LONG)
    assert [await text(engine, READER, LONG) for _ in range(3)] == [first] * 3
    await engine.close()


SAVED: dict[str, dict[str, Any]] = {
    "last norm": {"modules_to_save": ["norm"]},
    "embedding and norms": {"modules_to_save": ["embed_tokens", "norm"]},
    "output": {"modules_to_save": ["lm_head", "input_layernorm"]},
    "a whole part": {"modules_to_save": ["mlp"], "target_modules": ["q_proj"]},
}


@pytest.mark.filterwarnings("ignore:Setting `save_embedding_layers` to `True`")
@pytest.mark.parametrize("saved", SAVED)
async def test_an_adapter_with_modules_of_its_own_answers_beside_its_base(
    tmp_path: Path, saved: str
) -> None:
    base = save_tiny_model(tmp_path / "base")
    adapter = save_adapter(base, tmp_path / "adapter", **SAVED[saved])

    def serve(lora: Path | None) -> Engine:
        weights = None if lora is None else str(lora)
        spec = ModelSpec(base_model=str(base), lora_weights=weights, dtype="float32")
        return serve_loaded(load(spec), EngineKind.SEQUENTIAL, ServingLimits())

    alone = serve(adapter), serve(None)
    expected = [await text(each, READER, LONG) for each in alone]
    assert expected[0] != expected[1]
    engine = serve_loaded(
        load(ModelSpec(base_model=str(base), dtype="float32")),
        EngineKind.CONTINUOUS,
        ServingLimits(max_batch=4),
    )
    assert isinstance(engine, ContinuousEngine)
    adapted = await engine.add_adapter("adapter", adapter)
    for _ in range(2):
        together = await asyncio.gather(text(adapted, READER, LONG), text(engine, READER, LONG))
        assert together == expected
    assert engine.failure() is None
    for each in (*alone, engine):
        await each.close()


async def test_an_adapter_that_cannot_be_computed_beside_its_base_is_refused(
    tmp_path: Path,
) -> None:
    base = save_tiny_model(tmp_path / "base")
    parts = {"modules_to_save": ["self_attn"], "target_modules": ["up_proj"]}
    adapter = save_adapter(base, tmp_path / "whole", **parts)
    engine = serve_loaded(
        load(ModelSpec(base_model=str(base), dtype="float32")),
        EngineKind.CONTINUOUS,
        ServingLimits(max_batch=4),
    )
    assert isinstance(engine, ContinuousEngine)
    alone = await text(engine, READER, LONG)
    running = asyncio.create_task(text(engine, READER, LONG))
    with pytest.raises(ModelLoadFailed, match="whole cannot be computed beside"):
        await engine.add_adapter("whole", adapter)
    assert await running == alone == await text(engine, READER, LONG)
    await engine.close()


def test_the_models_of_this_file_are_real(tmp_path: Path) -> None:
    folder = save_tiny_model(tmp_path)
    with torch.inference_mode():
        logits = AutoModelForCausalLM.from_pretrained(folder)(torch.tensor([[POISON]])).logits
    assert logits.isfinite().all()
