"""The length of a prompt, before it is sent."""

from __future__ import annotations

import httpx

from error_bodies import error_of

MESSAGES = [{"role": "user", "content": "Describe a library in many words."}]


def test_the_count_is_that_of_the_answer_to_the_same_messages(http: httpx.Client) -> None:
    counted = http.post("/v1/tokenize", json={"messages": MESSAGES}).json()
    answered = http.post("/v1/chat/completions", json={"messages": MESSAGES}).json()
    assert counted["count"] == answered["usage"]["prompt_tokens"] > 0
    (model,) = http.get("/v1/models").json()["data"]
    assert counted["max_model_len"] == model["context_length"]


def test_a_model_that_is_not_in_service_is_not_found(http: httpx.Client) -> None:
    reply = http.post("/v1/tokenize", json={"messages": MESSAGES, "model": "other/model"})
    assert reply.status_code == 404
    assert error_of(reply)["code"] == "model_not_found"


def test_no_messages_are_refused(http: httpx.Client) -> None:
    assert http.post("/v1/tokenize", json={"messages": []}).status_code == 400
