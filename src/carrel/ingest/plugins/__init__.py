"""Readers of packages that are installed apart."""
