"""The two endpoints that h2oGPT's clients call."""
