"""Device and number format of the weights."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import torch

from carrel.core.errors import ModelLoadFailed
from carrel.core.runtime.system_modules import usable_cores
from carrel.engine.loading.memory_estimate import available_memory, gpu_limits, on_cuda
from carrel.engine.spec import ModelSpec


def refuse_missing_device(spec: ModelSpec) -> None:
    """Raise ModelLoadFailed where the machine, or this build of torch, lacks the wanted device."""
    if spec.device == "mps" and not torch.backends.mps.is_available():
        raise ModelLoadFailed(
            "device is 'mps', which only a Mac with Apple silicon has: leave out --device."
        )
    if spec.device == "cuda" and not torch.cuda.is_available():
        raise ModelLoadFailed(
            "device is 'cuda', but this torch finds no NVIDIA GPU: leave out --device."
        )


def computes_bfloat16(cuda: bool) -> bool:
    """Whether the hardware multiplies bfloat16 natively; elsewhere it is slower than float32."""
    if cuda:
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def default_dtype(device: str = "auto") -> torch.dtype:
    """Return the number format for ``dtype=auto``.

    Measured with the bundled model on 2 cores with AVX512-BF16: bfloat16 reads prompts 1.5 to 1.9
    times as fast as float32, and generates 1.5 times as fast after a short prompt (0.9 times after
    2,000 tokens). Apple's GPUs all compute in float16, and in bfloat16 from macOS 14 only.
    """
    if device == "mps":
        return torch.float16
    cuda = device != "cpu" and torch.cuda.is_available()
    if computes_bfloat16(cuda):
        return torch.bfloat16
    return torch.float16 if cuda else torch.float32


def wants_int8_copies(spec: ModelSpec) -> bool:
    """Whether to add int8 copies of the weights: see `int8_copies`.

    Only with ``dtype=auto``, and on the kind of CPU on which they were measured to help: with AVX2
    alone the same kernel is as slow as float32. A memory limit means that there is none to spare.
    """
    free_choice = spec.dtype == "auto" and not (spec.load_8bit or spec.load_4bit)
    on_processor = spec.device != "mps" and not on_cuda(spec)
    measured = on_processor and torch.cpu.get_capabilities().get("avx512_bf16")
    return free_choice and bool(measured) and spec.max_cpu_memory is None


def device_map(spec: ModelSpec) -> Any:
    """Return transformers' ``device_map``; None is the CPU.

    Raises:
        ModelLoadFailed: there is no GPU of that number, or no such device.
    """
    refuse_missing_device(spec)
    if spec.device == "mps":
        return {"": "mps"}
    if not on_cuda(spec):
        return None
    if not spec.use_gpu_id:
        return "auto"
    count = torch.cuda.device_count()
    if spec.gpu_id >= count:
        raise ModelLoadFailed(
            f"There is no GPU {spec.gpu_id}: this machine has {count}, counted from 0. "
            "Set --gpu_id, or --use_gpu_id=False to use them all."
        )
    return {"": spec.gpu_id}


def memory_limits(spec: ModelSpec) -> dict[int | str, int]:
    """Return the bytes that each GPU and the CPU may hold of a sharded model."""
    host = available_memory(spec)
    limits: dict[int | str, int] = dict(gpu_limits(spec).items())
    return limits if host is None else limits | {"cpu": host}


def refuse_quantization(spec: ModelSpec) -> None:
    """Raise ModelLoadFailed if the device does not support the quantization."""
    if not (spec.load_4bit or spec.load_8bit):
        return
    bits, least = ("4", (6, 0)) if spec.load_4bit else ("8", (7, 5))
    if spec.device == "mps":
        raise ModelLoadFailed(
            f"{bits}-bit weights cannot be computed on 'mps': leave out --load_{bits}bit."
        )
    if find_spec("bitsandbytes") is None:
        raise ModelLoadFailed(
            f"{bits}-bit weights need the package bitsandbytes, which is not installed."
        )
    if not on_cuda(spec):
        return
    for gpu in [spec.gpu_id] if spec.use_gpu_id else range(torch.cuda.device_count()):
        capability = torch.cuda.get_device_capability(gpu)
        if capability < least:
            raise ModelLoadFailed(
                f"GPU {gpu} cannot compute with {bits}-bit weights: its compute capability is "
                f"{capability[0]}.{capability[1]}, {least[0]}.{least[1]} is the least. "
                f"Remove --load_{bits}bit."
            )


def use_all_cores() -> None:
    """Let torch use every core of this process."""
    cores = usable_cores()
    if torch.get_num_threads() != cores:
        torch.set_num_threads(cores)
