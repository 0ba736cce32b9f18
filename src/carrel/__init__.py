"""Carrel: a chatbot and private document-QA server."""

__version__ = "0.1.0"
