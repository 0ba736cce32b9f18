"""What every store shares: the failures of a disk, and SQLite files."""
