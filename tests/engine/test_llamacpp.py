"""llama.cpp's engine beyond what every engine promises."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from carrel.core.chat import Finished, JsonFormat, Message, Role, SamplingParams, TextDelta
from carrel.core.errors import ModelLoadFailed, ModelNotFound
from carrel.core.protocols.adapters import Engine
from carrel.engine.build import model_loaders
from carrel.engine.llamacpp.engine import (
    fitting,
    gguf_file,
    load_engine,
    load_gguf,
    refuse_inapplicable,
)
from carrel.engine.llamacpp.library import HOW_TO_INSTALL, is_installed, llama_library
from carrel.engine.llamacpp.model import CHUNK, LlamaModel, LlamaShape, Reading
from carrel.engine.loading.memory import GIB
from carrel.engine.spec import ModelSpec, ServingLimits
from carrel.settings.schema import ModelSettings, Settings
from tiny.gguf import save_tiny_gguf
from tiny.model import CONTEXT

needs_llamacpp = pytest.mark.skipif(
    not is_installed(),
    reason="llama-cpp-python takes minutes to compile and is not among the pinned packages: "
    + HOW_TO_INSTALL,
)
LIMITS = ServingLimits(max_batch=4)
QUESTION = [Message(Role.USER, "Describe a library.")]


@pytest.fixture(scope="module")
def gguf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_gguf(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def spec(gguf: Path, cache: Path) -> ModelSpec:
    return ModelSpec(base_model=str(gguf), models_dir=cache, offline=True)


@pytest.fixture
def model(spec: ModelSpec) -> Iterator[LlamaModel]:
    loaded = load_gguf(spec, LIMITS)[1]
    yield loaded
    loaded.close()


async def answer(
    engine: Engine, sampling: SamplingParams, messages: list[Message] = QUESTION
) -> tuple[list[TextDelta], Finished]:
    async with aclosing(engine.generate(messages, sampling)) as events:
        seen = [event async for event in events]
    assert isinstance(seen[-1], Finished)
    return [event for event in seen if isinstance(event, TextDelta)], seen[-1]


def text(deltas: list[TextDelta]) -> str:
    return "".join(delta.text for delta in deltas)


@pytest.mark.skipif(is_installed(), reason="the package is installed")
def test_without_the_package_one_line_says_how_to_install_it() -> None:
    with pytest.raises(ModelLoadFailed, match="GGML_NATIVE=OFF pip install llama-cpp-python"):
        llama_library()


@pytest.mark.parametrize(
    "changed", [{"load_4bit": True}, {"lora_weights": "own"}, {"dtype": "float16"}]
)
def test_what_means_nothing_to_a_gguf_file_is_refused_by_name(changed: dict[str, Any]) -> None:
    with pytest.raises(ModelLoadFailed, match=f"{next(iter(changed))} cannot be used"):
        refuse_inapplicable(ModelSpec(**changed))


def test_another_kind_of_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelNotFound, match="not found"):
        gguf_file(ModelSpec(base_model=str(tmp_path / "absent.gguf")))
    other = tmp_path / "model.bin"
    other.write_bytes(b"x")
    with pytest.raises(ModelLoadFailed, match=r"not a \.gguf one"):
        gguf_file(ModelSpec(base_model=str(other)))


def test_the_bundled_model_has_a_gguf_file() -> None:
    assert gguf_file(ModelSpec()).suffix == ".gguf"


def file_of(context_length: int, bytes_per_token: int) -> Any:
    return SimpleNamespace(context_length=context_length, bytes_per_token=bytes_per_token)


@pytest.mark.parametrize(
    ("gib", "expected"),
    [(64, LlamaShape(8, 4096)), (10, LlamaShape(5, 4096)), (1, LlamaShape(1, 2048))],
)
def test_short_memory_takes_users_first_and_context_then(gib: float, expected: LlamaShape) -> None:
    llama_7b = file_of(4096, 2**19)
    assert fitting(llama_7b, ServingLimits(max_batch=8, cache_memory=gib)) == expected


def test_no_memory_at_all_is_refused_with_both_numbers() -> None:
    with pytest.raises(ModelLoadFailed, match=r"takes 0\.2 GiB .* 0\.1 GiB may be taken"):
        fitting(file_of(4096, 2**19), ServingLimits(cache_memory=0.1))


def test_by_default_a_share_of_the_free_memory_is_taken() -> None:
    shape = fitting(file_of(10**6, GIB // 10**4), ServingLimits(max_batch=1000))
    assert 0 < shape.slots * shape.context_length < 10**7


def engine_kinds(**model: Any) -> list[str]:
    loaders = model_loaders(Settings(model=ModelSettings(**model)))
    return [loader.load.args[1].value for loader in loaders]  # type: ignore[union-attr]


def test_auto_gives_gguf_files_to_llamacpp_where_it_is_installed(gguf: Path) -> None:
    expected = "llamacpp" if is_installed() else "auto"
    assert engine_kinds(base_model=str(gguf)) == [expected]
    assert engine_kinds(base_model=str(gguf), dtype="float32") == ["auto"]
    assert engine_kinds(base_model=str(gguf), engine="continuous") == ["continuous"]
    assert engine_kinds() == ["auto"]
    assert engine_kinds(engine="llamacpp") == ["llamacpp"]


@needs_llamacpp
def test_a_file_that_is_none_is_a_load_failure(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF and nothing more")
    with pytest.raises(ModelLoadFailed, match=r"broken\.gguf"):
        load_gguf(ModelSpec(base_model=str(broken), models_dir=tmp_path), LIMITS)


@needs_llamacpp
async def test_it_says_what_it_is_and_says_nothing_else(
    spec: ModelSpec, capfd: pytest.CaptureFixture[str]
) -> None:
    engine = load_engine(spec, LIMITS)
    info = engine.info
    assert (info.engine, info.name, info.precision) == ("llamacpp", "tiny", "float32")
    assert info.context_length == CONTEXT
    await answer(engine, SamplingParams(max_new_tokens=4))
    await engine.close()
    assert capfd.readouterr().err == ""


@needs_llamacpp
async def test_greedy_text_is_that_of_transformers(spec: ModelSpec, tiny: Any) -> None:
    from carrel.engine.sequential import SequentialEngine

    ours, theirs = load_engine(spec, LIMITS), SequentialEngine(tiny)
    sampling = SamplingParams(max_new_tokens=40)
    try:
        expected = text((await answer(theirs, sampling))[0])
        assert text((await answer(ours, sampling))[0]) == expected
    finally:
        await ours.close()
        await theirs.close()


@needs_llamacpp
async def test_a_seed_gives_the_same_text_alone_and_among_others(spec: ModelSpec) -> None:
    engine = load_engine(spec, LIMITS)
    seeded = SamplingParams(max_new_tokens=40, temperature=1.0, top_k=20, seed=11)
    others = [SamplingParams(max_new_tokens=30 + each, temperature=1.0) for each in range(6)]
    try:
        alone = text((await answer(engine, seeded))[0])
        together = await asyncio.gather(*(answer(engine, each) for each in [seeded, *others]))
        assert text(together[0][0]) == alone
        other = SamplingParams(max_new_tokens=40, temperature=1.0, top_k=20, seed=12)
        assert text((await answer(engine, other))[0]) != alone
    finally:
        await engine.close()


@needs_llamacpp
async def test_json_and_log_probabilities_are_honoured(spec: ModelSpec) -> None:
    engine = load_engine(spec, LIMITS)
    schema = {"type": "object", "properties": {"n": {"enum": [1, 2]}}, "required": ["n"]}
    schema["additionalProperties"] = False
    wanted = SamplingParams(max_new_tokens=60, response_format=JsonFormat(schema), top_logprobs=2)
    try:
        deltas, _ = await answer(engine, wanted)
        assert json.loads(text(deltas))["n"] in (1, 2)
        tokens = [token for delta in deltas for token in delta.logprobs]
        assert b"".join(token.content for token in tokens) == text(deltas).encode()
        assert all(len(token.alternatives) == 2 for token in tokens)
    finally:
        await engine.close()


@needs_llamacpp
async def test_min_new_tokens_and_the_other_parameters_are_honoured(spec: ModelSpec) -> None:
    engine = load_engine(spec, LIMITS)
    sampling = SamplingParams(
        max_new_tokens=50, min_new_tokens=50, repetition_penalty=1.3, top_p=0.9, temperature=0.7
    )
    try:
        assert (await answer(engine, sampling))[1].usage.completion_tokens == 50
    finally:
        await engine.close()


@needs_llamacpp
def test_scores_hardly_depend_on_the_other_slots(model: LlamaModel) -> None:
    prompts = {slot: [5 + slot, 9, 30, 31 + slot] for slot in range(4)}

    def after(slots: list[int]) -> torch.Tensor:
        for slot in slots:
            model.forget(slot)
            model.compute([Reading(slot, 0, prompts[slot])])
        scores = model.compute([Reading(slot, 4, [40]) for slot in slots])
        return scores[slots.index(2)]

    alone = after([2])
    torch.testing.assert_close(after([2, 3]), alone, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(after([0, 1, 2, 3]), alone, rtol=1e-5, atol=1e-5)


@needs_llamacpp
def test_in_few_bits_scores_do_not_depend_on_the_other_slots_at_all(cache: Path) -> None:
    model = load_gguf(ModelSpec(models_dir=cache), ServingLimits(3, cache_memory=1))[1]

    def after(slots: list[int]) -> torch.Tensor:
        for slot in slots:
            model.forget(slot)
            model.compute([Reading(slot, 0, [100 + slot, 200, 300])])
        return model.compute([Reading(slot, 3, [400]) for slot in slots])[slots.index(1)]

    try:
        assert model.exact
        assert after([1]).tolist() == after([1, 2]).tolist() == after([0, 1, 2]).tolist()
    finally:
        model.close()


@needs_llamacpp
async def test_a_prompt_that_begins_alike_is_not_read_again(spec: ModelSpec) -> None:
    loaded, model = load_gguf(spec, LIMITS)
    from carrel.engine.llamacpp.engine import LlamaCppEngine

    engine = LlamaCppEngine(loaded, model, 4)
    long = [Message(Role.USER, "a library of many shelves and books " * 6)]
    assert await engine.count_tokens(long) > CHUNK
    one = SamplingParams(max_new_tokens=1)
    try:
        first, _ = await answer(engine, one, long)
        passes = model.passes
        again, _ = await answer(engine, one, long)
        assert text(again) == text(first)
        assert model.passes == passes + 1
    finally:
        await engine.close()


@needs_llamacpp
async def test_closing_gives_the_memory_back_and_twice_is_once(spec: ModelSpec) -> None:
    loaded, model = load_gguf(spec, LIMITS)
    model.close()
    model.close()
    assert loaded.context_length == CONTEXT
