"""The OpenAPI document, with everything that the framework cannot infer.

Format: https://spec.openapis.org/oas/v3.1.0
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from carrel.api.openapi.openapi_examples import EXAMPLES
from carrel.schemas.compare import ComparisonBody
from carrel.schemas.completions import ChunkBody, CompletionBody
from carrel.schemas.documents import AcceptedReply, TextDocument, UploadReply, WebDocuments
from carrel.schemas.errors import ErrorBody
from carrel.schemas.files import PURPOSES, FileBody
from carrel.schemas.jobs import JobEventBody
from carrel.schemas.models import ModelList
from carrel.schemas.summaries import ExtractionBody, SummarizationEventBody, SummaryBody
from carrel.schemas.text_completions import TextCompletion

PATH = "/openapi.json"
ABOUT = (
    "Chat with language models and question your own documents, in OpenAI's shapes where it has "
    "one. Every error has one shape, with a stable `code`."
)
ERRORS = {"4XX": "The request cannot be answered as it is.", "5XX": "The server cannot answer."}

_MODELS: tuple[type[BaseModel], ...] = (
    AcceptedReply,
    ChunkBody,
    ComparisonBody,
    CompletionBody,
    SummarizationEventBody,
    ErrorBody,
    ExtractionBody,
    FileBody,
    JobEventBody,
    ModelList,
    SummaryBody,
    TextCompletion,
    TextDocument,
    UploadReply,
    WebDocuments,
)
_REFERENCE = "#/components/schemas/{model}"
_BYTES = {"type": "string", "format": "binary"}


def _json(model: type[BaseModel]) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _REFERENCE.format(model=model.__name__)}}}


def _events(model: type[BaseModel]) -> dict[str, Any]:
    """Describe one server-sent event, as OpenAPI 3.2 does; the last one is ``[DONE]``."""
    body = {
        "type": "string",
        "contentMediaType": "application/json",
        "contentSchema": {"$ref": _REFERENCE.format(model=model.__name__)},
    }
    data = {"anyOf": [{"const": "[DONE]"}, body]}
    event = {"type": "object", "properties": {"data": data}, "required": ["data"]}
    return {"text/event-stream": {"schema": event}}


_UPLOADS = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"files": {"type": "array", "items": _BYTES, "minItems": 1}},
            "required": ["files"],
        }
    },
    "application/json": {
        "schema": {
            "anyOf": [
                {"$ref": _REFERENCE.format(model=TextDocument.__name__)},
                {"$ref": _REFERENCE.format(model=WebDocuments.__name__)},
            ]
        }
    },
}
_FILE = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "properties": {"file": _BYTES, "purpose": {"enum": list(PURPOSES)}},
            "required": ["file", "purpose"],
        }
    }
}
BODIES: Mapping[tuple[str, str], Mapping[str, Any]] = MappingProxyType(
    {
        ("post", "/v1/collections/{name}/documents"): _UPLOADS,
        ("post", "/v1/files"): _FILE,
    }
)
"""Content types of bodies that are read as they arrive."""

_READY = {
    "type": "object",
    "properties": {"status": {"const": "ok"}},
    "required": ["status"],
}
_ORIGINAL = {"application/octet-stream": {"schema": _BYTES}}
REPLIES: Mapping[tuple[str, str], Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        ("get", "/health"): {"200": {"application/json": {"schema": _READY}}},
        ("get", "/metrics"): {"200": {"text/plain": {"schema": {"type": "string"}}}},
        ("post", "/v1/models/load"): {"200": _json(ModelList), "202": _json(ModelList)},
        ("post", "/v1/chat/completions"): {"200": _json(CompletionBody) | _events(ChunkBody)},
        ("post", "/v1/compare"): {"200": _json(ComparisonBody) | _events(ChunkBody)},
        ("post", "/v1/completions"): {"200": _json(TextCompletion) | _events(TextCompletion)},
        ("post", "/v1/collections/{name}/summarize"): {
            "200": _json(SummaryBody) | _events(SummarizationEventBody)
        },
        ("post", "/v1/collections/{name}/extract"): {
            "200": _json(ExtractionBody) | _events(SummarizationEventBody)
        },
        ("post", "/v1/collections/{name}/documents"): {
            "200": _json(UploadReply),
            "202": _json(AcceptedReply),
        },
        ("post", "/v1/collections/{name}/documents/reingest"): {
            "200": _json(UploadReply),
            "202": _json(AcceptedReply),
        },
        ("post", "/v1/collections/{name}/documents/{document_id}/reingest"): {
            "200": _json(UploadReply),
            "202": _json(AcceptedReply),
        },
        ("get", "/v1/collections/{name}/documents/{document_id}/content"): {"200": _ORIGINAL},
        ("get", "/v1/collections/{name}/documents/{document_id}/pages/{page}.png"): {
            "200": {"image/png": {"schema": _BYTES}},
            "304": {},
        },
        ("post", "/v1/files"): {"200": _json(FileBody)},
        ("get", "/v1/files/{file_id}/content"): {"200": _ORIGINAL},
        ("get", "/v1/jobs/{job_id}/events"): {"200": _events(JobEventBody)},
    }
)
"""Replies that a route builds itself, by status and content type."""

_DESCRIPTIONS = {"200": "The answer.", "202": "Accepted.", "304": "Not modified."}


class DescribedApi(FastAPI):
    """An application whose OpenAPI document includes these additions."""

    def openapi(self) -> dict[str, Any]:
        """Return the document, which is built once."""
        if self.openapi_schema is None:
            self.openapi_schema = _document(self)
        return self.openapi_schema


def _document(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(
        title=app.title, version=app.version, description=ABOUT, routes=app.routes
    )
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    _, definitions = models_json_schema(
        [(model, "serialization") for model in _MODELS],
        ref_template=_REFERENCE.format(model="{model}"),
    )
    for name, schema in definitions.get("$defs", {}).items():
        schemas.setdefault(name, schema)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    # If the server has a key, every route but /health requires it.
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{}, {"key": []}]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            _complete(operation, (method, path))
    return document


def _complete(operation: dict[str, Any], place: tuple[str, str]) -> None:
    replies = operation["responses"]
    # Validation errors have Carrel's error body, with a status of their own.
    replies.pop("422", None)
    for status, content in REPLIES.get(place, {}).items():
        reply = {"description": _DESCRIPTIONS[status]}
        replies[status] = {**reply, "content": dict(content)} if content else reply
    for status, description in ERRORS.items():
        replies[status] = {"description": description, "content": _json(ErrorBody)}
    if place in BODIES:
        operation["requestBody"] = {"required": True, "content": dict(BODIES[place])}
    if place in EXAMPLES:
        operation["requestBody"]["content"]["application/json"]["examples"] = {
            name: {"value": body} for name, body in EXAMPLES[place].items()
        }
