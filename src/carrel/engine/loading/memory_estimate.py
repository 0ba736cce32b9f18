"""Estimates a model's memory from its file headers before loading."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from carrel.core.errors import ModelLoadFailed
from carrel.engine.loading.memory import GIB, free_memory
from carrel.engine.loading.tensor_headers import TensorHeader, tensor_headers
from carrel.engine.spec import ModelSpec

OVERHEAD = 1.05
"""Overhead beyond the weights: buffers, the allocator's blocks, one tensor being converted."""

QUANTIZED_BYTES = {"nf4": 0.53, "int8": 1.01}
"""Bytes per weight including scales: nf4 with double quantization, and LLM.int8."""

FP4_BLOCKS = "_blocks"
"""Name suffixes of MXFP4 tensors, two numbers per byte, which become plain weights."""

KEPT = ("embed", "lm_head", "wte", "wpe", ".experts.")
"""Name parts of matrices that bitsandbytes does not quantize."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """Sizes of a model's weights: matrices that can be quantized, and the rest, in weights.

    ``packed`` is the bytes of those that stay as they are published, in few bits.
    """

    matrices: int
    others: int
    packed: int = 0

    def bytes(self, precision: str, dtype: torch.dtype) -> int:
        """Return the bytes: matrices in ``nf4``, ``int8`` or plain, the rest in ``dtype``."""
        matrix = QUANTIZED_BYTES.get(precision, dtype.itemsize)
        plain = self.matrices * matrix + self.others * dtype.itemsize
        return int((plain + self.packed) * OVERHEAD)


def estimate(folder: Path, pickled: bool) -> Estimate:
    """Read the number of weights from a model's folder."""
    if pickled:
        return Estimate(0, _pickled_weights(folder))
    matrices = others = packed = 0
    few_bits = False
    for each in tensor_headers(folder):
        becomes = _weights(each)
        few_bits = few_bits or (not each.is_plain and len(each.shape) > 1)
        if becomes is None:
            packed += each.bytes
        elif len(each.shape) == 2 and not any(part in each.name for part in KEPT):
            matrices += becomes
        else:
            others += becomes
    # Weights published in few bits are not quantized again.
    return Estimate(0, matrices + others, packed) if few_bits else Estimate(matrices, others)


def refuse_too_large(spec: ModelSpec, needed: Estimate, precision: str, dtype: torch.dtype) -> None:
    """Raise ModelLoadFailed if the model needs more memory than is free, with both figures."""
    free, place = available(spec, precision)
    size = needed.bytes(precision, dtype)
    if free is None or size <= free:
        return
    smaller = needed.bytes("nf4", dtype)
    advice = (
        f"--load_4bit=True takes about {smaller / GIB:.1f} GiB."
        if smaller <= free and precision not in QUANTIZED_BYTES
        else "Free some, or take a smaller model."
    )
    raise ModelLoadFailed(
        f"Model {spec.name} needs about {size / GIB:.1f} GiB in {precision}, and "
        f"{free / GIB:.1f} GiB are free {place}. {advice}"
    )


def on_cuda(spec: ModelSpec) -> bool:
    """Whether the weights go to NVIDIA GPUs."""
    return spec.device in ("auto", "cuda") and torch.cuda.is_available()


def available(spec: ModelSpec, precision: str) -> tuple[int | None, str]:
    """Return the bytes available for weights, and where; None if unknown."""
    host = available_memory(spec)
    if not on_cuda(spec):
        return host, "in memory"
    if spec.use_gpu_id:
        return torch.cuda.mem_get_info(spec.gpu_id)[0], f"on GPU {spec.gpu_id}"
    gpus = sum(gpu_limits(spec).values())
    # bitsandbytes computes where the weights are; it does not split them between GPU and CPU.
    if precision in QUANTIZED_BYTES or host is None:
        return gpus, "on all GPUs"
    return gpus + host, "on all GPUs and in memory"


def available_memory(spec: ModelSpec) -> int | None:
    """Return the bytes available for weights in the CPU's memory."""
    free = free_memory()
    if spec.max_cpu_memory is None:
        return free
    most = int(spec.max_cpu_memory * GIB)
    return most if free is None else min(free, most)


def gpu_limits(spec: ModelSpec) -> dict[int, int]:
    """Return the bytes available for weights on each GPU."""
    free = {gpu: torch.cuda.mem_get_info(gpu)[0] for gpu in range(torch.cuda.device_count())}
    if spec.max_gpu_memory is None:
        return free
    return {
        gpu: min(bytes_free, int(spec.max_gpu_memory * GIB)) for gpu, bytes_free in free.items()
    }


def _weights(tensor: TensorHeader) -> int | None:
    """Return how many plain weights a stored tensor becomes, None if it stays packed."""
    if tensor.is_plain or tensor.format.startswith("F8_E"):
        return tensor.numbers
    if tensor.name.endswith(FP4_BLOCKS):
        return 2 * tensor.numbers
    return None


def _pickled_weights(folder: Path) -> int:
    """Estimate from the files' size: reading a pickle would load it."""
    config: Mapping[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    dtype = getattr(torch, str(config.get("dtype") or config.get("torch_dtype") or "float32"))
    size = sum(file.stat().st_size for file in folder.glob("pytorch_model*.bin"))
    return int(size / dtype.itemsize)
