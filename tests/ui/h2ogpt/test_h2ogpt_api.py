"""h2oGPT's two endpoints, called by the real gradio_client over a real server."""

from __future__ import annotations

import ast
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from running.live_server import FailingEngine, LiveServer, live_server, pool_of, settings_in

NAMES = ["/submit_nochat_api", "/submit_nochat_plain_api"]
PAPER = "The warehouse in Oslo holds 4,200 pallets. It was opened by the mayor in 1987."
OTHER = "The bakery in Bergen sells rye bread. Its oven is heated with birch wood."


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """One server with a page and a collection of two documents."""
    settings = settings_in(tmp_path_factory.mktemp("nochat"), min_relevance=0)
    with live_server(settings, with_page=True) as live:
        with live.client() as http:
            for name, text in (("oslo.txt", PAPER), ("bergen.txt", OTHER)):
                added = http.post(
                    "/v1/collections/UserData/documents?wait=true",
                    json={"name": name, "text": text},
                )
                assert added.is_success, added.text
        yield live


@pytest.fixture(scope="module")
def client(live: LiveServer) -> Client:
    """The client that h2oGPT's users have."""
    return Client(live.address, verbose=False)


def ask(client: Client, api_name: str = NAMES[0], **keys: Any) -> dict[str, Any]:
    """Return the reply to these keys, sent as h2oGPT's clients send them."""
    reply = client.predict(str(keys), api_name=api_name)
    read = ast.literal_eval(reply)
    assert set(read) == {"response", "sources", "save_dict"}
    return dict(read)


def refusal(client: Client, text: str) -> str:
    """Return the message with which a string is refused."""
    with pytest.raises(AppError) as raised:
        client.predict(text, api_name=NAMES[0])
    return str(raised.value)


def test_the_two_names_are_all_that_the_page_offers(client: Client) -> None:
    described = client.view_api(return_format="dict", print_info=False)
    assert isinstance(described, dict)
    assert sorted(described["named_endpoints"]) == NAMES
    assert not described["unnamed_endpoints"]


@pytest.mark.parametrize("api_name", NAMES)
def test_a_question_without_documents(client: Client, api_name: str) -> None:
    reply = ask(client, api_name, instruction_nochat="Who are you?", langchain_mode="LLM")
    assert reply["response"]
    assert reply["sources"] == []
    assert reply["save_dict"]["model"] == "scripted"
    assert reply["save_dict"]["usage"]["completion_tokens"] > 0


def test_json_is_read_as_well(client: Client) -> None:
    keys = {"instruction": "Who are you?", "do_sample": False, "system_prompt": None}
    reply = ast.literal_eval(client.predict(json.dumps(keys), api_name=NAMES[0]))
    assert reply["response"]


def test_documents_are_asked_and_cited(client: Client) -> None:
    keys = {"instruction_nochat": "How many pallets?", "langchain_mode": "UserData"}
    reply = ask(client, **keys, document_choice="DocumentChoice.ALL", top_k_docs=2)
    assert {each["document"] for each in reply["sources"]} == {"oslo.txt", "bergen.txt"}
    assert all(each["quote"] in each["text"] for each in reply["sources"])
    chosen = ask(client, **keys, document_choice=["bergen.txt"])
    assert {each["document"] for each in chosen["sources"]} == {"bergen.txt"}


def test_the_keys_of_a_question_are_taken(client: Client) -> None:
    reply = ask(
        client,
        instruction_nochat="Count.",
        iinput_nochat="To ten.",
        chat_conversation=[("Hello", "Hi.")],
        system_prompt="Be brief.",
        visible_models=0,
        langchain_agents=[],
        max_new_tokens=2,
        min_new_tokens=1,
        temperature=0.5,
        do_sample=True,
        top_p=0.9,
        top_k=40,
        repetition_penalty=1.1,
        seed=0,
        max_time=60,
        prompt_type="",
    )
    assert reply["save_dict"]["usage"]["completion_tokens"] == 2
    assert reply["save_dict"]["finish_reason"] == "length"


def test_summaries_and_extractions(client: Client) -> None:
    summary = ask(client, langchain_action="Summarize", langchain_mode="UserData")
    assert summary["response"]
    assert {each["document"] for each in summary["sources"]} == {"oslo.txt", "bergen.txt"}
    items = ask(
        client,
        langchain_action="Extract",
        langchain_mode="UserData",
        document_choice=["oslo.txt"],
        instruction_nochat="pallets",
    )
    assert all(each["quote"] in PAPER for each in items["sources"])
    assert items["response"].count("\n") == max(0, len(items["sources"]) - 1)


def test_a_stream_grows(client: Client) -> None:
    keys = {"instruction_nochat": "Who are you?", "stream_output": True}
    job = client.submit(str(keys), api_name=NAMES[0])
    job.result(timeout=60)
    texts = [ast.literal_eval(each)["response"] for each in job.outputs()]
    assert texts
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(texts))
    assert ast.literal_eval(job.outputs()[-1])["save_dict"]["finish_reason"] == "stop"


@pytest.mark.parametrize(
    ("keys", "reported"),
    [
        ({"instruction_nochat": "x", "langchain_agents": ["search"]}, "langchain_agents"),
        ({"instruction_nochat": "x", "num_beams": 2}, "num_beams"),
        ({"instruction_nochat": "x", "text_context_list": ["a"]}, "text_context_list"),
        ({"instruction_nochat": "x", "document_subset": "RelSources"}, "document_subset"),
        ({"instruction_nochat": "x", "langchain_action": "Summarize_all"}, "langchain_action"),
        ({"instruction_nochat": "x", "nonsense": 1}, "invalid_request: Unknown field 'nonsense'"),
        ({"instruction_nochat": "x", "temperature": 3}, "'temperature': "),
        ({"instruction_nochat": "x", "top_k_docs": 3}, "langchain_mode"),
        ({"instruction_nochat": "x", "do_sample": True, "temperature": 0}, "do_sample"),
        ({"instruction_nochat": "x", "prompt_type": "human_bot"}, "unsupported_parameter: "),
        ({"instruction_nochat": "x", "visible_models": 7}, "model_not_found: "),
        ({"instruction_nochat": "x", "visible_models": ["a", "b"]}, "one model at a time"),
        ({"instruction_nochat": "x", "langchain_mode": "Nowhere"}, "collection_not_found: "),
        ({"langchain_action": "Extract"}, "langchain_mode"),
        (
            {"langchain_action": "Extract", "langchain_mode": "UserData", "temperature": 0.5},
            "temperature",
        ),
        (
            {"instruction": "x", "langchain_mode": "UserData", "document_choice": ["no.txt"]},
            "document_not_found: ",
        ),
        ({}, "The question is empty"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(
    client: Client, keys: dict[str, Any], reported: str
) -> None:
    message = refusal(client, str(keys))
    assert reported in message
    assert "\n" not in message


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1]",
        "{'a': __import__('os')}",
        "{'a': 1 + 1}",
        "{'a': " + "-" * 100_000 + "1}",
        "(" * 100_000,
        "[" * 19 + "]" * 18,
        "{'a': '" + "x" * 10,
        "{'a': " + "9" * 100_000 + "}",
        "{'a': {1, 2}}",
        "{[]: 1}",
        "{1: 1}",
        "{'a': b'x'}",
        "\\" * 10_000,
    ],
)
def test_hostile_strings_are_refused_and_the_server_continues(client: Client, text: str) -> None:
    assert refusal(client, text).startswith("invalid_request: ")


def test_a_failing_answer_ends_with_a_message_that_tells_no_path(tmp_path: Path) -> None:
    engine = FailingEngine(2, RuntimeError(f"{tmp_path} is gone"))
    with live_server(settings_in(tmp_path), pool_of(engine), with_page=True) as live:
        message = refusal(Client(live.address, verbose=False), "{'instruction_nochat': 'x'}")
    assert message.startswith("internal_error: ")
    assert str(tmp_path) not in message


def test_with_a_key_the_client_has_to_send_it(tmp_path: Path) -> None:
    with live_server(settings_in(tmp_path, api_key="geheim"), with_page=True) as live:
        with live.client() as http:
            assert http.get("/gradio_api/info").status_code == 401
            wrong = http.get("/gradio_api/info", headers={"Authorization": "Bearer nein"})
            assert wrong.status_code == 401
        with pytest.raises((ValueError, httpx.HTTPError)):
            Client(live.address, verbose=False)
        client = Client(live.address, verbose=False, headers={"Authorization": "Bearer geheim"})
        keys = {"instruction_nochat": "Who are you?"}
        assert ask(client, **keys, h2ogpt_key="geheim")["response"]
        assert ask(client, **keys)["response"]
        assert refusal(client, str({**keys, "h2ogpt_key": "nein"})).startswith("invalid_api_key: ")
