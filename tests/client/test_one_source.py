"""The synchronous client is made from the asynchronous one."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from carrel.client import AsyncClient, Client

ROOT = Path(__file__).resolve().parents[2]
PATH = ROOT / "scripts" / "unasync_client.py"
SCRIPT = runpy.run_path(str(PATH))


def test_the_synchronous_client_is_up_to_date() -> None:
    written = SCRIPT["TARGET"].read_text(encoding="utf-8")
    assert written == SCRIPT["client"](), "run: python scripts/unasync_client.py"
    assert subprocess.run([sys.executable, PATH, "--check"], check=False).returncode == 0


def test_both_clients_have_the_same_methods() -> None:
    names = {name for name in vars(AsyncClient) if not name.startswith("__")}
    assert names == {name for name in vars(Client) if not name.startswith("__")}


@pytest.mark.parametrize(
    ("written", "made"),
    [
        ("async def f(): await g( await h())\n", "def f(): g( h())\n"),
        ("async with (\n    a as b\n): pass\n", "with (\n    a as b\n): pass\n"),
        ("await asyncio.sleep(1)\n", "time.sleep(1)\n"),
        ("x.aread; unread; aread_all\n", "x.read; unread; aread_all\n"),
        ('"""Asynchronous: async for x in y."""\n', '"""Synchronous: for x in y."""\n'),
        ('x = "ä"; await y  # await\n', 'x = "ä"; y  # await\n'),
    ],
)
def test_tokens_are_replaced_and_the_rest_is_kept(written: str, made: str) -> None:
    assert SCRIPT["synchronous"](written) == SCRIPT["HEADER"] + made
