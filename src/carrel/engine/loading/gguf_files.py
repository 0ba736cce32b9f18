"""Converts GGUF files to safetensors folders once: unpacking takes minutes."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from carrel.core.errors import CarrelError, ModelLoadFailed
from carrel.engine.loading.conversion import (
    Conversion,
    cache_folder,
    converted,
    forget_older,
    record_sources,
)
from carrel.engine.loading.memory import refuse_shortage
from carrel.engine.source import first_line


def unpacked_gguf(file: Path, models_dir: Path) -> Path:
    """Return the folder of a GGUF file's model, converting it at the first call.

    Raises:
        ModelLoadFailed: transformers does not support it, or memory is short.
        StorageFull: the disk is full.
    """
    target = cache_folder(models_dir, file.stem, [file])
    if target.is_dir():
        return target
    try:
        parameters, dtype = read_header(file)
        conversion = Conversion(
            f"the unpacked form of {file.name}",
            int(parameters * size_of(dtype) * 1.02),
            partial(write_unpacked, file, dtype),
        )
        refuse_shortage(f"Unpacking {file.name}", int(conversion.size * 1.2))
        folder = converted(target, conversion)
    except CarrelError:
        raise
    # Reading a file of any origin into any architecture can raise anything.
    except Exception as error:
        raise ModelLoadFailed(f"{file.name} cannot be loaded: {first_line(error)}.") from error
    forget_older(target, [file])
    return folder


def read_header(file: Path) -> tuple[int, str]:
    """Return the number of weights and the number format to store them in.

    Quantized weights are stored in bfloat16, which has more bits than they do.
    """
    from gguf import GGUFReader

    tensors = GGUFReader(file).tensors
    parameters = sum(int(tensor.n_elements) for tensor in tensors)
    if not parameters:
        raise ValueError("it holds no weights")
    formats = {tensor.tensor_type.name for tensor in tensors}
    for name, dtype in (("BF16", "bfloat16"), ("F16", "float16"), ("F32", "float32")):
        # A file's small tensors are kept in F32 beside its half ones.
        if name in formats and formats <= {name, "F32"}:
            return parameters, dtype
    return parameters, "bfloat16"


def size_of(dtype: str) -> int:
    """Return the bytes of one weight."""
    return 4 if dtype == "float32" else 2


def write_unpacked(file: Path, dtype: str, folder: Path) -> None:
    """Write the safetensors folder of a GGUF file."""
    # torch and transformers take seconds to import and are not needed to find a converted folder.
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig
    from transformers.utils.logging import disable_progress_bar

    from carrel.engine.loading.whole_weights import refuse_incomplete

    disable_progress_bar()  # type: ignore[no-untyped-call]
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    loaded: Any = AutoModelForCausalLM.from_pretrained(
        file.parent,
        gguf_file=file.name,
        quantization_config=GgufConfig(dequantize=True),
        dtype=getattr(torch, dtype),
        output_loading_info=True,
    )
    model, found = loaded
    refuse_incomplete(file.name, file.parent, model, found)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    record_sources(folder, [file])
