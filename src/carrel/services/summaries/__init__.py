"""Summaries and extractions of whole documents."""
