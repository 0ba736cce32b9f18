"""Embedding of text, and the vector and keyword indexes over chunks."""
