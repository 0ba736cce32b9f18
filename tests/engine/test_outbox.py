"""Items from a computing thread reach the event loops, in order, with one wake-up for many."""

from __future__ import annotations

import asyncio
from threading import Thread

import pytest

from carrel.engine.outbox import Mailbox, Outbox


class CountingLoop(asyncio.SelectorEventLoop):
    """Counts how often other threads wake it."""

    woken = 0

    def call_soon_threadsafe(self, *given, **more):  # type: ignore[no-untyped-def]
        self.woken += 1
        return super().call_soon_threadsafe(*given, **more)


def in_a_thread(work) -> None:  # type: ignore[no-untyped-def]
    thread = Thread(target=work)
    thread.start()
    thread.join()


def test_held_items_of_many_mailboxes_wake_their_loop_once() -> None:
    outbox = Outbox()
    loop = CountingLoop()

    async def main() -> list[list[int]]:
        boxes: list[Mailbox[int]] = [outbox.mailbox() for _ in range(8)]

        def compute() -> None:
            for number in range(3):
                for box in boxes:
                    box.hold(number)
            outbox.flush()

        loop.woken = 0
        in_a_thread(compute)
        assert loop.woken == 1
        return [[await box.receive() for _ in range(3)] for box in boxes]

    try:
        assert loop.run_until_complete(main()) == [[0, 1, 2]] * 8
    finally:
        loop.close()


def test_what_is_sent_comes_behind_what_was_held() -> None:
    outbox = Outbox()

    async def main() -> list[str]:
        box: Mailbox[str] = outbox.mailbox()

        def compute() -> None:
            box.hold("text")
            box.send("end")
            outbox.flush()  # nothing is left: nothing comes twice

        in_a_thread(compute)
        return [await box.receive(), await box.receive()]

    assert asyncio.run(main()) == ["text", "end"]


def test_nothing_arrives_before_it_is_sent() -> None:
    outbox = Outbox()

    async def main() -> None:
        box: Mailbox[str] = outbox.mailbox()
        in_a_thread(lambda: box.hold("text"))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(box.receive(), 0.05)

    asyncio.run(main())


def test_a_closed_loop_does_not_keep_the_others_from_their_items() -> None:
    outbox = Outbox()

    async def box_of_a_loop() -> Mailbox[str]:
        return outbox.mailbox()

    gone = asyncio.run(box_of_a_loop())

    async def main() -> str:
        box: Mailbox[str] = outbox.mailbox()
        gone.hold("nobody reads this")
        box.hold("text")
        outbox.flush()
        return await box.receive()

    assert asyncio.run(main()) == "text"
