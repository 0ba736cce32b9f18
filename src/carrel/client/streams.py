"""Streamed answers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

from pydantic import ValidationError

from carrel.client.failures import ApiError, error_of, transport_errors
from carrel.client.replies import Answer, sentences_of, tokens_of
from carrel.core.chat import AnswerScored, FinishReason, TokenLogprob, Usage
from carrel.core.documents import Source
from carrel.core.errors import RemoteUnavailable
from carrel.schemas.completions import ChunkBody
from carrel.schemas.errors import ErrorBody
from carrel.schemas.sources import SentenceBody

DATA = b"data:"
DONE = b"[DONE]"


class ChunkReader:
    """Parses server-sent events from bytes in arbitrary pieces."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.sources: tuple[Source, ...] = ()
        self.logprobs: list[TokenLogprob] = []
        self.done = False
        self._usage: Usage | None = None
        self._reason: FinishReason | None = None
        self._model = ""
        self._dropped_turns = 0
        self._whole_documents = False
        self._scored: AnswerScored | None = None
        self._sentences: list[SentenceBody] = []
        self._search_query: str | None = None
        self._abstained = False
        self._rest = b""

    def feed(self, data: bytes) -> list[str]:
        """Return the texts that are complete now.

        Raises:
            CarrelError: the server reports an error.
            ApiError: it is not a stream of Carrel.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        before = len(self.texts)
        for line in lines:
            if line.startswith(DATA):
                self._read(line.removeprefix(DATA).strip())
        return self.texts[before:]

    def answer(self) -> Answer:
        """Return the whole answer.

        Raises:
            RemoteUnavailable: the stream ended early.
        """
        if not self.done or self._usage is None or self._reason is None:
            raise RemoteUnavailable("The answer ended early: the server closed the connection.")
        return Answer(
            text="".join(self.texts),
            sources=self.sources,
            usage=self._usage,
            finish_reason=self._reason,
            model=self._model,
            dropped_turns=self._dropped_turns,
            whole_documents=self._whole_documents,
            logprobs=tuple(self.logprobs),
            scored=self._scored,
            sentences=sentences_of(self._sentences, "".join(self.texts), self.sources),
            search_query=self._search_query,
            abstained=self._abstained,
        )

    def _read(self, data: bytes) -> None:
        if data == DONE:
            self.done = True
            return
        try:
            if data.startswith(b'{"error"'):
                raise error_of(ErrorBody.model_validate_json(data).error, None)
            chunk = ChunkBody.model_validate_json(data)
        except ValidationError as error:
            raise ApiError("The stream is not one of Carrel's.", None, None) from error
        self._model = chunk.model
        self._keep(chunk)

    def _keep(self, chunk: ChunkBody) -> None:
        for choice in chunk.choices:
            if choice.delta.content:
                self.texts.append(choice.delta.content)
            self.logprobs += tokens_of(choice.logprobs)
            if choice.finish_reason is not None:
                self._reason = FinishReason(choice.finish_reason)
        if chunk.usage is not None:
            self._usage = chunk.usage.to_core()
        if chunk.sources is not None:
            self.sources = tuple(each.to_core() for each in chunk.sources)
        self._whole_documents = chunk.whole_documents or self._whole_documents
        self._sentences = chunk.answer_sentences or self._sentences
        self._scored = chunk.scored or self._scored
        self._search_query = chunk.search_query or self._search_query
        self._abstained = chunk.abstained or self._abstained
        self._dropped_turns = chunk.dropped_turns or self._dropped_turns


class _Streamed:
    """State of both kinds of stream at their end."""

    def __init__(self, address: str) -> None:
        self._reader = ChunkReader()
        self._address = address

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._reader.texts)

    @property
    def sources(self) -> Sequence[Source]:
        """The sources; empty before the end."""
        return self._reader.sources

    def answer(self) -> Answer:
        """Return the whole answer, at the end.

        Raises:
            RemoteUnavailable: the stream has not ended.
        """
        return self._reader.answer()


class AnswerStream(_Streamed):
    """Synchronous iterator over the text of an answer."""

    def __init__(self, address: str, data: Iterator[bytes]) -> None:
        super().__init__(address)
        self._data = data

    def __iter__(self) -> Iterator[str]:
        """Yield text as it arrives.

        Raises:
            CarrelError: the server reports an error, or the connection breaks.
        """
        with transport_errors(self._address):
            for data in self._data:
                yield from self._reader.feed(data)
        self._reader.answer()


class AsyncAnswerStream(_Streamed):
    """Asynchronous iterator over the text of an answer."""

    def __init__(self, address: str, data: AsyncIterator[bytes]) -> None:
        super().__init__(address)
        self._data = data

    async def __aiter__(self) -> AsyncIterator[str]:
        """Yield text as it arrives.

        Raises:
            CarrelError: the server reports an error, or the connection breaks.
        """
        with transport_errors(self._address):
            async for data in self._data:
                for text in self._reader.feed(data):
                    yield text
        self._reader.answer()
