"""Engine over llama.cpp, for GGUF files without conversion."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from carrel.core.chat import EngineEvent, Message, ModelInfo, SamplingParams
from carrel.core.errors import CarrelError, ModelLoadFailed
from carrel.engine.adapters.adapter_set import AdapterSet
from carrel.engine.batching.batch import Batch
from carrel.engine.batching.batcher import BatchLimits
from carrel.engine.batching.continuous import ContinuousEngine
from carrel.engine.choose import UNKNOWN_MEMORY
from carrel.engine.llamacpp.batch import LlamaBatch
from carrel.engine.llamacpp.library import llama_library
from carrel.engine.llamacpp.model import LlamaFile, LlamaModel, LlamaShape
from carrel.engine.loading.bundled import bundled_gguf
from carrel.engine.loading.conversion import Conversion, cache_folder, converted
from carrel.engine.loading.loader import read_template
from carrel.engine.loading.memory import GIB, free_memory
from carrel.engine.source import find_model, first_line
from carrel.engine.spec import LoadedModel, ModelSpec, ServingLimits
from carrel.settings.document_settings import BUNDLED

MEMORY_SHARE = 8
"""An eighth of the free memory is used for keys and values by default: llama.cpp allocates it all
at the start, used or not."""

SHORTEST_CONTEXT = 512
TOKENIZER_BYTES = 50_000_000

PROBE = "Hello, world! 3.14 naïve café 東京 🦜\n\n  def f(x):\n\treturn x"

logger = structlog.get_logger()


class _Batching(ContinuousEngine):
    """The batching engine with llama.cpp in place of a transformers model."""

    def __init__(self, loaded: LoadedModel, model: Any, waiting: int) -> None:
        shape: LlamaShape = model.shape
        tokens = 2 * shape.slots * shape.context_length
        super().__init__(loaded, model, BatchLimits(shape.slots, tokens), waiting)
        self._info = replace(self._info, engine="llamacpp")

    def _new_batch(self) -> Batch:
        model: Any = self._model
        return LlamaBatch(model, self._outbox.flush)


class LlamaCppEngine:
    """One GGUF model; like ``ContinuousEngine``, but without adapters."""

    def __init__(self, loaded: LoadedModel, model: LlamaModel, waiting: int) -> None:
        self._batching = _Batching(loaded, model, waiting)

    @property
    def info(self) -> ModelInfo:
        """The model's name, context length and placement."""
        return self._batching.info

    def failure(self) -> str | None:
        """Why the model can no longer answer; see ``Engine.failure``."""
        return self._batching.failure()

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return the length of the messages' prompt in tokens."""
        return await self._batching.count_tokens(messages)

    def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> AsyncGenerator[EngineEvent]:
        """Yield text deltas and, last, one ``Finished``; see ``Engine.generate``."""
        return self._batching.generate(messages, sampling, caller)

    async def close(self) -> None:
        """Stop running requests and free the memory. Closing twice does nothing."""
        await self._batching.close()


def load_engine(spec: ModelSpec, limits: ServingLimits) -> LlamaCppEngine:
    """Load a GGUF file and serve it; see ``load_gguf``."""
    loaded, model = load_gguf(spec, limits)
    return LlamaCppEngine(loaded, model, limits.max_waiting)


def load_gguf(spec: ModelSpec, limits: ServingLimits) -> tuple[LoadedModel, LlamaModel]:
    """Load a GGUF file with its tokenizer.

    If memory is short, fewer requests run at once, and then in shorter contexts.

    Raises:
        ModelNotFound: there is no such file.
        ModelLoadFailed: it is no GGUF file, llama.cpp cannot load it or is not installed, or a
        setting does not apply to such files.
        StorageFull: the disk is too full for the tokenizer.
    """
    refuse_inapplicable(spec)
    file = gguf_file(spec)
    library = llama_library()
    template = read_template(spec.prompt_template) if spec.prompt_template else None
    tokenizer = read_tokenizer(file, spec.models_dir)
    if template is not None:
        tokenizer.chat_template = template
    opened = LlamaFile(library, file, spec.gpu_id if spec.use_gpu_id else None)
    try:
        if tokenizer.encode(PROBE, add_special_tokens=False) != opened.tokenize(PROBE):
            logger.warning(
                "transformers and llama.cpp read this file's tokenizer differently: answers may "
                "be worse than they could be",
                model=spec.name,
            )
        model = LlamaModel(opened, fitting(opened, limits))
    except CarrelError:
        opened.close()
        raise
    loaded = LoadedModel(
        model=model,
        tokenizer=tokenizer,
        name=spec.name,
        context_length=model.shape.context_length,
        precision=opened.description(),
        device="gpu" if library.functions.llama_supports_gpu_offload() else "cpu",
        adapters=AdapterSet(model, spec.name),
        prompt_type=spec.prompt_type,
        parameters=opened.parameters,
        memory=opened.memory,
    )
    logger.info(
        "model loaded",
        model=spec.name,
        precision=loaded.precision,
        users=model.shape.slots,
        context=model.shape.context_length,
    )
    return loaded, model


def refuse_inapplicable(spec: ModelSpec) -> None:
    """Raise ModelLoadFailed for settings that llama.cpp does not support."""
    given = {
        "lora_weights": spec.lora_weights is not None,
        "load_8bit": spec.load_8bit,
        "load_4bit": spec.load_4bit,
        "dtype": spec.dtype != "auto",
        "max_gpu_memory": spec.max_gpu_memory is not None,
        "max_cpu_memory": spec.max_cpu_memory is not None,
    }
    refused = [name for name, present in given.items() if present]
    if refused:
        raise ModelLoadFailed(
            f"{', '.join(refused)} cannot be used with the llamacpp engine: remove it, or "
            "load the file with --engine=continuous."
        )


def gguf_file(spec: ModelSpec) -> Path:
    """Return the file of the specification.

    Raises:
        ModelNotFound: there is nothing by that name.
        ModelLoadFailed: it is not a GGUF file.
    """
    if spec.base_model == BUNDLED:
        return bundled_gguf()
    files = find_model(spec.base_model, offline=True)
    if files.gguf_file is None:
        raise ModelLoadFailed(
            f"{spec.base_model} is no .gguf file, and the llamacpp engine loads nothing else: "
            "remove --engine=llamacpp."
        )
    return files.folder / files.gguf_file


def fitting(file: LlamaFile, limits: ServingLimits) -> LlamaShape:
    """Return how many sequences of the file's context length fit in memory; at least a short one.

    Raises:
        ModelLoadFailed: not even one short conversation fits.
    """
    context = file.context_length
    most = limits.cache_memory * GIB if limits.cache_memory is not None else free_share()
    tokens = int(most) // max(1, file.bytes_per_token)
    slots = max(1, min(limits.max_batch, tokens // context))
    shape = LlamaShape(slots, min(context, tokens // slots))
    if shape.context_length < min(SHORTEST_CONTEXT, context):
        needed = min(SHORTEST_CONTEXT, context) * file.bytes_per_token / GIB
        raise ModelLoadFailed(
            f"A conversation of {SHORTEST_CONTEXT} tokens takes {needed:.1f} GiB of memory beside "
            f"the weights, {most / GIB:.1f} GiB may be taken: free some or set --cache_memory."
        )
    return shape


def free_share() -> float:
    """Return the bytes for keys and values by default."""
    free = free_memory()
    return (UNKNOWN_MEMORY if free is None else free) / MEMORY_SHARE


def read_tokenizer(file: Path, models_dir: Path) -> PreTrainedTokenizerBase:
    """Return the tokenizer of a GGUF file; it is converted once, which takes some seconds.

    Raises:
        ModelLoadFailed: it is no GGUF file, or its tokenizer is unknown to transformers.
    """
    target = cache_folder(models_dir, f"{file.stem}-tokenizer", [file])
    write = partial(_write_tokenizer, file)
    try:
        folder = converted(target, Conversion(f"{file.name}'s tokenizer", TOKENIZER_BYTES, write))
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder, local_files_only=True
        )
    except CarrelError:
        raise
    # Reading the header of a file of any origin can raise anything.
    except Exception as error:
        raise ModelLoadFailed(
            f"The tokenizer of {file.name} cannot be read: {first_line(error)}."
        ) from error
    return tokenizer


def _write_tokenizer(file: Path, folder: Path) -> None:
    AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name).save_pretrained(folder)
