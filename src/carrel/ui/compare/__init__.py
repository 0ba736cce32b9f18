"""The compare view: one question to several models, votes and ranking."""
