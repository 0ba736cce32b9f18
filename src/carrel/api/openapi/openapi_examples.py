"""Example requests of the OpenAPI document; a test sends each of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_QUESTION = {"role": "user", "content": "Until when is the reading room open?"}

EXAMPLES: Mapping[tuple[str, str], Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        ("post", "/v1/chat/completions"): {
            "a question": {"messages": [{"role": "user", "content": "What is a carrel?"}]},
            "a question to documents": {
                "messages": [_QUESTION],
                "documents": {"collections": ["UserData"], "top_k": 8, "mode": "query"},
            },
            "a stream with token counts": {
                "messages": [_QUESTION],
                "stream": True,
                "stream_options": {"include_usage": True},
            },
        },
        ("post", "/v1/compare"): {
            "one model, careful and free": {
                "messages": [_QUESTION],
                "models": [0, {"model": 0, "temperature": 1.0, "seed": 1}],
            }
        },
        ("post", "/v1/completions"): {
            "a text to continue": {"prompt": "The capital of France is", "max_tokens": 8}
        },
        ("post", "/v1/embeddings"): {
            "two texts": {"input": ["one text", "another"]},
            "packed numbers": {"input": "one text", "encoding_format": "base64"},
        },
        ("post", "/v1/tokenize"): {"a conversation": {"messages": [_QUESTION]}},
        ("post", "/v1/collections"): {"a private collection": {"name": "Contracts"}},
        ("post", "/v1/collections/{name}/search"): {
            "passages without a model": {"query": "opening hours", "top_k": 3}
        },
        ("post", "/v1/collections/{name}/summarize"): {
            "a summary with a focus": {"focus": "deadlines"}
        },
        ("post", "/v1/collections/{name}/extract"): {
            "facts, each with its place": {"focus": "opening hours"}
        },
        ("post", "/v1/collections/{name}/documents"): {
            "pasted text": {"name": "hours.txt", "text": "The reading room is open until 20:00."}
        },
        ("post", "/v1/collections/{name}/documents/reingest"): {
            "all that failed": {"failed": True}
        },
    }
)
"""Example bodies by method and path, each with a name."""
