"""Use cases. Called by the interfaces; use the adapters through the protocols of core."""
