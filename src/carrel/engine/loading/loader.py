"""Loads a model with transformers, with its adapter, precision and placement."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog
import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    BitsAndBytesConfig,
    GenerationConfig,
    PreTrainedTokenizerBase,
)
from transformers.utils.logging import disable_progress_bar

from carrel.core.errors import CarrelError, ModelLoadFailed
from carrel.engine.adapters.adapter_set import AdapterSet
from carrel.engine.loading.bundled import bundled_model
from carrel.engine.loading.gguf_files import unpacked_gguf
from carrel.engine.loading.int8_copies import add_int8_copies
from carrel.engine.loading.memory_estimate import estimate, refuse_too_large
from carrel.engine.loading.packed_models import unpacked_model
from carrel.engine.loading.placement import (
    default_dtype,
    device_map,
    memory_limits,
    refuse_quantization,
    use_all_cores,
    wants_int8_copies,
)
from carrel.engine.loading.stored_quantization import (
    StoredQuantization,
    in_one_format,
    refuse_unloadable,
    state_unpacking,
    stored_quantization,
)
from carrel.engine.loading.suggested_sampling import suggested_sampling
from carrel.engine.loading.whole_weights import refuse_incomplete, refused_unmergeable
from carrel.engine.source import ModelFiles, find_adapter, find_model, first_line
from carrel.engine.spec import LoadedModel, ModelSpec
from carrel.engine.text.template_renderer import TemplateRefused, TemplateRenderer
from carrel.settings.document_settings import BUNDLED

DEFAULT_CONTEXT = 2048
"""Default context length, if neither configuration nor tokenizer names one."""

CONTEXT_NAMES = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx")
PACKED_OUTPUTS = 32
UNLIMITED = 10**9

logger = structlog.get_logger()


def load(spec: ModelSpec) -> LoadedModel:
    """Find and load a model with its tokenizer.

    Raises:
        ModelNotFound: nothing by that name; the message lists the places that were tried.
        ModelLoadFailed: it was found but could not be loaded; the message says why.
        StorageFull: the disk is full.
    """
    disable_progress_bar()  # type: ignore[no-untyped-call]
    use_all_cores()
    try:
        template = read_template(spec.prompt_template) if spec.prompt_template else None
        files = find_files(spec)
        adapter = find_adapter_files(spec)
        loaded = _load_files(spec, files, adapter, template)
    except CarrelError:
        raise
    # Reading weights, configuration and remote code of any architecture can raise anything:
    # this is the one place where that becomes a core error.
    except Exception as error:
        raise ModelLoadFailed(f"Model {spec.name} cannot be loaded: {first_line(error)}") from error
    logger.info("model loaded", model=loaded.name, precision=loaded.precision, device=loaded.device)
    return loaded


def find_files(spec: ModelSpec) -> ModelFiles:
    """Return the files to load, converted if necessary."""
    if spec.base_model == BUNDLED:
        return ModelFiles(bundled_model(spec.models_dir))
    files = find_model(spec.base_model, spec.offline, spec.allow_pickle)
    if files.gguf_file is not None:
        return ModelFiles(unpacked_gguf(files.folder / files.gguf_file, spec.models_dir))
    if files.pickled:
        return files
    return ModelFiles(unpacked_model(files.folder, spec.name, spec.models_dir))


def find_adapter_files(spec: ModelSpec) -> Path | None:
    """Return the folder of the adapter, if there is one."""
    if spec.lora_weights is None:
        return None
    return find_adapter(spec.lora_weights, spec.offline, spec.allow_pickle)


def _load_files(
    spec: ModelSpec, files: ModelFiles, adapter: Path | None, template: str | None
) -> LoadedModel:
    common: dict[str, Any] = {
        "trust_remote_code": spec.trust_remote_code,
        "local_files_only": True,
    }
    dtype = default_dtype(spec.device) if spec.dtype == "auto" else getattr(torch, spec.dtype)
    refuse_quantization(spec)
    placement = device_map(spec)
    stored = stored_quantization(spec, files.folder, files.pickled)
    if stored is not None:
        refuse_unloadable(spec, stored, placement)
    needed = estimate(files.folder, files.pickled)
    refuse_too_large(spec, needed, precision(spec, dtype, stored), dtype)
    tokenizer = AutoTokenizer.from_pretrained(files.folder, **common)
    if template is not None:
        tokenizer.chat_template = template
    quantized = quantization(spec, dtype, files.folder, stored, common)
    with refused_unmergeable(f"Model {spec.name}", files.folder):
        with_report: Any = AutoModelForCausalLM.from_pretrained(
            files.folder,
            dtype=dtype,
            device_map=placement,
            max_memory=memory_limits(spec) if placement == "auto" else None,
            use_safetensors=not files.pickled,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # they are refused below, by name
            **quantized,
            **common,
        )
    model, found = with_report
    refuse_incomplete(f"Model {spec.name}", files.folder, model, found)
    if stored is not None and stored.unpacks:
        in_one_format(model, dtype)
    suggested = suggested_sampling(model.generation_config)
    model.generation_config = own_generation_config(model.generation_config, tokenizer)
    model.eval()
    parameters = int(model.num_parameters())
    leave_odd_layers_unpacked(model)
    copied = wants_int8_copies(spec) and add_int8_copies(model)
    adapters = AdapterSet(model, replace(spec, lora_weights=None).name, spec.allow_pickle)
    if adapter is not None:
        adapters.add(spec.name, adapter)
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        name=spec.name,
        context_length=context_length(model.config, tokenizer),
        precision=precision(spec, dtype, stored) + ("+int8" if copied else ""),
        device=str(model.device),
        adapters=adapters,
        adapter=spec.name if adapter is not None else None,
        prompt_type=spec.prompt_type,
        parameters=parameters,
        memory=int(model.get_memory_footprint()),
        suggested=suggested,
    )


def read_template(file: Path) -> str:
    """Read a chat template from a file.

    Raises:
        ModelLoadFailed: it cannot be read, or does not compile; the message names the line.
    """
    try:
        template = file.expanduser().read_text(encoding="utf-8")
        TemplateRenderer(template, {}).check()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelLoadFailed(f"The prompt template {file} cannot be read: {error}.") from error
    except TemplateRefused as error:
        raise ModelLoadFailed(f"The prompt template {file} cannot be used: {error}.") from error
    return template


def quantization(
    spec: ModelSpec,
    dtype: torch.dtype,
    folder: Path,
    stored: StoredQuantization | None,
    common: dict[str, Any],
) -> dict[str, Any]:
    """Return the keyword arguments of ``from_pretrained`` that concern quantization.

    Empty where there are none: ``quantization_config=None`` would replace what the checkpoint
    itself states.
    """
    if stored is not None:
        if not stored.unpacks:
            return {}
        config = AutoConfig.from_pretrained(folder, **common)
        state_unpacking(config, stored)
        return {"config": config}
    if spec.load_4bit:
        packed = BitsAndBytesConfig(  # type: ignore[no-untyped-call]
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=dtype,
        )
        return {"quantization_config": packed}
    if spec.load_8bit:
        return {"quantization_config": BitsAndBytesConfig(load_in_8bit=True)}  # type: ignore[no-untyped-call]
    return {}


def precision(spec: ModelSpec, dtype: torch.dtype, stored: StoredQuantization | None = None) -> str:
    """Name the number format of the weights, and the published one."""
    if stored is not None:
        plain = str(dtype).removeprefix("torch.")
        return f"{plain} (from {stored.label})" if stored.unpacks else stored.label
    if spec.load_4bit:
        return "nf4"
    return "int8" if spec.load_8bit else str(dtype).removeprefix("torch.")


def leave_odd_layers_unpacked(model: Any) -> None:
    """Keep bitsandbytes from packing 4-bit weights of shapes that its packed kernel rejects.

    On CPUs with AVX512-BF16 it repacks each layer in its first pass, in blocks of 32 outputs by a
    block of inputs, and fails on shapes that do not divide; unpacked layers work as elsewhere.
    """
    for module in model.modules():
        if getattr(module, "support_avx512bf16_for_cpu", False):
            state = module.weight.quant_state
            outputs, inputs = state.shape
            if outputs % PACKED_OUTPUTS or inputs % state.blocksize:
                module.support_avx512bf16_for_cpu = False


def own_generation_config(given: Any, tokenizer: PreTrainedTokenizerBase) -> GenerationConfig:
    """Keep only those generation defaults that belong to the vocabulary.

    Sampling is set by the request; a leftover temperature would change greedy answers and make
    transformers warn at each of them.
    """
    ends = given.eos_token_id
    ends = [ends] if isinstance(ends, int) else list(ends or [])
    if tokenizer.eos_token_id is not None and tokenizer.eos_token_id not in ends:
        ends.append(tokenizer.eos_token_id)
    pad = given.pad_token_id
    if pad is None:
        pad = tokenizer.pad_token_id
    if pad is None:
        pad = ends[0] if ends else 0
    return GenerationConfig(  # type: ignore[no-untyped-call]
        bos_token_id=given.bos_token_id,
        eos_token_id=ends or None,
        pad_token_id=pad,
        suppress_tokens=given.suppress_tokens,
        begin_suppress_tokens=given.begin_suppress_tokens,
        bad_words_ids=given.bad_words_ids,
    )


def context_length(config: Any, tokenizer: PreTrainedTokenizerBase) -> int:
    """Return the maximum tokens of prompt and answer together."""
    text_config = config.get_text_config()
    for name in CONTEXT_NAMES:
        value = getattr(text_config, name, None)
        if isinstance(value, int) and value > 0:
            return value
    length = tokenizer.model_max_length
    return int(length) if length and length < UNLIMITED else DEFAULT_CONTEXT
