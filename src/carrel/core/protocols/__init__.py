"""What adapters promise; one conformance suite each in tests/contracts."""
