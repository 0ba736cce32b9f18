"""Protocols of the adapters; tests/contracts has a conformance suite for each."""
