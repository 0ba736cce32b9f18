"""Models through both clients."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from carrel.core.chat import Message, SamplingParams
from carrel.core.errors import AlreadyExists, InvalidRequest, ModelNotFound, QueueFull
from carrel.engine.scripted import ScriptedEngine
from running.client_kinds import connect
from running.live_server import live_server, pool_of, settings_in


def test_models_are_loaded_listed_and_unloaded(client: Any) -> None:
    (loaded,) = client.load_model("owner/second")
    assert (loaded.id, loaded.status, loaded.adapter_of) == ("owner/second", "ready", None)
    try:
        assert [each.id for each in client.models()] == ["scripted", "owner/second"]
        assert client.chat("Hi", model="owner/second").model == "owner/second"
        with pytest.raises(AlreadyExists, match="owner/second is loaded already"):
            client.load_model("owner/second")
    finally:
        assert client.unload_model("owner/second") == ["owner/second"]
    with pytest.raises(ModelNotFound, match="owner/second"):
        client.unload_model("owner/second")
    (begun,) = client.load_model("third", name="3", wait=False)
    assert begun.id == "3"
    while client.models()[-1].status == "loading":
        pass
    assert client.unload_model("3") == ["3"]
    with pytest.raises(InvalidRequest, match="load_4bit"):
        client.load_model("third", load_4bit="yes")


class FullEngine(ScriptedEngine):
    """Has a full queue."""

    def generate(
        self, messages: Sequence[Message], sampling: SamplingParams, caller: str = ""
    ) -> Any:
        """Refuse."""
        raise QueueFull("Too many requests wait: try again.", retry_after=6.5)


def test_a_full_queue_raises_its_own_class_with_the_time_to_wait(kind: str, tmp_path: Path) -> None:
    with (
        live_server(settings_in(tmp_path), pool_of(FullEngine())) as live,
        connect(kind, live.address, retries=0) as client,
    ):
        with pytest.raises(QueueFull, match="try again") as raised:
            client.chat("Hi")
        assert raised.value.retry_after == 7
        with pytest.raises(QueueFull) as raised, client.stream("Hi"):
            pass
        assert raised.value.retry_after == 7
