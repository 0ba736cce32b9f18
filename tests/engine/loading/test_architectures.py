from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import torch

from carrel.core.chat import Message, Role
from carrel.engine.loading.loader import load
from carrel.engine.spec import LoadedModel, ModelSpec
from carrel.engine.text.prompting import PromptBuilder
from tiny.architectures import ARCHITECTURES, save_architecture
from tiny.model import CONTEXT

MESSAGES = [Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "Describe a library.")]


def readable(text: str) -> str:
    """Drop what random bytes become: it depends on how many of them are decoded at once."""
    return "".join(character for character in text if character.isascii())


@pytest.mark.parametrize("name", ARCHITECTURES)
async def test_an_architecture_loads_and_answers_what_generate_answers(
    tmp_path: Path, name: str, answered: Callable[[LoadedModel], Awaitable[str]]
) -> None:
    folder = save_architecture(tmp_path / name, name)
    loaded = load(ModelSpec(base_model=str(folder), dtype="float32"))
    assert (loaded.name, loaded.context_length) == (name, CONTEXT)
    ids = torch.tensor([PromptBuilder(loaded.tokenizer, loaded.prompt_type).encode(MESSAGES)])
    whole = loaded.model.generate(
        ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=20
    )
    expected = loaded.tokenizer.decode(whole[0, ids.shape[1] :], skip_special_tokens=True)
    assert len(set(expected)) > 3
    assert readable(await answered(loaded)) == readable(expected)


@pytest.mark.parametrize("name", ["danube2", "danube3"])
def test_danube_gets_the_system_message_in_the_first_question(tmp_path: Path, name: str) -> None:
    folder = save_architecture(tmp_path / name, name)
    loaded = load(ModelSpec(base_model=str(folder), dtype="float32"))
    builder = PromptBuilder(loaded.tokenizer, loaded.prompt_type)
    text = loaded.tokenizer.decode(builder.encode(MESSAGES))
    assert text == "<|prompt|>Be brief.\n\nDescribe a library.</s><|answer|>"
    assert builder.end_tokens() == {loaded.tokenizer.eos_token_id}


@pytest.mark.parametrize("name", ["llama", "gpt_neox", "falcon", "gpt2", "mixtral"])
@pytest.mark.parametrize("flag", ["load_4bit", "load_8bit"])
async def test_an_architecture_answers_from_quantized_weights(
    tmp_path: Path, name: str, flag: str, answered: Callable[[LoadedModel], Awaitable[str]]
) -> None:
    folder = save_architecture(tmp_path / name, name)
    loaded = load(ModelSpec(base_model=str(folder), **{flag: True}))  # type: ignore[arg-type]
    assert await answered(loaded)
