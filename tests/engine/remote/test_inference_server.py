from __future__ import annotations

import pytest

from carrel.core.errors import InvalidSetting, OfflineRefused
from carrel.engine.remote.inference_server import (
    is_on_this_machine,
    parse_inference_server,
    refuse_outward,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("vllm:localhost:5000", "http://localhost:5000/v1"),
        ("vllm:192.168.1.1:5000", "http://192.168.1.1:5000/v1"),
        ("vllm:[::1]:5000", "http://[::1]:5000/v1"),
        ("vllm_chat:gpu-box:5000", "http://gpu-box:5000/v1"),
        ("ollama:localhost:11434", "http://localhost:11434/v1"),
        ("tgi:10.0.0.5:8080", "http://10.0.0.5:8080/v1"),
        ("llamacpp:localhost:8080", "http://localhost:8080/v1"),
        ("carrel:https://carrel.example", "https://carrel.example/v1"),
        ("vllm:https://models.example:8443/v1", "https://models.example:8443/v1"),
        ("http://localhost:11434", "http://localhost:11434/v1"),
        ("https://models.example/openai/v1/", "https://models.example/openai/v1"),
    ],
)
def test_an_address_becomes_a_base_url(value: str, expected: str) -> None:
    assert parse_inference_server(value) == expected


@pytest.mark.parametrize(
    "value",
    [
        "",
        "localhost:5000",
        "vllm:",
        "vllm:localhost",
        "vllm:localhost:port",
        "vllm:localhost:99999",
        "ollama:localhost",
        "gradio:localhost:7860",
        "ftp://localhost:5000",
        "http://",
        "http://user:secret@localhost:5000",
        "http://localhost:5000/v1?key=1",
    ],
)
def test_what_is_no_address_is_refused_with_the_two_forms(value: str) -> None:
    with pytest.raises(InvalidSetting, match="vllm:HOST:PORT or a URL"):
        parse_inference_server(value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_this_machine_is_asked_even_when_offline(host: str) -> None:
    url = f"http://{host}:5000/v1"
    assert is_on_this_machine(url)
    refuse_outward(url, offline=True)


@pytest.mark.parametrize("host", ["10.0.0.1", "models.example", "localhost.example", "0.0.0.0"])
def test_another_machine_is_refused_when_offline(host: str) -> None:
    url = f"http://{host}:5000/v1"
    refuse_outward(url, offline=False)
    with pytest.raises(OfflineRefused, match=host):
        refuse_outward(url, offline=True)
