"""Length-prefixed messages between a child process and its owner."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Mapping
from typing import Any

MOST_FRAME_BYTES = 64 << 20
"""Far more than the longest section, page preview or prompt; a larger length is garbage."""

BLOCK = 1 << 16
_LENGTH = struct.Struct(">I")


class BrokenFrame(Exception):
    """The received data is no message."""


class FrameTooLong(Exception):
    """A message is longer than ``MOST_FRAME_BYTES``; nothing of it was sent."""


def encode_frame(message: Mapping[str, Any]) -> bytes:
    """Return a message as it is sent; non-ASCII text is escaped.

    Raises:
        FrameTooLong: it is too long to be sent.
    """
    content = json.dumps(message).encode("ascii")
    if len(content) > MOST_FRAME_BYTES:
        raise FrameTooLong
    return _LENGTH.pack(len(content)) + content


def send_frame(descriptor: int, message: Mapping[str, Any]) -> None:
    """Write a message to a descriptor.

    Raises:
        FrameTooLong: it is too long to be sent.
        OSError: the other end of the descriptor is closed.
    """
    write_all(descriptor, encode_frame(message))


def write_all(descriptor: int, content: bytes) -> None:
    """Write all of it, however little the descriptor takes at a time.

    Raises:
        OSError: the other end of the descriptor is closed.
    """
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


class FrameReader:
    """Reads messages from a stream of bytes that arrives in blocks."""

    def __init__(self, next_block: Callable[[], bytes]) -> None:
        """Take a function that returns the next bytes, or none at the end of the stream."""
        self._next_block = next_block
        self._rest = b""

    def next(self) -> dict[str, Any] | None:
        """Return the next message; None if the stream ends before or within it.

        Raises:
            BrokenFrame: the received data is no message.
        """
        head = self._take(_LENGTH.size)
        if head is None:
            return None
        (length,) = _LENGTH.unpack(head)
        if length > MOST_FRAME_BYTES:
            raise BrokenFrame
        content = self._take(length)
        if content is None:
            return None
        try:
            message = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise BrokenFrame from error
        if not isinstance(message, dict):
            raise BrokenFrame
        return message

    def _take(self, length: int) -> bytes | None:
        parts, held = [self._rest], len(self._rest)
        while held < length:
            block = self._next_block()
            if not block:
                return None
            parts.append(block)
            held += len(block)
        together = b"".join(parts)
        self._rest = together[length:]
        return together[:length]
