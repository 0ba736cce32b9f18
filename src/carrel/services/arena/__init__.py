"""Answers side by side, votes between models, and their ranking."""
