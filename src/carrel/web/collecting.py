"""Fetches the documents of one request, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from carrel.core.documents import FileOutcome, IncomingFile, OutcomeKind
from carrel.core.errors import AddressRefused, CarrelError
from carrel.web.address import WebAddress
from carrel.web.allowance import Allowance
from carrel.web.fetching import Answer, Fetcher, require_success
from carrel.web.naming import DocumentNames

Name = Callable[[Answer], str]
"""Returns the document name for a response; raises if it cannot be read."""


class DocumentCollector:
    """Fetches documents into a folder and counts them against the request's allowance."""

    def __init__(
        self, fetcher: Fetcher, folder: Path, allowance: Allowance, names: DocumentNames
    ) -> None:
        self.fetcher = fetcher
        self.allowance = allowance
        self.names = names
        self._folder = folder
        self._count = 0

    def new_path(self) -> Path:
        """Return a new path in the folder."""
        self._count += 1
        return self._folder / str(self._count)

    async def document(
        self,
        address: WebAddress,
        name: Name,
        follow: Callable[[WebAddress], None] = lambda _: None,
    ) -> tuple[IncomingFile, Answer]:
        """Fetch one document; an unreadable type is refused before its body is received.

        Raises:
            CarrelError: it cannot be fetched; nothing of it is kept.
        """
        path = self.new_path()
        named: list[str] = []

        def check(answer: Answer) -> None:
            require_success(answer)
            named.append(name(answer))

        before = self.fetcher.received
        self.allowance.spend_page()
        try:
            with self.allowance.spending_time():
                answer = await self.fetcher.fetch(
                    address, path, self.allowance.of_next(), check, follow
                )
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        finally:
            self.allowance.spend_bytes(self.fetcher.received - before)
        return IncomingFile(path, named[-1], answer.content_type or None), answer


def failed(address: object, error: CarrelError) -> FileOutcome:
    """Return the outcome for an address that could not be fetched."""
    return FileOutcome(str(address), OutcomeKind.FAILED, code=error.code, reason=str(error))


def left_out(address: object, limit: str, count: int) -> FileOutcome:
    """Return the outcome for an address that exceeds a limit, and how many others do."""
    others = f", like {count - 1} more" if count > 1 else ""
    return failed(address, AddressRefused(f"it is left out{others}: {limit}"))
