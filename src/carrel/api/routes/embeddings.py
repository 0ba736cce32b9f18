"""Embeddings."""

from __future__ import annotations

from fastapi import APIRouter, Request

from carrel.api.deps import ApiState
from carrel.api.middleware.connection import while_connected
from carrel.core.errors import UnsupportedParameter
from carrel.schemas.embeddings import EmbeddingList, EmbeddingsBody

router = APIRouter()


@router.post("/v1/embeddings")
async def create_embeddings(body: EmbeddingsBody, request: Request, api: ApiState) -> EmbeddingList:
    """Embed texts with the embedder of the documents."""
    service = api.services.embeddings
    if body.model is not None:
        service.require(body.model)
    if body.dimensions is not None and body.dimensions != await service.dimension():
        raise UnsupportedParameter(
            f"{service.name} has vectors of {await service.dimension()} dimensions and no "
            "shorter ones: remove 'dimensions'."
        )
    embedding = service.embed(body.input, as_question=body.input_type == "query")
    embedded = await while_connected(request.receive, api.closing, embedding)
    return EmbeddingList.of(
        embedded.vectors,
        tokens=embedded.tokens,
        model=service.name,
        packed=body.encoding_format == "base64",
    )
