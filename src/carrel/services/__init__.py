"""The use cases. Doors call these; these call the adapters through the protocols of core."""
