"""KV cache of the sequences of one batch, each in its own slot.

Every layer holds one tensor of shape [slots, key-value heads, capacity, head size] for its keys and
one for its values. A sequence's token at position p is at index p of its slot, so nothing has to
be shifted or left-padded when sequences of different lengths are computed together; what is behind
a sequence's end is masked out, and overwritten when the sequence gets there. All tokens are kept,
also in layers with a sliding window: the mask implements the window.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from transformers.cache_utils import Cache, CacheLayerMixin

GROWTH = 256
"""Capacity grows in multiples of this many tokens."""


@dataclass(frozen=True, slots=True)
class Window:
    """Slots and positions of one forward pass.

    ``first`` is the slot of the batch's first row; the others follow it. ``positions`` has shape
    [rows, query length]; ``length`` is the number of visible tokens.
    """

    first: int
    positions: torch.Tensor
    length: int

    @property
    def rows(self) -> int:
        """The number of sequences in the pass."""
        return int(self.positions.shape[0])


@dataclass(frozen=True, slots=True)
class Segment:
    """The keys and values of a sequence's first tokens, one pair of tensors per layer.

    Each has the shape [key-value heads, tokens, head size].
    """

    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]

    @property
    def tokens(self) -> int:
        """The number of tokens."""
        return int(self.layers[0][0].shape[1]) if self.layers else 0


class SlotLayer(CacheLayerMixin):
    """The slots of one layer; sized by the cache that owns it."""

    is_sliding = False

    def __init__(self, cache: SlotCache) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._cache = cache

    def lazy_initialization(self, key_states: torch.Tensor, value_states: torch.Tensor) -> None:
        """Allocate the reserved size, on the device and in the format of the states."""
        self.keys = self._empty(key_states)
        self.values = self._empty(value_states)
        self.is_initialized = True

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, *args: Any, **kwargs: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write the states of the current window and return the visible ones."""
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
        assert self.keys is not None and self.values is not None
        window = self._cache.window
        rows = slice(window.first, window.first + window.rows)
        keys, values = self.keys[rows], self.values[rows]
        if window.rows == 1:
            end = window.length
            keys[:, :, end - key_states.shape[2] : end] = key_states
            values[:, :, end - key_states.shape[2] : end] = value_states
        else:
            row = self._cache.row_numbers[: window.rows, None].to(keys.device)
            at = window.positions.to(keys.device)
            keys[row, :, at] = key_states.transpose(1, 2)
            values[row, :, at] = value_states.transpose(1, 2)
        return keys[:, :, : window.length], values[:, :, : window.length]

    def grow(self, slots: int, capacity: int, used: int) -> None:
        """Move the first ``used`` tokens of every slot to larger tensors."""
        if self.keys is not None and self.values is not None:
            self.keys = _grown(self.keys, slots, capacity, used)
            self.values = _grown(self.values, slots, capacity, used)

    def read(self, slot: int, tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return a copy of a sequence's first tokens."""
        keys, values = self._states()
        return keys[slot, :, :tokens].clone(), values[slot, :, :tokens].clone()

    def write(self, slot: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Write a sequence's first tokens into a slot."""
        if not self.is_initialized:
            self.lazy_initialization(keys[None], values[None])
        assert self.keys is not None and self.values is not None
        self.keys[slot, :, : keys.shape[1]] = keys
        self.values[slot, :, : values.shape[1]] = values

    def move(self, source: int, target: int, tokens: int) -> None:
        """Copy the first tokens of a slot to another one."""
        for states in self._states():
            states[target, :, :tokens] = states[source, :, :tokens]

    def swap(self, one: int, other: int, tokens: int) -> None:
        """Swap the first tokens of two slots."""
        for states in self._states():
            kept = states[one, :, :tokens].clone()
            states[one, :, :tokens] = states[other, :, :tokens]
            states[other, :, :tokens] = kept

    def get_mask_sizes(self, query_length: int) -> tuple[int, int]:
        """Return the number of visible tokens and the first one's position."""
        return self._cache.window.length, 0

    def get_seq_length(self) -> int:
        """Return the length of the longest sequence before this pass."""
        window = self._cache.window
        return window.length - int(window.positions.shape[1])

    def get_max_length(self) -> int:
        """Return -1: unbounded."""
        return -1

    def _states(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return all keys and values.

        Raises:
            RuntimeError: no pass wrote any, as in cross-attention without an image.
        """
        if self.keys is None or self.values is None:
            raise RuntimeError("a layer keeps no keys and values of its text")
        return self.keys, self.values

    def _empty(self, states: torch.Tensor) -> torch.Tensor:
        shape = (self._cache.slots, states.shape[1], self._cache.capacity, states.shape[3])
        return _zeros(shape, states)


class SlotCache(Cache):
    """The cache that is passed to a model's ``forward`` as ``past_key_values``.

    ``begin`` sets the slots and positions of each pass. Not thread-safe.
    """

    def __init__(self) -> None:
        self.slot_layers: list[SlotLayer] = []
        super().__init__(layers=self.slot_layers)  # type: ignore[arg-type]
        self.slots = 0
        self.capacity = 0
        self.row_numbers = torch.arange(0)
        self.window = Window(0, torch.zeros((0, 0), dtype=torch.long), 0)

    @property
    def bytes_per_token(self) -> int:
        """Size of one token of one sequence, known after the first pass."""
        return sum(
            states.shape[1] * states.shape[3] * states.element_size()
            for layer in self.slot_layers
            for states in (layer.keys, layer.values)
            if states is not None
        )

    def reserve(self, slots: int, capacity: int, used: int = 0) -> None:
        """Grow to at least so many slots of at least so many tokens.

        The first ``used`` tokens of each slot are kept.
        """
        slots = max(slots, self.slots)
        capacity = max(-(-capacity // GROWTH) * GROWTH, self.capacity)
        if (slots, capacity) == (self.slots, self.capacity):
            return
        # If memory runs out in any layer, the old size remains valid until all have grown.
        for layer in self.slot_layers:
            layer.grow(slots, capacity, used)
        self.slots, self.capacity = slots, capacity
        self.row_numbers = torch.arange(slots)

    def begin(self, window: Window) -> None:
        """Set what the next pass reads and writes; space for it must be reserved."""
        self.window = window

    def update(
        self,
        key_states: torch.Tensor,
        value_states: torch.Tensor,
        layer_idx: int,
        *args: Any,
        **kwargs: Any,
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Write one layer's states and return the visible keys and values."""
        while len(self.slot_layers) <= layer_idx:
            self.slot_layers.append(SlotLayer(self))
        keys, values = self.slot_layers[layer_idx].update(key_states, value_states)
        return keys, values

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Return the length of the longest sequence before this pass."""
        return self.window.length - int(self.window.positions.shape[1])

    def get_mask_sizes(self, query_length: int, layer_idx: int = 0) -> tuple[int, int]:
        """Return the number of visible tokens and the first one's position."""
        return self.window.length, 0

    def get_query_offset(  # type: ignore[override]
        self, layer_idx: int = 0
    ) -> torch.Tensor:
        """Return the positions of all queries, for the masks of ``slot_attention``."""
        return self.window.positions

    def move(self, source: int, target: int, tokens: int) -> None:
        """Copy the first tokens of a slot to another one."""
        for layer in self.slot_layers:
            layer.move(source, target, tokens)

    def swap(self, one: int, other: int, tokens: int) -> None:
        """Swap the first tokens of two slots."""
        for layer in self.slot_layers:
            layer.swap(one, other, tokens)

    def read(self, slot: int, tokens: int) -> Segment:
        """Return a copy of a sequence's first tokens."""
        return Segment(tuple(layer.read(slot, tokens) for layer in self.slot_layers))

    def write(self, slot: int, segment: Segment, tokens: int) -> None:
        """Write a segment into a slot; space must be reserved."""
        while len(self.slot_layers) < len(segment.layers):
            self.slot_layers.append(SlotLayer(self))
        for layer, (keys, values) in zip(self.slot_layers, segment.layers, strict=True):
            layer.write(slot, keys[:, :tokens], values[:, :tokens])


def _grown(states: torch.Tensor, slots: int, capacity: int, used: int) -> torch.Tensor:
    old_slots, heads, old_capacity, size = states.shape
    if old_slots >= slots and old_capacity >= capacity:
        return states
    grown = _zeros((slots, heads, capacity, size), states)
    grown[:old_slots, :, :used] = states[:, :, :used]
    return grown


def _zeros(shape: tuple[int, ...], like: torch.Tensor) -> torch.Tensor:
    """Return zeros: uninitialised memory may hold masked-out NaNs, which spoil the sum.

    On the CPU they come from numpy, which asks the operating system for zeroed pages: these take no
    memory before they are written. torch would write the zeros.
    """
    if like.device.type != "cpu":
        return like.new_zeros(shape)
    count = math.prod(shape) * like.element_size()
    return torch.from_numpy(np.zeros(count, dtype=np.uint8)).view(like.dtype).view(shape)
