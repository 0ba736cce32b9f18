"""Full-text search in SQLite's FTS5."""
