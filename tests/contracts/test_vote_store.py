"""What every store of votes promises (``carrel.core.votes.VoteStore``)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from carrel.core.votes import Outcome, Vote, VoteStore
from carrel.storage.database import Database
from carrel.storage.votes import SqliteVoteStore

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture(params=["sqlite"])
def store(tmp_path: Path) -> Iterator[VoteStore]:
    """An empty store."""
    database = Database(tmp_path / "catalog.db")
    yield SqliteVoteStore(database)
    database.close()


def test_votes_come_back_as_they_were_given_the_oldest_first(store: VoteStore) -> None:
    given = [Vote("a/b", "文", outcome, "anna", NOON) for outcome in Outcome]
    for each in given:
        store.add(each)
    assert store.votes() == given


def test_a_new_store_has_no_votes(store: VoteStore) -> None:
    assert store.votes() == []
