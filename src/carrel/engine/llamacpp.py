"""Engine over llama.cpp, for GGUF files as they are: their weights stay in few bits."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from carrel.core.errors import CarrelError, ModelLoadFailed
from carrel.engine.batcher import BatchLimits
from carrel.engine.bundled import bundled_gguf
from carrel.engine.continuous import ContinuousEngine
from carrel.engine.conversion import Conversion, cache_folder, converted
from carrel.engine.llamacpp_batch import LlamaBatch
from carrel.engine.llamacpp_library import llama_library
from carrel.engine.llamacpp_model import LlamaFile, LlamaModel, LlamaShape
from carrel.engine.loader import read_template
from carrel.engine.memory import GIB, free_memory
from carrel.engine.source import find_model, first_line
from carrel.engine.spec import LoadedModel, ModelSpec
from carrel.settings.schema import BUNDLED

MEMORY_SHARE = 4
"""At most a quarter of the free memory is taken for keys and values."""

SHORTEST_CONTEXT = 512
TOKENIZER_BYTES = 50_000_000

PROBE = "Hello, world! 3.14 naïve café 東京 🦜\n\n  def f(x):\n\treturn x"

logger = structlog.get_logger()


class LlamaCppEngine(ContinuousEngine):
    """One GGUF model. What surrounds the model is the same as in the batching engine."""

    def __init__(self, loaded: LoadedModel, waiting: int) -> None:
        shape: LlamaShape = loaded.model.shape
        limits = BatchLimits(rows=shape.slots, cache_tokens=2 * shape.slots * shape.context_length)
        super().__init__(loaded, limits, waiting)
        self._info = replace(self._info, engine="llamacpp")

    def _computing(self, loaded: LoadedModel) -> Any:
        return loaded.model

    def _new_batch(self) -> Any:
        return LlamaBatch(self._model)


def load(spec: ModelSpec, wanted: LlamaShape) -> LoadedModel:
    """Load a GGUF file with its tokenizer. A ``context_length`` of 0 takes the file's own.

    Where memory is short, fewer requests are answered at once, and then in shorter contexts.

    Raises:
        ModelNotFound: there is no such file.
        ModelLoadFailed: it is no GGUF file, llama.cpp cannot load it or is not installed, or a
            setting was made that does not apply to such files.
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
        shape = fitting(opened, wanted, free_memory())
        model = LlamaModel(opened, shape)
    except CarrelError:
        opened.close()
        raise
    logger.info("model loaded", model=spec.name, users=shape.slots, context=shape.context_length)
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        name=spec.name,
        context_length=shape.context_length,
        precision=opened.description(),
        device="gpu" if library.functions.llama_supports_gpu_offload() else "cpu",
        prompt_type=spec.prompt_type,
    )


def refuse_inapplicable(spec: ModelSpec) -> None:
    """Raise ModelLoadFailed for settings that mean nothing to a GGUF file in llama.cpp."""
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
            f"{', '.join(refused)} cannot be honoured by the llamacpp engine: leave it out, or "
            "load the file with --engine=continuous."
        )


def gguf_file(spec: ModelSpec) -> Path:
    """Return the file that the specification means.

    Raises:
        ModelNotFound: there is nothing by that name.
        ModelLoadFailed: it is something else than a GGUF file.
    """
    if spec.base_model == BUNDLED:
        return bundled_gguf()
    files = find_model(spec.base_model, offline=True)
    if files.gguf_file is None:
        raise ModelLoadFailed(
            f"{spec.base_model} is no .gguf file, and the llamacpp engine loads nothing else: "
            "leave out --engine=llamacpp."
        )
    return files.folder / files.gguf_file


def fitting(file: LlamaFile, wanted: LlamaShape, free: int | None) -> LlamaShape:
    """Return the wanted shape, made smaller until its keys and values fit the ``free`` bytes.

    Raises:
        ModelLoadFailed: not even one short conversation fits.
    """
    context = min(wanted.context_length or file.context_length, file.context_length)
    if free is None:
        return LlamaShape(wanted.slots, context)
    tokens = free // MEMORY_SHARE // max(1, file.bytes_per_token)
    slots = max(1, min(wanted.slots, tokens // context))
    shape = LlamaShape(slots, min(context, tokens // slots))
    if shape.context_length < min(SHORTEST_CONTEXT, context):
        needed = SHORTEST_CONTEXT * file.bytes_per_token * MEMORY_SHARE / GIB
        raise ModelLoadFailed(
            f"A conversation needs about {needed:.1f} GiB of memory beside the weights, "
            f"{free / GIB:.1f} GiB are free."
        )
    return shape


def read_tokenizer(file: Path, models_dir: Path) -> PreTrainedTokenizerBase:
    """Return the tokenizer in a GGUF file; it is converted once, which takes some seconds.

    Raises:
        ModelLoadFailed: it is no GGUF file, or of a tokenizer that transformers does not know.
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
