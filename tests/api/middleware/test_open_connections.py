"""Clients that do not send what they began, and more connections than the server can have."""

from __future__ import annotations

import json
import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from carrel.api.middleware.open_connections import ConnectionLimits, OpenConnections
from error_bodies import checked
from running.live_server import LiveServer, WatchedEngine, live_server, pool_of, settings_in
from running.real_processes import CommandLine, start_server

HALF_A_HEAD = b"GET /health HTTP/1.1\r\nX-Slow: "
HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
BODY = json.dumps({"messages": [{"role": "user", "content": "Why?"}]}).encode()
STREAMED = BODY[:-1] + b', "stream": true}'


def head_of_chat(length: int, *further: bytes) -> bytes:
    lines = [
        b"POST /v1/chat/completions HTTP/1.1",
        b"Host: localhost",
        b"Content-Type: application/json",
        b"Content-Length: %d" % length,
        *further,
    ]
    return b"\r\n".join([*lines, b"", b""])


@contextmanager
def serving(folder: Path, limits: ConnectionLimits, answer: str = "word " * 12) -> Iterator[int]:
    """Run a server whose answers take more than a second; yield its port."""
    engine = WatchedEngine([answer], seconds_per_token=0.15)
    with live_server(settings_in(folder), pool_of(engine), limits=limits) as live:
        yield port_of(live)


def port_of(live: LiveServer) -> int:
    return int(live.address.rpartition(":")[2])


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), 60)


def read_all(peer: socket.socket) -> bytes:
    """Read until the server closes; a reset is one of its ways."""
    received = b""
    try:
        while part := peer.recv(65536):
            received += part
    except ConnectionResetError:
        pass
    return received


def read_reply(peer: socket.socket) -> bytes:
    """Read one reply of known length."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += peer.recv(1)
    length = int(received.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    body = b""
    while len(body) < length:
        body += peer.recv(length - len(body))
    return received + body


@pytest.mark.parametrize("begun", [b"", b"\r\n", HALF_A_HEAD])
def test_a_head_that_does_not_come_ends_the_connection(tmp_path: Path, begun: bytes) -> None:
    limits = ConnectionLimits(head_seconds=1)
    with serving(tmp_path, limits) as port, closing(connected(port)) as peer:
        peer.sendall(begun)
        assert read_all(peer) == b""


def test_a_head_that_comes_byte_by_byte_has_no_more_time(tmp_path: Path) -> None:
    limits = ConnectionLimits(head_seconds=1)
    with serving(tmp_path, limits) as port, closing(connected(port)) as peer:
        peer.settimeout(0.1)
        peer.sendall(HALF_A_HEAD)
        started = time.monotonic()
        with pytest.raises(OSError, match=r"reset|[Bb]roken|closed"):
            while time.monotonic() - started < 60:
                peer.sendall(b"x")
                try:
                    if not peer.recv(1):
                        raise BrokenPipeError("closed")
                except TimeoutError:
                    continue


def test_a_later_head_of_a_connection_has_no_more_time_either(tmp_path: Path) -> None:
    limits = ConnectionLimits(head_seconds=1)
    with serving(tmp_path, limits) as port, closing(connected(port)) as peer:
        peer.sendall(HEALTH)
        assert b"200 OK" in read_reply(peer)
        peer.sendall(HALF_A_HEAD)
        assert read_all(peer) == b""


def test_a_body_that_stalls_is_answered_with_408(tmp_path: Path) -> None:
    limits = ConnectionLimits(body_seconds=1)
    with serving(tmp_path, limits) as port, closing(connected(port)) as peer:
        peer.sendall(head_of_chat(len(BODY)) + BODY[:10])
        head, _, body = read_all(peer).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
    assert checked(json.loads(body))["code"] == "request_timeout"


def test_a_body_that_moves_may_take_its_time(tmp_path: Path) -> None:
    limits = ConnectionLimits(head_seconds=1, body_seconds=2)
    with serving(tmp_path, limits) as port, closing(connected(port)) as peer:
        peer.sendall(head_of_chat(len(BODY)))
        for start in range(0, len(BODY), 10):
            time.sleep(0.6)
            peer.sendall(BODY[start : start + 10])
        assert b"200 OK" in read_reply(peer)


def test_what_the_client_waits_for_is_not_counted_as_its_pause(tmp_path: Path) -> None:
    """An answer may take longer than any limit, and a connection is used again after it."""
    limits = ConnectionLimits(head_seconds=0.5, body_seconds=0.5)
    with serving(tmp_path, limits) as port, closing(connected(port)) as peer:
        for body in (BODY, BODY):
            peer.sendall(head_of_chat(len(body)) + body)
            assert b"200 OK" in read_reply(peer)
        peer.sendall(head_of_chat(len(STREAMED), b"Connection: close") + STREAMED)
        assert b"[DONE]" in read_all(peer)


def test_a_new_connection_takes_the_place_of_one_without_a_head(tmp_path: Path) -> None:
    limits = ConnectionLimits(3600, 3600, most=8)
    with serving(tmp_path, limits) as port, ExitStack() as peers:
        held = [peers.enter_context(closing(connected(port))) for _ in range(20)]
        for peer in held:
            peer.sendall(HALF_A_HEAD)
        assert httpx.get(f"http://127.0.0.1:{port}/health", trust_env=False).status_code == 200
        assert read_all(held[0]) == b""


def test_answers_in_work_keep_their_places(tmp_path: Path) -> None:
    limits = ConnectionLimits(3600, 3600, most=2)
    with serving(tmp_path, limits) as port, ExitStack() as peers:
        asking = [peers.enter_context(closing(connected(port))) for _ in range(2)]
        for peer in asking:
            peer.sendall(head_of_chat(len(STREAMED), b"Connection: close") + STREAMED)
        assert all(peer.recv(8) == b"HTTP/1.1" for peer in asking)
        with closing(connected(port)) as another:
            refused = read_all(another)
        assert refused.startswith(b"HTTP/1.1 503 ")
        assert checked(json.loads(refused.partition(b"\r\n\r\n")[2]))["code"] == "unavailable"
        assert all(b"[DONE]" in read_all(peer) for peer in asking)


def test_what_waits_longest_gives_way_first() -> None:
    class Standing:
        def __init__(self, eviction_rank: tuple[int, float] | None) -> None:
            self.value, self.aborted = eviction_rank, False

        def eviction_rank(self, now: float) -> tuple[int, float] | None:
            return self.value

        def expire(self, now: float) -> None:
            raise NotImplementedError

        def abort(self) -> None:
            self.aborted = True

    connections = OpenConnections(ConnectionLimits(most=4))
    open_now = [Standing(each) for each in [(1, 1.0), (0, 9.0), (0, 5.0), None]]
    assert connections.accepts(open_now[:3], 10.0)
    assert not any(each.aborted for each in open_now)
    assert connections.accepts(open_now, 10.0)
    assert [each.aborted for each in open_now] == [False, False, True, False]
    assert not connections.accepts([Standing(None)] * 4, 10.0)


def test_health_answers_beside_more_half_open_connections_than_descriptors(
    tmp_path: Path,
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 2048:
        pytest.skip("this machine lets no process have 1,500 connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 2048), hard))
    few = ("sh", "-c", 'ulimit -n 1024; exec "$@"', "sh")
    carrel = CommandLine(tmp_path / "db", tmp_path / "models", few)
    running = start_server(carrel, tmp_path / "log", "--engine=scripted", "--offline=True")
    port = int(running.address.rpartition(":")[2])
    try:
        running.wait_until_ready()
        with ExitStack() as peers:
            for _ in range(1500):
                peers.enter_context(closing(connected(port))).sendall(HALF_A_HEAD)
            reply = httpx.get(f"{running.address}/health", trust_env=False, timeout=60)
            assert reply.status_code == 200
    finally:
        running.stop()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_pages_heartbeat_stays_open_beyond_every_limit(tmp_path: Path) -> None:
    limits = ConnectionLimits(head_seconds=0.5, body_seconds=0.5)
    with (
        live_server(settings_in(tmp_path), with_page=True, limits=limits) as live,
        closing(connected(port_of(live))) as peer,
    ):
        peer.sendall(b"GET /gradio_api/heartbeat/s HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert peer.recv(8) == b"HTTP/1.1"
        peer.settimeout(3)
        with pytest.raises(TimeoutError):
            while peer.recv(65536):
                pass
            raise AssertionError("the server closed it")
