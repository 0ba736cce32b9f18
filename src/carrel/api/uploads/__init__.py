"""Uploads and their outcomes."""
