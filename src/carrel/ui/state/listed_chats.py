"""The list of saved chats in one tab, and the browser's preferences."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from carrel.services.history.history import Chat
from carrel.ui.i18n.texts import ENGLISH, Texts, texts_for

PAGE = 60
"""Number of chats listed at once; a button adds as many."""

UNDO_SECONDS = 10.0
GRACE_SECONDS = 5.0
"""Tolerance in seconds for the latency of an undo."""

LONGEST_OFFSET = 24 * 60


@dataclass(frozen=True, slots=True)
class BrowserPreferences:
    """The language and the time zone (minutes before UTC) of a browser."""

    language: str = ENGLISH.language
    offset: int = 0

    @classmethod
    def read(cls, sent: str) -> BrowserPreferences:
        """Parse what the page's script sends; invalid values count as missing."""
        try:
            options = json.loads(sent)
            languages = [str(each) for each in options["languages"]][:20]
            offset = int(options["offset"])
        except (ValueError, TypeError, KeyError, OverflowError):
            return cls()
        within = -LONGEST_OFFSET < offset < LONGEST_OFFSET
        return cls(texts_for(languages).language, offset if within else 0)

    @property
    def texts(self) -> Texts:
        """The texts of the page in the browser's language."""
        return texts_for([self.language])

    def today(self) -> datetime:
        """Return when the browser's day began."""
        there = datetime.now(UTC) - timedelta(minutes=self.offset)
        begun = there.replace(hour=0, minute=0, second=0, microsecond=0)
        return begun + timedelta(minutes=self.offset)


@dataclass(slots=True)
class ListedChats:
    """The filter, the number of listed chats, and the last deleted one."""

    words: str = ""
    most: int = PAGE
    _deleted: Chat | None = None
    _deleted_at: float = 0.0

    def find(self, words: str) -> None:
        """Filter by words, from the top of the list."""
        self.words = words
        self.most = PAGE

    def forget(self, chat: Chat) -> None:
        """Keep a deleted chat until the undo expires."""
        self._deleted = chat
        self._deleted_at = time.monotonic()

    def take_deleted(self) -> Chat | None:
        """Return the chat to restore, once; None if there is none, or it is too late."""
        chat, self._deleted = self._deleted, None
        late = time.monotonic() - self._deleted_at > UNDO_SECONDS + GRACE_SECONDS
        return None if late else chat
