from __future__ import annotations

import base64
import random
import tracemalloc
from email.message import Message

import pytest

from carrel.ingest.mail.mail_stream import attachment_data

DATA = random.Random(1).randbytes(2_500_000)


def unpacked(packed: str) -> bytes:
    part = Message()
    part["Content-Transfer-Encoding"] = "Base64"
    part.set_payload(packed)
    data = attachment_data(part)
    assert not isinstance(data, bytes)
    blocks = []
    while block := data.read(70_001):
        blocks.append(block)
    return b"".join(blocks)


@pytest.mark.parametrize("missing", [0, 1, 2, 3])
def test_a_large_attachment_is_unpacked_in_pieces(missing: int) -> None:
    data = DATA[: len(DATA) - missing]
    assert unpacked(base64.encodebytes(data).decode()) == data
    assert unpacked(base64.encodebytes(data).decode().replace("\n", "\r\n")) == data


def test_of_damaged_base64_what_can_be_unpacked_is() -> None:
    packed = base64.b64encode(DATA).decode()
    assert unpacked(packed[:2_000_001].replace("\n", "")) == DATA[:1_500_000]
    assert unpacked(packed[:2_000_000] + "=!\n" + packed) == DATA[:1_500_000]
    assert unpacked("!é\n" + packed.rstrip("=")) == DATA


def test_a_small_or_plain_attachment_is_there_at_once() -> None:
    part = Message()
    part.set_payload("x" * 2_000_000)
    assert attachment_data(part) == b"x" * 2_000_000
    part.set_payload("QUJD\n")
    part["Content-Transfer-Encoding"] = "base64"
    assert attachment_data(part) == b"ABC"


def test_unpacking_takes_no_more_than_a_copy_of_the_packed_text() -> None:
    part = Message()
    part["Content-Transfer-Encoding"] = "base64"
    packed = base64.encodebytes(DATA * 4).decode()
    part.set_payload(packed)
    tracemalloc.start()
    data = attachment_data(part)
    assert not isinstance(data, bytes)
    length = 0
    while block := data.read(1 << 20):
        length += len(block)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length == 4 * len(DATA)
    assert peak < 1.5 * len(packed)
