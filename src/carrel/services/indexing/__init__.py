"""Keeps catalog, vector index and keyword index consistent."""
