"""A GGUF model in llama.cpp: tokens in, scores of the next token out."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import GenerationConfig, PretrainedConfig

from carrel.core.errors import GenerationFailed, ModelLoadFailed
from carrel.core.runtime.system_modules import usable_cores
from carrel.engine.llamacpp.library import LlamaLibrary

CHUNK = 128
"""Prompt tokens per pass. Prompts are always cut at the same positions, so that the numbers do not
depend on what else is computed."""

UNQUANTIZED = {0: "float32", 1: "float16", 32: "bfloat16"}
"""llama.cpp's codes of the file types without quantized blocks."""

KEY_OR_VALUE_BYTES = 2


@dataclass(frozen=True, slots=True)
class LlamaShape:
    """Number of sequences (``slots``), and tokens of each."""

    slots: int
    context_length: int


@dataclass(frozen=True, slots=True)
class Reading:
    """Tokens that continue a slot which holds ``position`` tokens already."""

    slot: int
    position: int
    tokens: Sequence[int]


class LlamaFile:
    """An opened GGUF file with its weights and metadata.

    Raises:
        ModelLoadFailed: llama.cpp cannot load it, or it is not a generative model.
    """

    def __init__(self, library: LlamaLibrary, file: Path, gpu: int | None) -> None:
        self.library = library
        call = self._call = library.functions
        parameters = call.llama_model_default_params()
        if gpu is not None:
            parameters.split_mode, parameters.main_gpu = 0, gpu
        library.complaint()
        self.pointer: Any = call.llama_model_load_from_file(os.fsencode(file), parameters)
        if not self.pointer:
            raise ModelLoadFailed(f"{file.name} cannot be loaded: {library.complaint()}.")
        if call.llama_model_has_encoder(self.pointer) or not call.llama_model_has_decoder(
            self.pointer
        ):
            self.close()
            raise ModelLoadFailed(f"{file.name} is no model that writes text after a prompt.")
        self.vocabulary: Any = call.llama_model_get_vocab(self.pointer)
        self.vocabulary_size = int(call.llama_vocab_n_tokens(self.vocabulary))
        self.context_length = int(call.llama_model_n_ctx_train(self.pointer))
        self.parameters = int(call.llama_model_n_params(self.pointer))
        self.memory = int(call.llama_model_size(self.pointer))
        self.precision = UNQUANTIZED.get(int(call.llama_model_ftype(self.pointer)), "")

    @property
    def bytes_per_token(self) -> int:
        """Size of the keys and values of one token."""
        call, model = self._call, self.pointer
        width = call.llama_model_n_embd(model) // max(1, call.llama_model_n_head(model))
        heads = call.llama_model_n_head_kv(model)
        return int(2 * KEY_OR_VALUE_BYTES * width * heads * call.llama_model_n_layer(model))

    def end_tokens(self) -> list[int]:
        """Return the end tokens of the file."""
        ends = self._call.llama_vocab_is_eog
        return [token for token in range(self.vocabulary_size) if ends(self.vocabulary, token)]

    def tokenize(self, text: str) -> list[int]:
        """Return llama.cpp's own tokens of a text, without a beginning-of-text token."""
        content = text.encode()
        tokens = (self._call.llama_token * (len(content) + 8))()
        count = self._call.llama_tokenize(
            self.vocabulary, content, len(content), tokens, len(tokens), False, False
        )
        return list(tokens[:count])

    def description(self) -> str:
        """Return the number format of the weights, as llama.cpp names it."""
        buffer = ctypes.create_string_buffer(256)
        self._call.llama_model_desc(self.pointer, buffer, len(buffer))
        return self.precision or buffer.value.decode("utf-8", "replace").rpartition(" ")[2]

    def close(self) -> None:
        """Free the weights. Twice does nothing."""
        pointer, self.pointer = self.pointer, None
        if pointer:
            self._call.llama_model_free(pointer)


class LlamaModel:
    """Sequences of one GGUF model, each in its own slot. Not thread-safe.

    With quantized weights, a token's scores depend on its sequence alone, bit for bit (``exact``).
    Otherwise their last digits depend on how many are computed together, and much more on whether
    it is one or several, which use different code: there a token is never computed alone.

    Raises:
        ModelLoadFailed: memory is too small for that many tokens.
    """

    device = torch.device("cpu")  # where the scores are, wherever the weights may be

    def __init__(self, file: LlamaFile, shape: LlamaShape) -> None:
        self._file = file
        self.shape = shape
        self.passes = 0
        self.generation_config = GenerationConfig(  # type: ignore[no-untyped-call]
            eos_token_id=file.end_tokens()
        )
        self.config: Any = PretrainedConfig()
        self.config.vocab_size = file.vocabulary_size
        call = self._call = file.library.functions
        self.exact = not file.precision
        slots = shape.slots + (not self.exact)
        parameters = call.llama_context_default_params()
        parameters.n_ctx = slots * shape.context_length
        parameters.n_seq_max, parameters.kv_unified = slots, False
        parameters.n_batch = parameters.n_ubatch = max(CHUNK, slots)
        parameters.n_threads = parameters.n_threads_batch = usable_cores()
        file.library.complaint()
        self._context: Any = call.llama_init_from_model(file.pointer, parameters)
        if not self._context:
            reason = file.library.complaint()
            file.close()
            raise ModelLoadFailed(
                f"llama.cpp cannot allocate {slots} sequences of {shape.context_length} tokens: "
                f"{reason}. Set --max_batch or --cache_memory lower."
            )
        self._memory: Any = call.llama_get_memory(self._context)
        self._batch: Any = call.llama_batch_init(parameters.n_batch, 0, 1)
        self._batch.n_tokens = 0
        self._company = None if self.exact else shape.slots

    def compute(self, readings: Sequence[Reading]) -> torch.Tensor:
        """Return the scores after the last token of each, [readings, vocabulary], float32.

        Together they have at most ``CHUNK`` tokens.

        Raises:
            GenerationFailed: llama.cpp failed; the slots' contents are lost.
        """
        last = [self._put(reading) for reading in readings]
        if self._company is not None and self._batch.n_tokens == 1:
            self._put(Reading(self._company, 0, [0]))
        self._file.library.complaint()
        status = self._call.llama_decode(self._context, self._batch)
        self._batch.n_tokens = 0
        self.passes += 1
        if self._company is not None:
            self.forget(self._company)
        if status != 0:
            raise GenerationFailed(
                f"llama.cpp stopped with status {status}: {self._file.library.complaint()}"
            )
        rows = [self._scores(place) for place in last]
        return torch.from_numpy(np.stack(rows))

    def forget(self, slot: int, position: int = 0) -> int:
        """Drop what a slot holds from a position on, and return how many tokens are left.

        Some models can only drop all of it.
        """
        if self._call.llama_memory_seq_rm(self._memory, slot, position, -1):
            return position
        self._call.llama_memory_seq_rm(self._memory, slot, -1, -1)
        return 0

    def close(self) -> None:
        """Free the memory. Twice does nothing."""
        context, self._context = self._context, None
        if context:
            self._call.llama_batch_free(self._batch)
            self._call.llama_free(context)
        self._file.close()

    def _put(self, reading: Reading) -> int:
        """Add tokens to the batch and return the index of the last."""
        batch = self._batch
        for offset, token in enumerate(reading.tokens):
            place = batch.n_tokens
            batch.token[place] = token
            batch.pos[place] = reading.position + offset
            batch.n_seq_id[place] = 1
            batch.seq_id[place][0] = reading.slot
            batch.logits[place] = offset == len(reading.tokens) - 1
            batch.n_tokens = place + 1
        return int(batch.n_tokens) - 1

    def _scores(self, place: int) -> np.ndarray[Any, np.dtype[np.float32]]:
        pointer = self._call.llama_get_logits_ith(self._context, place)
        return np.ctypeslib.as_array(pointer, (self._file.vocabulary_size,)).copy()
