"""Connections reach the addresses that were checked, and no others."""

from __future__ import annotations

import asyncio

import httpcore
import pytest

from carrel.core.errors import AddressRefused, FetchFailed
from carrel.web.network import system_addresses
from stand_ins.web_site import PUBLIC, StandInWeb, stand_in_web


async def test_the_connection_goes_to_the_checked_address() -> None:
    async with stand_in_web({}) as web:
        stream = await web.network.connect_tcp("example.org", 8080)
        await stream.aclose()
    assert (web.resolved, web.connected) == (["example.org"], [f"{PUBLIC} 8080"])


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["169.254.169.254"],
        ["fd00:ec2::254"],
        ["fe80::1%2"],
        ["::ffff:10.0.0.1"],
        [PUBLIC, "10.0.0.1"],
        ["10.0.0.1", PUBLIC],
        [PUBLIC] * 9 + ["127.0.0.1"],
    ],
    ids=str,
)
async def test_one_address_that_is_not_public_is_enough(addresses: list[str]) -> None:
    async with stand_in_web({}, example_org=(addresses,)) as web:
        with pytest.raises(AddressRefused, match="not on the public internet"):
            await web.network.connect_tcp("example.org", 80)
    assert web.connected == []


@pytest.mark.parametrize("host", ["localhost", "a.localhost"])
async def test_this_machine_is_refused_before_any_look_up(host: str) -> None:
    web = StandInWeb({})
    with pytest.raises(AddressRefused, match="this machine"):
        await web.network.connect_tcp(host, 80)
    assert web.resolved == []


async def test_a_name_server_that_changes_its_mind_changes_nothing() -> None:
    async with stand_in_web({}, example_org=([PUBLIC], ["127.0.0.1"])) as web:
        stream = await web.network.connect_tcp("example.org", 80)
        await stream.aclose()
        with pytest.raises(AddressRefused):
            await web.network.connect_tcp("example.org", 80)
    assert web.connected == [f"{PUBLIC} 80"]


async def test_the_next_address_is_tried_where_one_is_silent() -> None:
    async with stand_in_web({}, example_org=(["203.0.114.9", PUBLIC],)) as web:
        stream = await web.network.connect_tcp("example.org", 80)
        await stream.aclose()
    assert web.connected == ["203.0.114.9 80", f"{PUBLIC} 80"]


async def test_a_host_without_addresses_is_not_found() -> None:
    async with stand_in_web({}, example_org=([],)) as web:
        with pytest.raises(FetchFailed, match=r"example\.org was not found"):
            await web.network.connect_tcp("example.org", 80)


async def test_sockets_of_this_machine_are_refused() -> None:
    with pytest.raises(AddressRefused):
        await StandInWeb({}).network.connect_unix_socket("/run/anything")


async def test_the_system_is_asked() -> None:
    assert "127.0.0.1" in await system_addresses("127.0.0.1", 80)
    with pytest.raises(FetchFailed, match="not found"):
        await system_addresses("name.invalid", 80)


async def test_tls_asks_for_the_name_and_not_for_the_address() -> None:
    hello = asyncio.get_running_loop().create_future()

    async def take_hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        hello.set_result(await reader.read(4096))
        writer.close()

    server = await asyncio.start_server(take_hello, "127.0.0.1", 0)
    web = StandInWeb({}, port=server.sockets[0].getsockname()[1])
    async with httpcore.AsyncConnectionPool(network_backend=web.network) as pool:
        with pytest.raises(httpcore.ConnectError):
            await pool.request("GET", "https://example.org/")
    server.close()
    await server.wait_closed()
    assert b"example.org" in await hello
    assert web.connected == [f"{PUBLIC} 443"]
