"""The chat: question box, answers, their versions and sources."""
