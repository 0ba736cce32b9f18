"""Uploaded files and what became of them."""
