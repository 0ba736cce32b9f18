"""Names, number formats and shapes of a model's stored tensors, read without the data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

from carrel.engine.loading.packed_models import opened, shards

BITS = {"F64": 64, "I64": 64, "U64": 64, "C64": 64, "F32": 32, "I32": 32, "U32": 32}
BITS |= {"F16": 16, "BF16": 16, "I16": 16, "U16": 16, "F4": 4}
PLAIN = ("F64", "F32", "F16", "BF16")


@dataclass(frozen=True, slots=True)
class TensorHeader:
    """One stored tensor; ``format`` is its number format as safetensors names it."""

    name: str
    format: str
    shape: tuple[int, ...]

    @property
    def numbers(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """The size in the file; unknown formats have 8 bits."""
        return -(-self.numbers * BITS.get(self.format, 8) // 8)

    @property
    def is_plain(self) -> bool:
        """Whether its numbers are the weights themselves, of 16 bits or more."""
        return self.format in PLAIN


def tensor_headers(folder: Path) -> Iterator[TensorHeader]:
    """Yield the tensors of a model's safetensors files."""
    for shard in shards(folder):
        with opened(shard) as file:
            for name in file.keys():  # noqa: SIM118  no mapping
                part = file.get_slice(name)
                yield TensorHeader(name, str(part.get_dtype()), tuple(part.get_shape()))
