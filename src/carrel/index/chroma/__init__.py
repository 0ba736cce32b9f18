"""Vectors in Chroma, embedded or on a server."""
