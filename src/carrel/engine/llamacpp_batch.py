"""Continuous batching over llama.cpp's sequences; runs in one thread."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from carrel.engine.llamacpp_model import CHUNK, LlamaModel, Reading
from carrel.engine.row import Row
from carrel.engine.row_sampler import choose


class LlamaBatch:
    """Rows join and leave between any two passes, as in ``Batcher``.

    A slot keeps the prompt that was read in it last: a row that begins alike, as the next turn of
    a chat does, goes on after its last whole chunk.
    """

    def __init__(self, model: LlamaModel) -> None:
        self._model = model
        self._slots: dict[Row, int] = {}
        self._prompts: dict[Row, int] = {}
        self._kept: dict[int, list[int]] = {slot: [] for slot in range(model.shape.slots)}
        self.running: Counter[str] = Counter()
        for slot in self._kept:
            model.forget(slot)

    @property
    def rows(self) -> list[Row]:
        """The rows that are being computed."""
        return list(self._slots)

    def has_room(self, row: Row) -> bool:
        """Whether a row can join now."""
        return len(self._slots) < len(self._kept)

    def take_in(self, row: Row) -> None:
        """Let a row join; there must be room for it."""
        free = [slot for slot in self._kept if slot not in self._slots.values()]
        slot = max(free, key=lambda each: self._shared(each, row))
        row.cached = self._model.forget(slot, self._shared(slot, row))
        self._kept[slot] = row.tokens[: row.cached]
        self._slots[row] = slot
        self._prompts[row] = len(row.tokens)
        self.running[row.caller] += 1
        row.answer.start()

    def step(self) -> bool:
        """Compute one token of every answer, and a chunk of one prompt; whether there was work."""
        self._drop_finished()
        reading = [row for row in self._slots if row.cached < self._prompts[row]]
        if reading:
            self._compute(reading[:1])
            self._drop_finished()
        if writing := [row for row in self._slots if row.cached >= self._prompts[row]]:
            self._compute(writing)
            self._drop_finished()
        return bool(self._slots)

    def _compute(self, rows: Sequence[Row]) -> None:
        readings = [
            Reading(self._slots[row], row.cached, row.tokens[row.cached : row.cached + CHUNK])
            for row in rows
        ]
        scores = self._model.compute(readings)
        for row, reading in zip(rows, readings, strict=True):
            row.cached += len(reading.tokens)
        places = [place for place, row in enumerate(rows) if not row.remaining]
        read = [rows[place] for place in places]
        if not read:
            return
        chosen = choose(
            scores[places], [row.tokens for row in read], [row.processors for row in read]
        )
        for row, token in zip(read, chosen, strict=True):
            row.tokens.append(token)
            if not row.over:
                row.answer.push(token)

    def _drop_finished(self) -> None:
        for row in [row for row in self._slots if row.over]:
            slot = self._slots.pop(row)
            # Of the answer nothing is kept: its tokens were computed one by one, and in some
            # number formats that gives other last digits than reading them as a prompt.
            self._kept[slot] = row.tokens[: min(row.cached, self._prompts.pop(row))]
            self.running[row.caller] -= 1
            if not self.running[row.caller]:
                del self.running[row.caller]
            row.ended(None)

    def _shared(self, slot: int, row: Row) -> int:
        """Return how many tokens of a row a slot holds, in whole chunks, short of the last one."""
        most = min(len(self._kept[slot]), len(row.tokens) - 1)
        same = 0
        while same < most and self._kept[slot][same] == row.tokens[same]:
            same += 1
        return same // CHUNK * CHUNK
