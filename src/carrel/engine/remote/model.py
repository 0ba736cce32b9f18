"""Metadata of a remote model: the kind of server determines what is supported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from carrel.core.chat import Message, SamplingParams

DEFAULT_CONTEXT = 4096
"""Default context length, if a server does not state it."""

EXTENSIONS: dict[str, dict[str, str]] = {
    "vllm": {
        "top_k": "top_k",
        "repetition_penalty": "repetition_penalty",
        "min_new_tokens": "min_tokens",
    },
    "carrel": {
        "top_k": "top_k",
        "repetition_penalty": "repetition_penalty",
        "min_new_tokens": "min_tokens",
    },
    "llamacpp": {"top_k": "top_k", "repetition_penalty": "repeat_penalty"},
}
"""Parameters beyond OpenAI's per kind of server, with its names for them."""

OWN_DEFAULTS: dict[str, dict[str, Any]] = {
    # llama.cpp samples with filters of its own by default.
    "llamacpp": {"top_k": 0, "min_p": 0},
}
"""Options per kind of server that switch off its own defaults."""


CONTINUING = frozenset({"vllm", "carrel"})
"""Servers that can continue an unfinished answer; others may start a new one."""

LOSE_TEXT_TO_STOPS = frozenset({"llamacpp"})
"""Servers that drop the end of a complete answer if it looks like the beginning of a stop string.
They get no stop strings: the engine cuts the text itself and closes the connection."""


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A model as listed by the server. ``server`` is the kind of server, as it names itself."""

    id: str
    context_length: int = DEFAULT_CONTEXT
    server: str = ""


def listed_models(answer: Any) -> list[RemoteModel]:
    """Parse the body of ``/v1/models``; malformed entries are skipped."""
    entries = answer.get("data") if isinstance(answer, dict) else None
    return [
        RemoteModel(str(entry["id"]), _context_length(entry), str(entry.get("owned_by")))
        for entry in entries or []
        if isinstance(entry, dict) and entry.get("id")
    ]


def _context_length(entry: dict[str, Any]) -> int:
    meta = entry.get("meta")  # llama.cpp's
    own = meta.get("n_ctx") if isinstance(meta, dict) else None
    found = entry.get("max_model_len") or entry.get("context_length") or own
    return found if isinstance(found, int) else DEFAULT_CONTEXT


def extensions(model: RemoteModel, sampling: SamplingParams) -> tuple[dict[str, Any], list[str]]:
    """Return the parameters beyond OpenAI's in the server's names, and those it may ignore."""
    asked: dict[str, Any] = {}
    if sampling.top_k:
        asked["top_k"] = sampling.top_k
    if sampling.repetition_penalty != 1:
        asked["repetition_penalty"] = sampling.repetition_penalty
    if sampling.min_new_tokens:
        asked["min_new_tokens"] = sampling.min_new_tokens
    names = EXTENSIONS.get(model.server, {})
    body = dict(OWN_DEFAULTS.get(model.server, {}))
    body |= {names[name]: value for name, value in asked.items() if name in names}
    if "repeat_penalty" in body:  # llama.cpp would look at the last 64 tokens only
        body["repeat_last_n"] = model.context_length
    return body, [name for name in asked if name not in names]


def wire_messages(messages: Sequence[Message]) -> list[dict[str, str]]:
    """Return the messages in OpenAI's shape."""
    return [{"role": str(message.role), "content": message.content} for message in messages]


def continuing(messages: Sequence[Message]) -> dict[str, Any]:
    """Return the options, in vLLM's names, that continue the last message."""
    if not messages[-1].unfinished:
        return {}
    return {"continue_final_message": True, "add_generation_prompt": False}


async def count_by_server(
    client: httpx.AsyncClient, base_url: str, model: RemoteModel, messages: Sequence[Message]
) -> int | None:
    """Return the prompt's length as counted by the server, None if it cannot.

    vLLM has ``/tokenize`` beside ``/v1``, Carrel below it; llama.cpp renders the prompt and counts
    it in a second call.

    Raises:
        httpx.HTTPError: the server does not answer.
    """
    root = base_url.removesuffix("/v1")
    body: dict[str, Any] = {"model": model.id, "messages": wire_messages(messages)}
    if model.server == "llamacpp":
        prompt = (await _answer(client, f"{root}/apply-template", body)).get("prompt")
        if not isinstance(prompt, str):
            return None
        body = {"content": prompt, "add_special": True, "parse_special": True}
        tokens = (await _answer(client, f"{root}/tokenize", body)).get("tokens")
        return len(tokens) if isinstance(tokens, list) else None
    where = base_url if model.server == "carrel" else root
    body |= continuing(messages)
    count = (await _answer(client, f"{where}/tokenize", body)).get("count")
    return count if isinstance(count, int) else None


async def _answer(client: httpx.AsyncClient, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a successful response, else empty."""
    response = await client.post(url, json=body)
    if response.status_code != httpx.codes.OK:
        return {}
    try:
        answer = response.json()
    except ValueError:
        return {}
    return answer if isinstance(answer, dict) else {}
