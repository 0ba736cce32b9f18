"""Requests that wait for a busy model."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable
from typing import Generic, TypeVar

Waiting = TypeVar("Waiting")


class FairQueue(Generic[Waiting]):
    """Serves callers in turn: first whoever has least running, then whoever waited longest.

    Ten requests of one caller therefore do not keep another one waiting behind all of them. Within
    one caller the order is that of arrival. Not safe for several threads.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[Waiting]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(each) for each in self._waiting.values())

    def put(self, caller: str, item: Waiting) -> None:
        """Let an item wait at the end of its caller's line."""
        self._waiting.setdefault(caller, deque()).append(item)

    def peek(self, running: Counter[str]) -> Waiting | None:
        """Return whose turn it is, None when nobody waits; it goes on waiting.

        ``running`` counts what each caller has running.
        """
        caller = self._next(self._waiting, running)
        return None if caller is None else self._waiting[caller][0]

    def pop(self, running: Counter[str]) -> Waiting:
        """Take out the one that ``peek`` returns; its caller's next one waits behind the others'.

        Raises:
            IndexError: nobody waits.
        """
        caller = self._next(self._waiting, running)
        if caller is None:
            raise IndexError("nobody waits")
        items = self._waiting.pop(caller)
        item = items.popleft()
        if items:
            self._waiting[caller] = items
        return item

    def remove(self, item: Waiting) -> bool:
        """Take one out of the line; whether it was there."""
        for caller, items in self._waiting.items():
            if item in items:
                items.remove(item)
                if not items:
                    del self._waiting[caller]
                return True
        return False

    def order(self, running: Counter[str]) -> list[Waiting]:
        """Return all in the order in which they would be taken if nothing changed meanwhile."""
        copy: FairQueue[Waiting] = FairQueue()
        copy._waiting = OrderedDict((name, deque(each)) for name, each in self._waiting.items())
        owners = {id(item): name for name, each in self._waiting.items() for item in each}
        running = running.copy()
        ordered = []
        while copy:
            item = copy.pop(running)
            running[owners[id(item)]] += 1
            ordered.append(item)
        return ordered

    def clear(self) -> list[Waiting]:
        """Empty the line and return who stood in it."""
        items = self.items()
        self._waiting.clear()
        return items

    def items(self) -> list[Waiting]:
        """Return all who wait, in no order that means anything."""
        return [item for each in self._waiting.values() for item in each]

    @staticmethod
    def _next(callers: Iterable[str], running: Counter[str]) -> str | None:
        # min keeps the first of equals: the caller who was served longest ago.
        return min(callers, key=lambda caller: running[caller], default=None)
