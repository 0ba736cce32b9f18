"""Continuous batching over llama.cpp's sequences; runs in one thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from carrel.core.errors import CarrelError
from carrel.engine.batching.batch import advance
from carrel.engine.batching.sequence_state import SequenceState
from carrel.engine.llamacpp.model import CHUNK, LlamaModel, Reading


class LlamaBatch:
    """A ``Batch`` whose rows are sequences of llama.cpp, which stores their keys and values.

    A slot keeps the prompt that it computed last: a row with the same prefix, such as the next turn
    of a chat, continues after its last whole chunk. ``advanced`` is called after every pass in
    which rows got a token.
    """

    def __init__(self, model: LlamaModel, advanced: Callable[[], None]) -> None:
        self._llama = model
        self._advanced = advanced
        self._slots: dict[SequenceState, int] = {}
        self._prompts: dict[SequenceState, int] = {}
        self._kept: dict[int, list[int]] = {slot: [] for slot in range(model.shape.slots)}
        for slot in self._kept:
            model.forget(slot)

    @property
    def rows(self) -> list[SequenceState]:
        """The rows that are being computed."""
        return list(self._slots)

    @property
    def allocated_tokens(self) -> int:
        """Token capacity: llama.cpp allocates the memory at the start."""
        shape = self._llama.shape
        return shape.slots * shape.context_length

    @property
    def kept_tokens(self) -> int:
        """Tokens of finished prompts in free slots."""
        busy = set(self._slots.values())
        return sum(len(kept) for slot, kept in self._kept.items() if slot not in busy)

    def fits(self, row: SequenceState) -> bool:
        """Whether a row can join now."""
        return len(self._slots) < len(self._kept)

    def take_in(self, row: SequenceState) -> None:
        """Add a row; it must fit."""
        free = [slot for slot in self._kept if slot not in self._slots.values()]
        slot = max(free, key=lambda each: self._shared(each, row))
        row.cached = self._llama.forget(slot, self._shared(slot, row))
        self._kept[slot] = row.tokens[: row.cached]
        self._slots[row] = slot
        self._prompts[row] = len(row.tokens)
        row.answer.start()

    def step(self) -> bool:
        """Compute one token per answer and a chunk of one prompt; false if there was no work."""
        self._end_finished()
        reading = [row for row in self._slots if row.cached < self._prompts[row]]
        if reading:
            self._compute(reading[:1])
            self._end_finished()
        writing = [row for row in self._slots if row.cached >= self._prompts[row]]
        alone = [row for row in writing if row.alone and not self._llama.exact]
        for group in [[row for row in writing if row not in alone], *([row] for row in alone)]:
            if group:
                self._compute(group)
        self._end_finished()
        return bool(self._slots)

    def drop_adapter(self, name: str, error: CarrelError) -> None:
        """Do nothing: this engine has no adapters."""

    def _compute(self, rows: Sequence[SequenceState]) -> None:
        readings = [
            Reading(self._slots[row], row.cached, row.tokens[row.cached : row.cached + CHUNK])
            for row in rows
        ]
        scores = self._llama.compute(readings)
        for row, reading in zip(rows, readings, strict=True):
            row.cached += len(reading.tokens)
        done = [number for number, row in enumerate(rows) if not row.remaining]
        if done:
            advance([rows[number] for number in done], scores[done])
            self._advanced()

    def _end_finished(self) -> None:
        for row in [row for row in self._slots if row.over]:
            slot = self._slots.pop(row)
            # The answer is not kept: its tokens were computed one by one, which in some number
            # formats gives other last digits than computing them as a prompt.
            self._kept[slot] = row.tokens[: min(row.cached, self._prompts.pop(row))]
            row.ended(row.error)

    def _shared(self, slot: int, row: SequenceState) -> int:
        """Return how many tokens of a row a slot holds, in whole chunks, short of the last one."""
        most = min(len(self._kept[slot]), len(row.tokens) - 1)
        same = 0
        while same < most and self._kept[slot][same] == row.tokens[same]:
            same += 1
        return same // CHUNK * CHUNK
