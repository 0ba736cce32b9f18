"""Partitioning of documents into elements."""
