"""Which sentences of an answer are supported by which sources, and on which page."""
