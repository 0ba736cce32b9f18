"""State of one browser tab. No HTML."""
