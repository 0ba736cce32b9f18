"""The port, the exposure to other machines, and the end of a server."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from carrel import server
from carrel.core.errors import InvalidSetting, PortInUse
from carrel.settings.schema import Settings
from error_bodies import checked
from running.real_processes import ROOT, Server, clean_environment


def test_a_bound_port_is_taken_at_once() -> None:
    with server.bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert port > 0
        with socket.create_connection(("127.0.0.1", port), 5):
            pass
        with pytest.raises(PortInUse) as raised:
            server.bind("127.0.0.1", port)
    assert str(raised.value) == (
        f"Port {port} on 127.0.0.1 is in use by another program: choose another with --port."
    )
    server.bind("127.0.0.1", port).close()


@pytest.mark.parametrize(
    ("host", "named"),
    [("192.0.2.1", "--host"), ("no host at all", "--host"), ("é" * 100, "--host")],
)
def test_a_host_that_cannot_be_listened_on_is_refused(host: str, named: str) -> None:
    with pytest.raises(InvalidSetting, match=named) as raised:
        server.bind(host, 0)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_this_machine_alone_needs_no_key(host: str, make_settings: Callable[..., Settings]) -> None:
    server.check_exposure(make_settings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "carrel.example"])
def test_other_machines_may_reach_it_only_with_a_key(
    host: str, make_settings: Callable[..., Settings]
) -> None:
    server.check_exposure(make_settings(host=host, api_key="key"))
    for unset in ({}, {"api_key": ""}):
        with pytest.raises(InvalidSetting, match="--api_key"):
            server.check_exposure(make_settings(host=host, **unset))


SLOW_SERVER = """
import asyncio, sys
from pathlib import Path
from carrel import bootstrap, server
from carrel.engine.scripted import ScriptedEngine
from running.live_server import bundled_embedder, pool_of, settings_in, with_pool

async def main():
    with server.bind("127.0.0.1", 0) as listener:
        application = bootstrap.build(settings_in(Path(sys.argv[1])), bundled_embedder())
        engine = ScriptedEngine(["word " * 3000], seconds_per_token=0.05)
        app = server.create_app(with_pool(application.services, pool_of(engine)), with_page=False)
        print(listener.getsockname()[1], flush=True)
        await server.serve(app, listener)
        await application.close()
        print("closed", flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_open_answer_with_an_error_and_lets_the_stores_close(
    tmp_path: Path, number: signal.Signals
) -> None:
    environment = clean_environment() | {
        "PYTHONPATH": os.pathsep.join([f"{ROOT}/src", f"{ROOT}/tests"])
    }
    body = {"messages": [{"role": "user", "content": "Why?"}], "stream": True, "max_tokens": 4000}
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_SERVER, str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as process:
        try:
            assert process.stdout is not None
            lines = iter(process.stdout.readline, "")
            port = next(line for line in lines if line.strip().isdigit()).strip()
            address = f"http://127.0.0.1:{port}"
            with (
                httpx.Client(base_url=address, trust_env=False, timeout=60) as http,
                http.stream("POST", "/v1/chat/completions", json=body) as reply,
            ):
                events = (line for line in reply.iter_lines() if line)
                assert "assistant" in next(events)
                process.send_signal(number)
                last = json.loads(list(events)[-1].removeprefix("data: "))
            assert checked(last)["code"] == "unavailable"
            rest = "".join(lines)
            assert process.wait(60) == 0
        finally:
            process.kill()
    assert "closed" in rest
    assert "Traceback" not in rest


@pytest.mark.fresh_process
def test_a_page_that_stays_open_does_not_keep_the_server(serve: Callable[..., Server]) -> None:
    running = serve("--engine=scripted")
    with (
        httpx.Client(base_url=running.address, trust_env=False, timeout=60) as http,
        http.stream("GET", "/gradio_api/heartbeat/abcdef") as heartbeat,
    ):
        assert heartbeat.status_code == 200
        assert running.stop() == 0
    log = running.log.read_text()
    assert "Traceback" not in log, log
