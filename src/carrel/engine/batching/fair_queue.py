"""Fair queue of requests."""

from __future__ import annotations

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable
from typing import Generic, TypeVar

Waiting = TypeVar("Waiting")


class FairQueue(Generic[Waiting]):
    """Serves callers in turn: the one with the fewest running requests, then the longest waiting.

    Ten requests of one caller therefore do not delay another caller behind all of them. Requests
    of one caller are in order of arrival. Not thread-safe.
    """

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[Waiting]] = OrderedDict()

    def __len__(self) -> int:
        return sum(len(each) for each in self._waiting.values())

    def put(self, caller: str, item: Waiting) -> None:
        """Append an item to its caller's queue."""
        self._waiting.setdefault(caller, deque()).append(item)

    def peek(self, running: Counter[str]) -> Waiting | None:
        """Return the next item without removing it; None if the queue is empty.

        ``running`` counts the running requests per caller.
        """
        caller = self._next(self._waiting, running)
        return None if caller is None else self._waiting[caller][0]

    def pop(self, running: Counter[str]) -> Waiting:
        """Remove the item that ``peek`` returns; its caller moves behind the others.

        Raises:
            IndexError: the queue is empty.
        """
        caller = self._next(self._waiting, running)
        if caller is None:
            raise IndexError("the queue is empty")
        items = self._waiting.pop(caller)
        item = items.popleft()
        if items:
            self._waiting[caller] = items
        return item

    def remove(self, item: Waiting) -> bool:
        """Remove an item; whether it was queued."""
        for caller, items in self._waiting.items():
            if item in items:
                items.remove(item)
                if not items:
                    del self._waiting[caller]
                return True
        return False

    def order(self, running: Counter[str]) -> list[Waiting]:
        """Return all items in the order in which they would be taken."""
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
        """Empty the queue and return its items."""
        items = self.items()
        self._waiting.clear()
        return items

    def items(self) -> list[Waiting]:
        """Return all items, unordered."""
        return [item for each in self._waiting.values() for item in each]

    @staticmethod
    def _next(callers: Iterable[str], running: Counter[str]) -> str | None:
        # min keeps the first of equals: the caller that was served longest ago.
        return min(callers, key=lambda caller: running[caller], default=None)
