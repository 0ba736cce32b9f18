"""Vectors in FAISS over an SQLite file."""
