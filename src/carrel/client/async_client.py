"""The asynchronous client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack

import httpx

from carrel.client import calls
from carrel.client.call import Call
from carrel.client.calls import ChatOptions, LoadOptions, Messages, SummarizationOptions
from carrel.client.connection import (
    ANSWER_SECONDS,
    DEFAULT_ADDRESS,
    Connection,
    Paths,
    asking,
    named,
)
from carrel.client.failures import error_of_reply, retry_times, transport_errors
from carrel.client.folders import FolderUpload, OnProgress, failed
from carrel.client.job_events import JobEventReader
from carrel.client.replies import Answer, Health, Uploaded
from carrel.client.retrying import RETRIES, Tries
from carrel.client.streams import AsyncAnswerStream
from carrel.client.summary_events import SummarizationEvent, SummarizationEventReader
from carrel.core.documents import USER_DATA, Source
from carrel.core.errors import CarrelError
from carrel.core.summaries import Extracted, Summarized
from carrel.schemas.collections import CollectionBody
from carrel.schemas.documents import AcceptedReply, DocumentBody, PassageBody
from carrel.schemas.jobs import JobBody, JobEventBody
from carrel.schemas.models import ModelBody

Result = TypeVar("Result")


class AsyncClient:
    """Asynchronous client. All methods raise ``carrel.core.errors`` by the server's code."""

    def __init__(
        self,
        address: str = DEFAULT_ADDRESS,
        *,
        api_key: str | None = None,
        timeout: float = ANSWER_SECONDS,
        retries: int = RETRIES,
    ) -> None:
        """Take the server's address and key; ``timeout`` is in seconds, per answer.

        If the server is busy (429, 503), requests are retried up to ``retries`` times, after its
        ``Retry-After`` or increasing delays, except started streams and unsafe requests.

        Raises:
            InvalidRequest: the address is malformed, or ``retries`` is negative.
        """
        self._connection = Connection(address, api_key, timeout, retries)
        self._http = httpx.AsyncClient(**self._connection.settings)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _send(self, call: Call[Result]) -> Result:
        tries = Tries(call, self._connection.retries)
        while True:
            with (
                self._connection.request(call) as arguments,
                transport_errors(self._connection.address),
            ):
                response = await self._http.request(**arguments)
            wait = tries.wait(response.status_code, response.headers)
            if wait is None:
                break
            await asyncio.sleep(wait)
        with retry_times(response.headers):
            return call.read(response.status_code, response.content)

    @asynccontextmanager
    async def _opened(self, call: Call[Any]) -> AsyncIterator[httpx.Response]:
        """Send a call and yield its unread reply."""
        tries = Tries(call, self._connection.retries)
        while True:
            async with AsyncExitStack() as opened:
                arguments = opened.enter_context(self._connection.request(call))
                with transport_errors(self._connection.address):
                    response = await opened.enter_async_context(self._http.stream(**arguments))
                    wait = tries.wait(response.status_code, response.headers)
                    if wait is None and response.is_error:
                        content = await response.aread()
                        with retry_times(response.headers):
                            raise error_of_reply(response.status_code, content)
                if wait is None:
                    yield response
                    return
            await asyncio.sleep(wait)

    async def chat(self, messages: Messages, **options: Unpack[ChatOptions]) -> Answer:
        """Ask the model; a plain text is a single user message."""
        return await self._send(calls.chat(messages, options))

    async def ask(
        self, question: str, collection: str = USER_DATA, **options: Unpack[ChatOptions]
    ) -> Answer:
        """Ask the documents of a collection."""
        return await self._send(calls.chat(question, asking(collection, options)))

    @asynccontextmanager
    async def stream(
        self, messages: Messages, **options: Unpack[ChatOptions]
    ) -> AsyncIterator[AsyncAnswerStream]:
        """Ask the model and stream its answer; leaving the block stops the model.

        async with client.stream("Why?") as answer:
            async for text in answer:
                print(text, end="")
        print(answer.sources)
        """
        call = calls.chat(messages, options, stream=True)
        async with self._opened(call) as response:
            yield AsyncAnswerStream(self._connection.address, response.aiter_bytes())

    async def search(
        self,
        query: str,
        collection: str = USER_DATA,
        top_k: int | None = None,
        ids: Sequence[str] = (),
        filter: str = "",
    ) -> list[Source]:
        """Find passages, best first, without a model.

        Only in the documents of ``ids``, if there are any, that match ``filter``, if there is one.
        """
        return await self._send(calls.search(query, collection, top_k, ids, filter))

    async def summarize(
        self, collection: str = USER_DATA, **options: Unpack[SummarizationOptions]
    ) -> Summarized:
        """Summarise documents of a collection, or all of them."""
        return await self._send(calls.summarize(collection, options))

    async def extract(
        self, collection: str = USER_DATA, **options: Unpack[SummarizationOptions]
    ) -> Extracted:
        """Extract facts from documents of a collection, each with a citation."""
        return await self._send(calls.extract(collection, options))

    async def follow_summary(
        self, collection: str = USER_DATA, **options: Unpack[SummarizationOptions]
    ) -> AsyncGenerator[SummarizationEvent]:
        """Yield progress, text deltas, and last the summary; closing stops it."""
        call = calls.summarize(collection, options, stream=True)
        async with aclosing(self._followed(call)) as events:
            async for event in events:
                yield event

    async def follow_extraction(
        self, collection: str = USER_DATA, **options: Unpack[SummarizationOptions]
    ) -> AsyncGenerator[SummarizationEvent]:
        """Yield progress and last the extraction; closing the generator stops it."""
        call = calls.extract(collection, options, stream=True)
        async with aclosing(self._followed(call)) as events:
            async for event in events:
                yield event

    async def _followed(self, call: Call[Any]) -> AsyncGenerator[SummarizationEvent]:
        reader = SummarizationEventReader()
        async with self._opened(call) as response:
            with transport_errors(self._connection.address):
                async for data in response.aiter_bytes():
                    for event in reader.feed(data):
                        yield event
        reader.end()

    async def upload(self, paths: Paths, collection: str = USER_DATA) -> list[Uploaded]:
        """Upload one file or several, wait until they are ingested, and return the outcomes."""
        return await self._send(calls.upload(named(paths), collection))

    async def upload_folder(
        self,
        folder: str | Path,
        collection: str = USER_DATA,
        *,
        on_progress: OnProgress | None = None,
    ) -> list[Uploaded]:
        """Upload the files below a folder one by one, and return the outcomes.

        Files are named by their paths within the folder; hidden ones are skipped. A file that
        fails is an outcome and the next one follows. ``on_progress`` is called after each outcome.

        Raises:
            PathNotFound: the folder cannot be listed.
            CarrelError: an error that affects every further file: no access, server or space.
        """
        work = FolderUpload(folder, on_progress)
        for name, path in work.files:
            try:
                outcomes = await self.upload({name: path}, collection)
            except CarrelError as error:
                outcomes = [failed(name, error)]
            work.add(outcomes)
        return work.outcomes

    async def upload_text(
        self, name: str, text: str, collection: str = USER_DATA
    ) -> list[Uploaded]:
        """Upload a text as a document of this name, and wait until it is ingested."""
        return await self._send(calls.upload_text(name, text, collection))

    async def start_upload(self, paths: Paths, collection: str = USER_DATA) -> AcceptedReply:
        """Upload files and return at once; ``job`` of the result is the id to follow."""
        return await self._send(calls.start_upload(named(paths), collection))

    async def fetch(
        self, addresses: str | Sequence[str], collection: str = USER_DATA, *, depth: int = 0
    ) -> AcceptedReply:
        """Let the server fetch documents of the web and return at once; follow the ``job``.

        With a ``depth`` above 0 the pages of one site within that many links are fetched, too.
        """
        return await self._send(calls.fetch(addresses, depth, collection))

    async def reingest(
        self, documents: str | Sequence[str], collection: str = USER_DATA
    ) -> AcceptedReply:
        """Read one document or several, by id, again and return at once; follow the ``job``.

        They are read from their originals; the previous content is kept until that is done.
        """
        return await self._send(calls.reingest(documents, collection))

    async def reingest_failed(self, collection: str = USER_DATA) -> AcceptedReply:
        """Read all failed documents again and return at once; follow the ``job``."""
        return await self._send(calls.reingest_failed(collection))

    async def jobs(self) -> list[JobBody]:
        """List the ingestion jobs, the latest first."""
        return await self._send(calls.jobs())

    async def job(self, job_id: str) -> JobBody:
        """Describe a job with its files and progress."""
        return await self._send(calls.job(job_id))

    async def cancel_job(self, job_id: str) -> JobBody:
        """Stop a job; ingested files are kept."""
        return await self._send(calls.cancel_job(job_id))

    async def follow_job(self, job_id: str) -> AsyncGenerator[JobEventBody]:
        """Yield the events of a job until its end; the outcomes so far come first."""
        reader = JobEventReader()
        async with self._opened(calls.job_events(job_id)) as response:
            with transport_errors(self._connection.address):
                async for data in response.aiter_bytes():
                    for event in reader.feed(data):
                        yield event
        reader.end()

    async def documents(self, collection: str = USER_DATA) -> list[DocumentBody]:
        """List the documents of a collection."""
        return await self._send(calls.documents(collection))

    async def page_picture(
        self, document_id: str, page: int, collection: str = USER_DATA, *, quote: str = ""
    ) -> bytes:
        """Return a page of a PDF as PNG, with a quote highlighted where it is found."""
        return await self._send(calls.page_picture(document_id, page, collection, quote))

    async def passage(
        self, document_id: str, quote: str, collection: str = USER_DATA
    ) -> PassageBody:
        """Return a quote of a document in its context."""
        return await self._send(calls.passage(document_id, quote, collection))

    async def delete_document(self, document_id: str, collection: str = USER_DATA) -> None:
        """Delete a document."""
        await self._send(calls.delete_document(document_id, collection))

    async def collections(self) -> list[CollectionBody]:
        """List the collections."""
        return await self._send(calls.collections())

    async def create_collection(self, name: str, *, shared: bool = False) -> CollectionBody:
        """Create a collection."""
        return await self._send(calls.create_collection(name, shared))

    async def rename_collection(
        self, name: str, new_name: str, *, shared: bool | None = None
    ) -> CollectionBody:
        """Rename a collection; ``shared`` changes its visibility."""
        return await self._send(calls.rename_collection(name, new_name, shared))

    async def delete_collection(self, name: str) -> int:
        """Delete a collection and return how many documents it had."""
        return await self._send(calls.delete_collection(name))

    async def models(self) -> list[ModelBody]:
        """List the ready, loading and failed models, the default one first."""
        return await self._send(calls.models())

    async def load_model(self, model: str, **options: Unpack[LoadOptions]) -> list[ModelBody]:
        """Load a model by hub id, path, or name of a loaded one, and return the new models."""
        return await self._send(calls.load_model(model, options))

    async def unload_model(self, model: str) -> list[str]:
        """Unload a model and its adapters, and return their names."""
        return await self._send(calls.unload_model(model))

    async def health(self) -> Health:
        """Return whether a question can be answered now."""
        return await self._send(calls.health())
