"""Votes in the database."""

from __future__ import annotations

from datetime import datetime

from carrel.core.votes import Outcome, Vote
from carrel.disk.sqlite_file import storable
from carrel.storage.database import Database


class SqliteVoteStore:
    """Votes; every method may raise what ``Database.transaction`` raises."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, vote: Vote) -> None:
        """Store a vote."""
        with self._database.transaction() as connection:
            connection.execute(
                "INSERT INTO vote (model_a, model_b, outcome, owner, voted_at) "
                "VALUES (?, ?, ?, ?, ?)",
                (
                    storable(vote.model_a),
                    storable(vote.model_b),
                    vote.outcome.value,
                    vote.owner,
                    vote.voted_at.isoformat(),
                ),
            )

    def votes(self) -> list[Vote]:
        """All votes, the oldest first."""
        query = "SELECT model_a, model_b, outcome, owner, voted_at FROM vote ORDER BY id"
        with self._database.reading() as connection:
            rows = connection.execute(query).fetchall()
        return [
            Vote(first, second, Outcome(outcome), owner, datetime.fromisoformat(voted_at))
            for first, second, outcome, owner, voted_at in rows
        ]
