"""What the list of saved chats shows in one tab, and what the tab knows of its browser."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from carrel.services.history.history import Chat
from carrel.ui.i18n.texts import ENGLISH, Texts, texts_for

PAGE = 60
"""Chats that are listed at once; a button brings as many more."""

UNDO_SECONDS = 10.0
GRACE_SECONDS = 5.0
"""For the way of a click that was in time."""

LONGEST_OFFSET = 24 * 60


@dataclass(frozen=True, slots=True)
class BrowserWishes:
    """The language and the time zone (minutes before UTC) of a browser."""

    language: str = ENGLISH.language
    offset: int = 0

    @classmethod
    def read(cls, told: str) -> BrowserWishes:
        """Read what the page's script sends; what is not as it sends it counts as not sent."""
        try:
            options = json.loads(told)
            languages = [str(each) for each in options["languages"]][:20]
            offset = int(options["offset"])
        except (ValueError, TypeError, KeyError, OverflowError):
            return cls()
        within = -LONGEST_OFFSET < offset < LONGEST_OFFSET
        return cls(texts_for(languages).language, offset if within else 0)

    @property
    def texts(self) -> Texts:
        """The words of the page in the browser's language."""
        return texts_for([self.language])

    def today(self) -> datetime:
        """Return when the browser's day began."""
        there = datetime.now(UTC) - timedelta(minutes=self.offset)
        begun = there.replace(hour=0, minute=0, second=0, microsecond=0)
        return begun + timedelta(minutes=self.offset)


@dataclass(slots=True)
class ListedChats:
    """The words that are looked for, how many chats are listed at most, the last deleted one."""

    words: str = ""
    most: int = PAGE
    _deleted: Chat | None = None
    _deleted_at: float = 0.0

    def find(self, words: str) -> None:
        """Look for words, from the top of the list."""
        self.words = words
        self.most = PAGE

    def forget(self, chat: Chat) -> None:
        """Keep a chat that was deleted for as long as that can be undone."""
        self._deleted = chat
        self._deleted_at = time.monotonic()

    def take_deleted(self) -> Chat | None:
        """Return the chat to bring back, once; None when there is none, or it is too late."""
        chat, self._deleted = self._deleted, None
        late = time.monotonic() - self._deleted_at > UNDO_SECONDS + GRACE_SECONDS
        return None if late else chat
