"""All requests of the client, with the parsers of their replies. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypedDict
from urllib.parse import quote

from pydantic import ValidationError

from carrel.client.call import Call, in_collection, made, parsed, reads
from carrel.client.failures import ApiError, error_of_reply
from carrel.client.replies import Answer, Health, Uploaded, uploaded
from carrel.core.chat import Message
from carrel.core.documents import Source
from carrel.core.summaries import Extracted, Summarized
from carrel.schemas.chat import ChatBody, DocumentsBody
from carrel.schemas.collections import (
    CollectionBody,
    CollectionList,
    DeletedCollection,
    NewCollection,
    RenamedCollection,
)
from carrel.schemas.completions import CompletionBody
from carrel.schemas.documents import (
    AcceptedReply,
    DeletedDocument,
    DocumentBody,
    DocumentList,
    PassageBody,
    Reingest,
    TextDocument,
    UploadReply,
    WebDocuments,
)
from carrel.schemas.errors import ErrorBody
from carrel.schemas.jobs import JobBody, JobList
from carrel.schemas.models import LoadModel, ModelBody, ModelList, UnloadedModels, UnloadModel
from carrel.schemas.sources import SearchBody, SearchReply
from carrel.schemas.summaries import ExtractionBody, SummarizationBody, SummaryBody

Documents = DocumentsBody
Messages = str | Sequence[Message | Mapping[str, Any]]


class ChatOptions(TypedDict, total=False):
    """Options of a question; omitted ones take the server's settings.

    ``documents`` selects the documents: ``Documents(collections=["UserData"])``. The
    ``response_format`` has OpenAI's shape, such as ``{"type": "json_object"}``. ``logprobs`` fills
    ``Answer.logprobs``, with the ``top_logprobs`` most likely tokens at each position. ``max_time``
    is in seconds.
    """

    model: str
    documents: Documents
    max_tokens: int
    min_tokens: int
    max_time: float
    temperature: float
    top_p: float
    top_k: int
    repetition_penalty: float
    seed: int
    stop: list[str]
    response_format: Mapping[str, Any]
    logprobs: bool
    top_logprobs: int


class SummarizationOptions(TypedDict, total=False):
    """Options of a summary or an extraction; omitted ones take the server's settings.

    ``documents`` are ids; by default the whole collection is read. ``focus`` is the topic to
    concentrate on. ``max_tokens`` limits the text.
    """

    documents: list[str]
    focus: str
    model: str
    max_tokens: int


class LoadOptions(TypedDict, total=False):
    """How to load a model; omitted options take the server's settings.

    ``wait=False`` returns at once; ``models`` then shows the progress.
    """

    name: str
    lora_weights: list[str]
    load_8bit: bool
    load_4bit: bool
    dtype: str
    prompt_type: str
    inference_server: str
    trust_remote_code: bool
    wait: bool


def _message(message: Message | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(message, Message):
        return {"role": message.role.value, "content": message.content}
    return dict(message)


def chat(messages: Messages, options: ChatOptions, *, stream: bool = False) -> Call[Answer]:
    """Ask the model; a plain text is a single user message.

    With ``stream`` the reply is parsed by ``carrel.client.streams``.
    """
    listed = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    fields: dict[str, Any] = {"messages": [_message(each) for each in listed], **options}
    if stream:
        fields |= {"stream": True, "stream_options": {"include_usage": True}}
    read = reads(CompletionBody, Answer.of)
    return Call("POST", "/v1/chat/completions", read, made(ChatBody, **fields), asks=True)


def health() -> Call[Health]:
    """Return whether a question can be answered now."""

    def read(status: int, content: bytes) -> Health:
        if status < 400:
            return Health(True)
        if status != 503:
            raise error_of_reply(status, content)
        return Health(False, parsed(ErrorBody, status, content).error.message)

    return Call("GET", "/health", read, tells_state=True)


def models() -> Call[list[ModelBody]]:
    """List the models."""
    return Call("GET", "/v1/models", reads(ModelList, lambda reply: reply.data))


def load_model(model: str, options: LoadOptions) -> Call[list[ModelBody]]:
    """Load a model; the server may have to download it first."""
    body = made(LoadModel, model=model, **options)
    read = reads(ModelList, lambda reply: reply.data)
    return Call("POST", "/v1/models/load", read, body, patient=True)


def unload_model(model: str) -> Call[list[str]]:
    """Unload a model."""
    read = reads(UnloadedModels, lambda reply: reply.unloaded)
    return Call("POST", "/v1/models/unload", read, made(UnloadModel, model=model))


def collections() -> Call[list[CollectionBody]]:
    """List the collections."""
    read = reads(CollectionList, lambda reply: reply.collections)
    return Call("GET", "/v1/collections", read)


def create_collection(name: str, shared: bool) -> Call[CollectionBody]:
    """Create a collection."""
    body = made(NewCollection, name=name, shared=shared)
    return Call("POST", "/v1/collections", reads(CollectionBody, lambda reply: reply), body)


def rename_collection(name: str, new_name: str, shared: bool | None) -> Call[CollectionBody]:
    """Rename a collection."""
    given = {} if shared is None else {"shared": shared}
    body = made(RenamedCollection, name=new_name, **given)
    return Call("PATCH", in_collection(name), reads(CollectionBody, lambda reply: reply), body)


def delete_collection(name: str) -> Call[int]:
    """Delete a collection."""
    read = reads(DeletedCollection, lambda reply: reply.documents)
    return Call("DELETE", in_collection(name), read)


def search(
    query: str, collection: str, top_k: int | None, ids: Sequence[str] = (), filter: str = ""
) -> Call[list[Source]]:
    """Find passages, optionally only in the documents of ``ids``, and in those of ``filter``."""
    read = reads(SearchReply, lambda reply: [each.to_core() for each in reply.results])
    given: dict[str, Any] = {} if top_k is None else {"top_k": top_k}
    if ids:
        given["ids"] = list(ids)
    if filter:
        given["filter"] = filter
    body = made(SearchBody, query=query, **given)
    return Call("POST", in_collection(collection, "search"), read, body, asks=True)


def summarize(
    collection: str, options: SummarizationOptions, *, stream: bool = False
) -> Call[Summarized]:
    """Summarise documents; streams are read by ``carrel.client.summary_events``."""
    fields: dict[str, Any] = {**options, **({"stream": True} if stream else {})}
    read = reads(SummaryBody, lambda reply: reply.to_core())
    body = made(SummarizationBody, **fields)
    path = in_collection(collection, "summarize")
    return Call("POST", path, read, body, patient=True, asks=True)


def extract(
    collection: str, options: SummarizationOptions, *, stream: bool = False
) -> Call[Extracted]:
    """Extract facts from documents; streams are read by ``carrel.client.summary_events``."""
    fields: dict[str, Any] = {**options, **({"stream": True} if stream else {})}
    read = reads(ExtractionBody, lambda reply: reply.to_core())
    body = made(SummarizationBody, **fields)
    path = in_collection(collection, "extract")
    return Call("POST", path, read, body, patient=True, asks=True)


def documents(collection: str) -> Call[list[DocumentBody]]:
    """List the documents of a collection."""
    read = reads(DocumentList, lambda reply: reply.documents)
    return Call("GET", in_collection(collection, "documents"), read)


def page_picture(document_id: str, page: int, collection: str, quote: str) -> Call[bytes]:
    """Render a page of a PDF."""

    def read(status: int, content: bytes) -> bytes:
        if status >= 400:
            raise error_of_reply(status, content)
        return content

    path = in_collection(collection, "documents", document_id, "pages", f"{page}.png")
    return Call("GET", path, read, params={"quote": quote} if quote else {}, patient=True)


def passage(document_id: str, quote: str, collection: str) -> Call[PassageBody]:
    """Show a quote in its context."""
    path = in_collection(collection, "documents", document_id, "passage")
    return Call("GET", path, reads(PassageBody, lambda reply: reply), params={"quote": quote})


def delete_document(document_id: str, collection: str) -> Call[None]:
    """Delete a document."""
    read = reads(DeletedDocument, lambda reply: None)
    return Call("DELETE", in_collection(collection, "documents", document_id), read)


def upload(files: Sequence[tuple[str, Path]], collection: str) -> Call[list[Uploaded]]:
    """Upload files and wait until they are ingested."""
    path = in_collection(collection, "documents")
    return Call("POST", path, _read_upload, params={"wait": "true"}, files=files, patient=True)


def upload_text(name: str, text: str, collection: str) -> Call[list[Uploaded]]:
    """Upload a text as a document and wait until it is ingested."""
    path = in_collection(collection, "documents")
    body = made(TextDocument, name=name, text=text)
    return Call("POST", path, _read_upload, body, params={"wait": "true"}, patient=True)


def start_upload(files: Sequence[tuple[str, Path]], collection: str) -> Call[AcceptedReply]:
    """Upload files; they are ingested in the background."""
    path = in_collection(collection, "documents")
    read = reads(AcceptedReply, lambda reply: reply)
    return Call("POST", path, read, files=files, patient=True)


def fetch(addresses: str | Sequence[str], depth: int, collection: str) -> Call[AcceptedReply]:
    """Fetch and ingest documents in the background."""
    path = in_collection(collection, "documents")
    read = reads(AcceptedReply, lambda reply: reply)
    if isinstance(addresses, str):
        body = made(WebDocuments, url=addresses, depth=depth)
    else:
        body = made(WebDocuments, urls=list(addresses), depth=depth)
    return Call("POST", path, read, body)


def reingest(documents: str | Sequence[str], collection: str) -> Call[AcceptedReply]:
    """Read documents again in the background."""
    read = reads(AcceptedReply, lambda reply: reply)
    if isinstance(documents, str):
        return Call("POST", in_collection(collection, "documents", documents, "reingest"), read)
    body = made(Reingest, documents=list(documents))
    return Call("POST", in_collection(collection, "documents", "reingest"), read, body)


def reingest_failed(collection: str) -> Call[AcceptedReply]:
    """Read all failed documents again in the background."""
    read = reads(AcceptedReply, lambda reply: reply)
    body = made(Reingest, failed=True)
    return Call("POST", in_collection(collection, "documents", "reingest"), read, body)


def jobs() -> Call[list[JobBody]]:
    """List the jobs."""
    return Call("GET", "/v1/jobs", reads(JobList, lambda reply: reply.jobs))


def job(job_id: str) -> Call[JobBody]:
    """Describe a job."""
    return Call("GET", _job(job_id), reads(JobBody, lambda reply: reply))


def cancel_job(job_id: str) -> Call[JobBody]:
    """Stop a job."""
    return Call("POST", _job(job_id, "cancel"), reads(JobBody, lambda reply: reply))


def job_events(job_id: str) -> Call[None]:
    """Follow a job; the reply is parsed by ``carrel.client.job_events``."""
    return Call("GET", _job(job_id, "events"), lambda status, content: None, patient=True)


def _job(job_id: str, *rest: str) -> str:
    return "/" + "/".join(quote(part, safe="") for part in ("v1", "jobs", job_id, *rest))


def _read_upload(status: int, content: bytes) -> list[Uploaded]:
    # Files that could not be read are outcomes, even if there is no other file.
    try:
        return uploaded(UploadReply.model_validate_json(content))
    except ValidationError:
        if status >= 400:
            raise error_of_reply(status, content) from None
        raise ApiError("The server's reply is not one of Carrel's.", status, None) from None
