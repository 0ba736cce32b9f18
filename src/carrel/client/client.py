# Made from async_client.py by scripts/unasync_client.py: change that file, and run it.
"""The synchronous client."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
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
from carrel.client.streams import AnswerStream
from carrel.client.summary_events import SummarizationEvent, SummarizationEventReader
from carrel.core.documents import USER_DATA, Source
from carrel.core.errors import CarrelError
from carrel.core.summaries import Extracted, Summarized
from carrel.schemas.collections import CollectionBody
from carrel.schemas.documents import AcceptedReply, DocumentBody, PassageBody
from carrel.schemas.jobs import JobBody, JobEventBody
from carrel.schemas.models import ModelBody

Result = TypeVar("Result")


class Client:
    """Synchronous client. All methods raise ``carrel.core.errors`` by the server's code."""

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
        self._http = httpx.Client(**self._connection.settings)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _send(self, call: Call[Result]) -> Result:
        tries = Tries(call, self._connection.retries)
        while True:
            with (
                self._connection.request(call) as arguments,
                transport_errors(self._connection.address),
            ):
                response = self._http.request(**arguments)
            wait = tries.wait(response.status_code, response.headers)
            if wait is None:
                break
            time.sleep(wait)
        with retry_times(response.headers):
            return call.read(response.status_code, response.content)

    @contextmanager
    def _opened(self, call: Call[Any]) -> Iterator[httpx.Response]:
        """Send a call and yield its unread reply."""
        tries = Tries(call, self._connection.retries)
        while True:
            with ExitStack() as opened:
                arguments = opened.enter_context(self._connection.request(call))
                with transport_errors(self._connection.address):
                    response = opened.enter_context(self._http.stream(**arguments))
                    wait = tries.wait(response.status_code, response.headers)
                    if wait is None and response.is_error:
                        content = response.read()
                        with retry_times(response.headers):
                            raise error_of_reply(response.status_code, content)
                if wait is None:
                    yield response
                    return
            time.sleep(wait)

    def chat(self, messages: Messages, **options: Unpack[ChatOptions]) -> Answer:
        """Ask the model; a plain text is a single user message."""
        return self._send(calls.chat(messages, options))

    def ask(
        self, question: str, collection: str = USER_DATA, **options: Unpack[ChatOptions]
    ) -> Answer:
        """Ask the documents of a collection."""
        return self._send(calls.chat(question, asking(collection, options)))

    @contextmanager
    def stream(self, messages: Messages, **options: Unpack[ChatOptions]) -> Iterator[AnswerStream]:
        """Ask the model and stream its answer; leaving the block stops the model.

        with client.stream("Why?") as answer:
            for text in answer:
                print(text, end="")
        print(answer.sources)
        """
        call = calls.chat(messages, options, stream=True)
        with self._opened(call) as response:
            yield AnswerStream(self._connection.address, response.iter_bytes())

    def search(
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
        return self._send(calls.search(query, collection, top_k, ids, filter))

    def summarize(
        self, collection: str = USER_DATA, **options: Unpack[SummarizationOptions]
    ) -> Summarized:
        """Summarise documents of a collection, or all of them."""
        return self._send(calls.summarize(collection, options))

    def extract(
        self, collection: str = USER_DATA, **options: Unpack[SummarizationOptions]
    ) -> Extracted:
        """Extract facts from documents of a collection, each with a citation."""
        return self._send(calls.extract(collection, options))

    def follow_summary(
        self, collection: str = USER_DATA, **options: Unpack[SummarizationOptions]
    ) -> Generator[SummarizationEvent]:
        """Yield progress, text deltas, and last the summary; closing stops it."""
        call = calls.summarize(collection, options, stream=True)
        with closing(self._followed(call)) as events:
            for event in events:
                yield event

    def follow_extraction(
        self, collection: str = USER_DATA, **options: Unpack[SummarizationOptions]
    ) -> Generator[SummarizationEvent]:
        """Yield progress and last the extraction; closing the generator stops it."""
        call = calls.extract(collection, options, stream=True)
        with closing(self._followed(call)) as events:
            for event in events:
                yield event

    def _followed(self, call: Call[Any]) -> Generator[SummarizationEvent]:
        reader = SummarizationEventReader()
        with self._opened(call) as response:
            with transport_errors(self._connection.address):
                for data in response.iter_bytes():
                    for event in reader.feed(data):
                        yield event
        reader.end()

    def upload(self, paths: Paths, collection: str = USER_DATA) -> list[Uploaded]:
        """Upload one file or several, wait until they are ingested, and return the outcomes."""
        return self._send(calls.upload(named(paths), collection))

    def upload_folder(
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
                outcomes = self.upload({name: path}, collection)
            except CarrelError as error:
                outcomes = [failed(name, error)]
            work.add(outcomes)
        return work.outcomes

    def upload_text(self, name: str, text: str, collection: str = USER_DATA) -> list[Uploaded]:
        """Upload a text as a document of this name, and wait until it is ingested."""
        return self._send(calls.upload_text(name, text, collection))

    def start_upload(self, paths: Paths, collection: str = USER_DATA) -> AcceptedReply:
        """Upload files and return at once; ``job`` of the result is the id to follow."""
        return self._send(calls.start_upload(named(paths), collection))

    def fetch(
        self, addresses: str | Sequence[str], collection: str = USER_DATA, *, depth: int = 0
    ) -> AcceptedReply:
        """Let the server fetch documents of the web and return at once; follow the ``job``.

        With a ``depth`` above 0 the pages of one site within that many links are fetched, too.
        """
        return self._send(calls.fetch(addresses, depth, collection))

    def reingest(
        self, documents: str | Sequence[str], collection: str = USER_DATA
    ) -> AcceptedReply:
        """Read one document or several, by id, again and return at once; follow the ``job``.

        They are read from their originals; the previous content is kept until that is done.
        """
        return self._send(calls.reingest(documents, collection))

    def reingest_failed(self, collection: str = USER_DATA) -> AcceptedReply:
        """Read all failed documents again and return at once; follow the ``job``."""
        return self._send(calls.reingest_failed(collection))

    def jobs(self) -> list[JobBody]:
        """List the ingestion jobs, the latest first."""
        return self._send(calls.jobs())

    def job(self, job_id: str) -> JobBody:
        """Describe a job with its files and progress."""
        return self._send(calls.job(job_id))

    def cancel_job(self, job_id: str) -> JobBody:
        """Stop a job; ingested files are kept."""
        return self._send(calls.cancel_job(job_id))

    def follow_job(self, job_id: str) -> Generator[JobEventBody]:
        """Yield the events of a job until its end; the outcomes so far come first."""
        reader = JobEventReader()
        with self._opened(calls.job_events(job_id)) as response:
            with transport_errors(self._connection.address):
                for data in response.iter_bytes():
                    for event in reader.feed(data):
                        yield event
        reader.end()

    def documents(self, collection: str = USER_DATA) -> list[DocumentBody]:
        """List the documents of a collection."""
        return self._send(calls.documents(collection))

    def page_picture(
        self, document_id: str, page: int, collection: str = USER_DATA, *, quote: str = ""
    ) -> bytes:
        """Return a page of a PDF as PNG, with a quote highlighted where it is found."""
        return self._send(calls.page_picture(document_id, page, collection, quote))

    def passage(self, document_id: str, quote: str, collection: str = USER_DATA) -> PassageBody:
        """Return a quote of a document in its context."""
        return self._send(calls.passage(document_id, quote, collection))

    def delete_document(self, document_id: str, collection: str = USER_DATA) -> None:
        """Delete a document."""
        self._send(calls.delete_document(document_id, collection))

    def collections(self) -> list[CollectionBody]:
        """List the collections."""
        return self._send(calls.collections())

    def create_collection(self, name: str, *, shared: bool = False) -> CollectionBody:
        """Create a collection."""
        return self._send(calls.create_collection(name, shared))

    def rename_collection(
        self, name: str, new_name: str, *, shared: bool | None = None
    ) -> CollectionBody:
        """Rename a collection; ``shared`` changes its visibility."""
        return self._send(calls.rename_collection(name, new_name, shared))

    def delete_collection(self, name: str) -> int:
        """Delete a collection and return how many documents it had."""
        return self._send(calls.delete_collection(name))

    def models(self) -> list[ModelBody]:
        """List the ready, loading and failed models, the default one first."""
        return self._send(calls.models())

    def load_model(self, model: str, **options: Unpack[LoadOptions]) -> list[ModelBody]:
        """Load a model by hub id, path, or name of a loaded one, and return the new models."""
        return self._send(calls.load_model(model, options))

    def unload_model(self, model: str) -> list[str]:
        """Unload a model and its adapters, and return their names."""
        return self._send(calls.unload_model(model))

    def health(self) -> Health:
        """Return whether a question can be answered now."""
        return self._send(calls.health())
