"""Splits sections into chunks."""
