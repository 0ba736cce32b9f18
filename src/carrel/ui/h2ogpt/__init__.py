"""The two endpoints of h2oGPT's clients."""
