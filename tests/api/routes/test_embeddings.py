"""Embeddings through a real server with the bundled embedder, asked by real clients."""

from __future__ import annotations

import base64
import math
import struct
from collections.abc import Iterator

import httpx
import openai
import pytest
from langchain_openai import OpenAIEmbeddings

from error_bodies import error_of
from running.live_server import LiveServer, bundled_embedder

TEXTS = ["The cat sat on the mat.", "Interest rates rose in March.", "A kitten lies on a rug."]
DIMENSION = 384


def dot(a: list[float], b: list[float]) -> float:
    return sum(x * y for x, y in zip(a, b, strict=True))


@pytest.fixture
def sdk(live: LiveServer) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{live.address}/v1", api_key="none", max_retries=0) as client:
        yield client


def test_the_openai_package_gets_vectors_that_mean_something(sdk: openai.OpenAI) -> None:
    reply = sdk.embeddings.create(model="all-MiniLM-L6-v2", input=TEXTS)
    vectors = [each.embedding for each in reply.data]
    assert [each.index for each in reply.data] == [0, 1, 2]
    assert [len(each) for each in vectors] == [DIMENSION] * 3
    assert all(math.isclose(dot(each, each), 1, abs_tol=1e-3) for each in vectors)
    assert dot(vectors[0], vectors[2]) > dot(vectors[0], vectors[1]) + 0.3
    assert reply.model == "all-MiniLM-L6-v2"
    assert reply.usage.prompt_tokens == sum(bundled_embedder().count_tokens(TEXTS))


async def test_the_asynchronous_package_gets_them_too(live: LiveServer) -> None:
    async with openai.AsyncOpenAI(base_url=f"{live.address}/v1", api_key="none") as client:
        reply = await client.embeddings.create(model="bundled", input="one text")
    assert len(reply.data[0].embedding) == DIMENSION


def test_both_encodings_hold_the_same_numbers(http: httpx.Client) -> None:
    body = {"input": TEXTS[0]}
    numbers = http.post("/v1/embeddings", json=body).json()["data"][0]["embedding"]
    packed = http.post("/v1/embeddings", json=body | {"encoding_format": "base64"}).json()
    content = base64.b64decode(packed["data"][0]["embedding"])
    assert list(struct.unpack(f"<{DIMENSION}f", content)) == pytest.approx(numbers, abs=1e-3)


@pytest.mark.parametrize("many", [False, True])
def test_token_ids_are_the_text_that_they_represent(http: httpx.Client, many: bool) -> None:
    ids = [1996, 4937, 2938, 2006, 1996, 13523, 1012]
    assert bundled_embedder().decode(ids) == "the cat sat on the mat."
    by_ids = http.post("/v1/embeddings", json={"input": [ids] if many else ids}).json()
    by_text = http.post("/v1/embeddings", json={"input": "the cat sat on the mat."}).json()
    (one,), (other,) = by_ids["data"], by_text["data"]
    assert one["embedding"] == pytest.approx(other["embedding"], abs=1e-3)


def test_langchain_embeds_documents_and_questions(live: LiveServer) -> None:
    with httpx.Client(trust_env=False) as http:
        embeddings = OpenAIEmbeddings(
            model="all-MiniLM-L6-v2",
            base_url=f"{live.address}/v1",
            api_key="none",  # type: ignore[arg-type]
            # Its token ids would be those of OpenAI's own models.
            check_embedding_ctx_length=False,
            http_client=http,
        )
        first, second = embeddings.embed_documents(TEXTS[:2])
        asked = embeddings.embed_query("Where is the cat?")
    assert dot(asked, first) > dot(asked, second)


def test_a_vector_is_that_of_the_documents_index(http: httpx.Client) -> None:
    reply = http.post("/v1/embeddings", json={"input": TEXTS[1], "input_type": "query"})
    expected = bundled_embedder().embed_query(TEXTS[1])
    assert reply.json()["data"][0]["embedding"] == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("body", "status", "code", "said"),
    [
        ({}, 400, "invalid_request", "'input' is missing"),
        ({"input": []}, 400, "invalid_request", "neither a text, nor a list"),
        ({"input": ""}, 400, "invalid_request", "Text 1 of 'input' is empty"),
        ({"input": ["a", " \n"]}, 400, "invalid_request", "Text 2 of 'input' is empty"),
        ({"input": ["a", 1]}, 400, "invalid_request", "neither a text, nor a list"),
        ({"input": [[]]}, 400, "invalid_request", "neither a text, nor a list"),
        ({"input": [True]}, 400, "invalid_request", "neither a text, nor a list"),
        ({"input": [30522]}, 400, "invalid_request", "from 0 to 30521"),
        ({"input": ["a"] * 2049}, 400, "invalid_request", "2048 are the most"),
        ({"input": "word " * 600}, 400, "context_length_exceeded", "602 tokens"),
        ({"input": "a", "model": "ada"}, 404, "model_not_found", "'all-MiniLM-L6-v2'"),
        ({"input": "a", "dimensions": 64}, 400, "unsupported_parameter", "384 dimensions"),
        ({"input": "a", "encoding_format": "int8"}, 400, "invalid_request", "encoding_format"),
    ],
)
def test_what_cannot_be_embedded_is_reported_in_one_line(
    http: httpx.Client, body: dict[str, object], status: int, code: str, said: str
) -> None:
    reply = http.post("/v1/embeddings", json=body)
    assert reply.status_code == status
    error = error_of(reply)
    assert error["code"] == code
    assert said in error["message"]
    assert "\n" not in error["message"]


def test_the_dimensions_that_there_are_may_be_asked_for(http: httpx.Client) -> None:
    reply = http.post("/v1/embeddings", json={"input": "a", "dimensions": DIMENSION})
    assert reply.status_code == 200
