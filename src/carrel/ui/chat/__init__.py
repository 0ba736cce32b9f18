"""The chat view: question box, answers, versions and sources."""
