"""Keeps catalog, vector index and keyword index in agreement."""
