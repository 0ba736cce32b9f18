"""Converts events of text completions to OpenAI's replies, complete or in chunks."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import defaultdict
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from carrel.api.metrics import Metrics
from carrel.api.streaming.sse import DONE, event
from carrel.core.chat import Finished, TextDelta, TokenLogprob, Usage
from carrel.schemas.completions import FINISH, UsageBody
from carrel.schemas.text_completions import TextChoice, TextCompletion, TextLogprobs
from carrel.services.merging import Numbered
from carrel.services.text_completions import TextCompletionService, TextRequest


@dataclass(slots=True)
class TextCompleting:
    """The continuations of one request. Exactly one of ``whole`` and ``stream`` is used, once.

    ``echo`` prepends each prompt to its continuation.
    """

    service: TextCompletionService
    asked: TextRequest
    metrics: Metrics
    model: str
    echo: bool
    id: str = field(default_factory=lambda: f"cmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    _written: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    _prompt_tokens: dict[int, int] = field(default_factory=dict)
    _completion_tokens: int = 0

    async def whole(self) -> TextCompletion:
        """Return all continuations when they are finished.

        Raises:
            CarrelError: whatever the service raises.
        """
        texts: dict[int, list[TextDelta]] = defaultdict(list)
        ends: dict[int, Finished] = {}
        async with aclosing(self._events()) as events:
            async for each in events:
                if isinstance(each.event, TextDelta):
                    texts[each.number].append(each.event)
                else:
                    ends[each.number] = each.event
        choices = [
            TextChoice(
                index=number,
                text=self._echoed(number) + "".join(each.text for each in texts[number]),
                logprobs=self._logprobs(
                    number, [token for each in texts[number] for token in each.logprobs]
                ),
                finish_reason=FINISH[end.reason],
            )
            for number, end in sorted(ends.items())
        ]
        return self._reply(choices, self._usage())

    async def stream(self, *, include_usage: bool) -> AsyncGenerator[bytes]:
        """Yield server-sent events; several continuations are interleaved, each with its index.

        Raises:
            CarrelError: whatever the service raises, also after the first event.
        """
        begun: set[int] = set()
        async with aclosing(self._events()) as events:
            async for each in events:
                number = each.number
                text = "" if number in begun else self._echoed(number)
                begun.add(number)
                if isinstance(each.event, TextDelta):
                    logprobs = self._logprobs(number, each.event.logprobs)
                    choice = TextChoice(
                        index=number, text=text + each.event.text, logprobs=logprobs
                    )
                else:
                    reason = FINISH[each.event.reason]
                    choice = TextChoice(index=number, text=text, finish_reason=reason)
                yield event(self._reply([choice]).model_dump_json())
        if include_usage:
            yield event(self._reply([], self._usage()).model_dump_json())
        yield DONE

    async def _events(self) -> AsyncGenerator[Numbered[TextDelta | Finished]]:
        """Yield texts and ends, and count the outcome."""
        outcome = "failed"
        try:
            with self.metrics.answering.track_inprogress():
                async with aclosing(self.service.complete(self.asked)) as events:
                    async for number, each in ((got.number, got.event) async for got in events):
                        if isinstance(each, Finished):
                            self._count(number, each.usage)
                        if isinstance(each, TextDelta | Finished):
                            yield Numbered(number, each)
            outcome = "finished"
        except (GeneratorExit, asyncio.CancelledError):
            outcome = "stopped"
            raise
        finally:
            self.metrics.answers.labels(outcome).inc()

    def _count(self, number: int, usage: Usage) -> None:
        self.metrics.count_usage(usage)
        self._prompt_tokens[number // self.asked.continuations] = usage.prompt_tokens
        self._completion_tokens += usage.completion_tokens

    def _usage(self) -> UsageBody:
        """Return the usage of all; a prompt counts once per continuation."""
        return UsageBody.of(Usage(sum(self._prompt_tokens.values()), self._completion_tokens))

    def _echoed(self, number: int) -> str:
        prompt = self.asked.prompts[number // self.asked.continuations]
        return prompt if self.echo and isinstance(prompt, str) else ""

    def _logprobs(
        self, number: int, tokens: list[TokenLogprob] | tuple[TokenLogprob, ...]
    ) -> TextLogprobs | None:
        if self.asked.sampling.top_logprobs is None:
            return None
        body = TextLogprobs.of(tokens, self._written[number])
        self._written[number] += sum(len(each.text) for each in tokens)
        return body

    def _reply(self, choices: list[TextChoice], usage: UsageBody | None = None) -> TextCompletion:
        return TextCompletion(
            id=self.id, created=self.created, model=self.model, choices=choices, usage=usage
        )
