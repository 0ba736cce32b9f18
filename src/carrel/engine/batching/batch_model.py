"""One forward pass of a model over several sequences of different lengths."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

import torch

from carrel.engine.batching.slot_attention import SLOTS, additive, register
from carrel.engine.batching.slot_cache import SlotCache, Window


class AdapterRows(Protocol):
    """Computes each row of a batch with its own adapter."""

    def rows(self, names: Sequence[str | None]) -> AbstractContextManager[Any]:
        """Within this context row i of a pass uses the adapter ``names[i]``; None is the base."""
        ...


class BatchModel:
    """A transformers model whose sequences are in the slots of a ``SlotCache``.

    Models with replaceable attention get ``slot_attention``; the others get a four-dimensional
    mask. ``self_check`` finds out whether a model understands either. ``device`` is where the model
    expects its input; ``passes`` counts the forward passes.
    """

    def __init__(self, model: Any, adapters: AdapterRows | None = None) -> None:
        self._model: Any = model
        self._adapters = adapters
        self._own_attention = self._model.config._attn_implementation
        self._takes_mask = not self._replace_attention()
        self._selects = "logits_to_keep" in inspect.signature(self._model.forward).parameters
        self.device: torch.device = model.device
        self.passes = 0

    def forward(
        self,
        cache: SlotCache,
        first: int,
        tokens: Sequence[Sequence[int]],
        starts: Sequence[int],
        adapters: Sequence[str | None],
    ) -> torch.Tensor:
        """Compute the next tokens of adjacent slots.

        Sequence i is in slot ``first`` + i, has ``starts[i]`` tokens there already, and continues
        with ``tokens[i]``. Space must be reserved for one token more than each row then has.

        Returns:
            The scores of each row's next token, float32, of shape [rows, vocabulary].
        """
        self.passes += 1
        queries = max(len(each) for each in tokens)
        ids = torch.tensor([[*each, *[0] * (queries - len(each))] for each in tokens])
        lengths = torch.tensor([len(each) for each in tokens])[:, None]
        # Padding of a shorter row is written where its next token will overwrite it.
        steps = torch.minimum(torch.arange(queries)[None], lengths)
        positions = torch.tensor(starts)[:, None] + steps
        window = Window(first, positions, int(positions.max()) + 1)
        cache.begin(window)
        last = [len(each) - 1 for each in tokens]
        kept = sorted(set(last))
        options: dict[str, Any] = {}
        if self._takes_mask:
            options["attention_mask"] = self._mask(window)
        if self._selects:
            options["logits_to_keep"] = torch.tensor(kept, device=self.device)
        with torch.inference_mode(), self._adapted(adapters):
            logits = self._model(
                input_ids=ids.to(self.device),
                position_ids=positions.to(self.device),
                past_key_values=cache,
                use_cache=True,
                **options,
            ).logits
        if self._selects:
            last = [kept.index(each) for each in last]
        picked: torch.Tensor = logits[torch.arange(len(last)), last]
        return picked.float()

    @contextmanager
    def own_attention(self) -> Iterator[None]:
        """Within this context the model uses its original attention."""
        if self._takes_mask:
            yield
            return
        self._model.set_attn_implementation(self._own_attention)
        try:
            yield
        finally:
            self._model.set_attn_implementation(SLOTS)

    def close(self) -> None:
        """Restore the model's own attention and release it. Closing twice does nothing."""
        if self._model is not None and not self._takes_mask:
            self._model.set_attn_implementation(self._own_attention)
        self._model = None

    def _adapted(self, names: Sequence[str | None]) -> AbstractContextManager[Any]:
        return nullcontext() if self._adapters is None else self._adapters.rows(names)

    def _replace_attention(self) -> bool:
        # Asked first because the setter only warns if a model does not support it.
        if not type(self._model)._can_set_attn_implementation():
            return False
        register()
        self._model.set_attn_implementation(SLOTS)
        return True

    def _mask(self, window: Window) -> torch.Tensor:
        keys = torch.arange(window.length)[None, None, None, :]
        seen = keys <= window.positions[:, None, :, None]
        return additive(seen, self._model.dtype).to(self.device)
