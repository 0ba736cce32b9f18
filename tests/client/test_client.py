"""Both clients against a real server: the same calls, the same results."""

from __future__ import annotations

import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from carrel.client import AsyncClient, Client, Documents
from carrel.core.chat import FinishReason, Message, Role
from carrel.core.documents import OutcomeKind
from carrel.core.errors import (
    AlreadyExists,
    CollectionNotFound,
    DocumentNotFound,
    GenerationFailed,
    InvalidRequest,
    ModelNotFound,
    NotAuthenticated,
    NothingToSearch,
    PathNotFound,
    PlaceNotFound,
)
from running.client_kinds import connect
from running.live_server import (
    FailingEngine,
    LiveServer,
    WatchedEngine,
    live_server,
    pool_of,
    settings_in,
)
from samples.documents import write_pdf


@pytest.fixture
def gate(client: Any, collection: str) -> str:
    """A collection with one document."""
    client.upload_text("gate", "The gate code is 4711.\nThe gate is green.", collection)
    return collection


def test_both_clients_have_the_same_methods() -> None:
    def signatures(kind: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(method).parameters)
            for name, method in inspect.getmembers(kind, inspect.isfunction)
            if not name.startswith("_")
        }

    assert signatures(Client) == signatures(AsyncClient)


def test_a_text_alone_is_a_question(client: Any) -> None:
    answer = client.chat("Why?")
    assert answer.text == "You asked: Why?"
    assert answer.finish_reason is FinishReason.STOP
    assert answer.usage.completion_tokens > 0
    assert (answer.model, answer.sources, answer.dropped_turns) == ("scripted", (), 0)


def test_messages_and_options_are_sent(client: Any) -> None:
    history = [
        Message(Role.SYSTEM, "Be brief."),
        {"role": "user", "content": "One?"},
        Message(Role.ASSISTANT, "One."),
        {"role": "user", "content": "Two?"},
    ]
    answer = client.chat(history, max_tokens=2, model="scripted", temperature=0.5, stop=["x"])
    assert answer.finish_reason is FinishReason.LENGTH
    assert answer.usage.completion_tokens == 2


def test_asking_a_collection_gives_sources(client: Any, gate: str) -> None:
    answer = client.ask("What is the gate code?", gate)
    (source,) = answer.sources
    assert (source.index, source.document, source.page) == (1, "gate.txt", None)
    assert source.quote == "The gate code is 4711."
    assert source.collection == gate
    narrowed = client.chat("Code?", documents=Documents(collections=[gate], top_k=1))
    assert len(narrowed.sources) == 1


def test_a_follow_up_tells_what_was_searched_for(client: Any, gate: str) -> None:
    messages = [
        Message(Role.USER, "What is the gate code?"),
        Message(Role.ASSISTANT, "It is 4711."),
        Message(Role.USER, "What color is it?"),
    ]
    documents = Documents(collections=[gate])
    expected = "What color is it? What is the gate code?"
    assert client.chat(messages, documents=documents).search_query == expected
    with client.stream(messages, documents=documents) as stream:
        for _ in stream:
            pass
    assert stream.answer().search_query == expected


def test_a_stream_gives_text_and_then_sources(client: Any, gate: str) -> None:
    documents = Documents(collections=[gate])
    with client.stream("What is the gate code?", documents=documents) as stream:
        texts = list(stream)
        assert len(texts) > 3
        assert stream.text == "".join(texts)
    assert stream.sources[0].document == "gate.txt"
    whole = client.chat("What is the gate code?", documents=documents)
    assert replace(stream.answer(), usage=whole.usage) == whole


def test_files_are_uploaded_and_each_outcome_is_reported(
    client: Any, collection: str, tmp_path: Path
) -> None:
    pdf = write_pdf(tmp_path / "två.pdf", ["One.", "Two."])
    empty = tmp_path / "empty.txt"
    empty.touch()
    good, bad = client.upload([pdf, str(empty)], collection)
    assert (good.name, good.kind, good.document.pages) == ("två.pdf", OutcomeKind.ADDED, 2)
    assert (good.code, good.reason) == (None, None)
    assert (bad.name, bad.kind, bad.document) == ("empty.txt", OutcomeKind.FAILED, None)
    assert (bad.code, bad.reason) == ("empty_document", "it is empty")
    (again,) = client.upload(pdf, collection)
    assert again.kind is OutcomeKind.UNCHANGED
    (alone,) = client.upload(empty, collection)
    assert (alone.kind, alone.code) == (OutcomeKind.FAILED, "empty_document")
    (named,) = client.upload({"2024/renamed.pdf": pdf}, collection)
    assert (named.name, named.kind) == ("2024/renamed.pdf", OutcomeKind.ADDED)


def test_documents_are_listed_searched_and_deleted(client: Any, gate: str) -> None:
    (document,) = client.documents(gate)
    assert (document.name, document.status, document.chunks) == ("gate.txt", "ready", 1)
    (found,) = client.search("gate code", gate, top_k=1)
    assert (found.document_id, found.quote) == (document.id, "The gate code is 4711.")
    client.delete_document(document.id, gate)
    assert client.documents(gate) == []
    with pytest.raises(DocumentNotFound):
        client.delete_document(document.id, gate)


def test_collections_are_created_listed_and_deleted(client: Any, gate: str) -> None:
    listed = {each.name: each for each in client.collections()}
    assert {"MyData", "UserData", gate} <= set(listed)
    assert (listed[gate].documents, listed[gate].shared) == (1, False)
    with pytest.raises(AlreadyExists):
        client.create_collection(gate)
    assert client.delete_collection(gate) == 1
    with pytest.raises(CollectionNotFound):
        client.documents(gate)


def test_models_and_health_are_reported(client: Any) -> None:
    assert [each.id for each in client.models()] == ["scripted"]
    assert client.health().ready


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda client: client.chat("Why?", model="absent"), ModelNotFound),
        (lambda client: client.ask("Why?", "Nowhere"), CollectionNotFound),
        (lambda client: client.ask("Why?", "MyData"), NothingToSearch),
        (lambda client: client.search("Why?", "MyData"), NothingToSearch),
        (lambda client: client.chat(" "), InvalidRequest),
        (lambda client: client.chat([]), InvalidRequest),
        (lambda client: client.chat("Why?", colour="red"), InvalidRequest),
        (lambda client: client.upload("absent.txt"), PathNotFound),
        (lambda client: client.upload("."), PathNotFound),
        (lambda client: client.upload([]), InvalidRequest),
    ],
)
def test_a_refusal_is_raised_as_the_class_of_its_code(
    client: Any, call: Any, error: type[Exception]
) -> None:
    with pytest.raises(error) as raised:
        call(client)
    assert type(raised.value) is error
    assert "\n" not in str(raised.value)


def test_a_refused_stream_is_raised_before_any_text(client: Any) -> None:
    with pytest.raises(ModelNotFound), client.stream("Why?", model="absent"):
        raise AssertionError("a refused stream has no block")


def test_an_answer_that_fails_in_the_middle_is_raised_after_its_text(
    kind: str, tmp_path: Path
) -> None:
    with (
        live_server(settings_in(tmp_path), pool_of(FailingEngine(words=2))) as live,
        connect(kind, live.address) as client,
        client.stream("Why?") as stream,
    ):
        texts = iter(stream)
        assert [next(texts), next(texts)] == ["one", " two"]
        with pytest.raises(GenerationFailed, match="The model stopped working"):
            next(texts)


def test_leaving_a_stream_stops_the_model(kind: str, tmp_path: Path) -> None:
    engine = WatchedEngine(["word " * 3000], seconds_per_token=0.01)
    with (
        live_server(settings_in(tmp_path), pool_of(engine)) as live,
        connect(kind, live.address) as client,
    ):
        with client.stream("Why?", max_tokens=4000) as stream:
            texts = iter(stream)
            assert next(texts)
        assert engine.ended.wait(20), "the model continues although nobody reads"
    assert engine.written < 1500


def test_the_key_is_sent(kind: str, tmp_path: Path) -> None:
    with live_server(settings_in(tmp_path, api_key="hemlig nyckel å")) as live:
        with connect(kind, live.address) as client, pytest.raises(NotAuthenticated):
            client.models()
        with connect(kind, live.address, api_key="hemlig nyckel å") as client:
            assert client.models()


def test_an_environment_proxy_is_not_asked_for_a_server_on_this_machine(
    kind: str, live: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with connect(kind, live.address) as client:
        assert client.health().ready


def test_an_answer_knows_where_its_sentences_are(client: Any, gate: str) -> None:
    question = "The gate is green. Dragons fly."
    with client.stream(question, documents=Documents(collections=[gate])) as stream:
        "".join(stream)
    for answer in (client.ask(question, gate), stream.answer()):
        last = answer.sentences[-1]
        quotes = [each.quote for sentence in answer.sentences for each in sentence.citations]
        assert quotes
        assert all(each in answer.sources[0].text for each in quotes)
        assert answer.text[last.start : last.end] == last.text == "Dragons fly."
        assert (answer.sources[0].used, last.supported) == (True, False)


def test_a_search_keeps_to_its_documents(client: Any, gate: str) -> None:
    client.upload_text("fence", "The fence is green, too.", gate)
    [fence] = [each for each in client.documents(gate) if each.name.startswith("fence")]
    found = client.search("What is green?", gate, ids=[fence.id])
    assert [each.document_id for each in found] == [fence.id]
    found = client.search("What is green?", gate, filter="name:fence*")
    assert [each.document_id for each in found] == [fence.id]
    documents = Documents(collections=[gate], filter="name:fence*")
    answer = client.chat([{"role": "user", "content": "What is green?"}], documents=documents)
    assert {each.document_id for each in answer.sources} == {fence.id}


def test_the_place_of_a_quote_is_shown(client: Any, collection: str, tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", ["The gate is green."])
    [uploaded] = client.upload(pdf, collection)
    document = uploaded.document.id
    picture = client.page_picture(document, 1, collection, quote="gate is green")
    assert picture.startswith(b"\x89PNG")
    passage = client.passage(document, "gate is", collection)
    assert passage.text[passage.start : passage.end] == "gate is"
    with pytest.raises(PlaceNotFound, match="no page 2"):
        client.page_picture(document, 2, collection)
