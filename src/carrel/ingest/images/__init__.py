"""Pictures and drawings, and text recognition."""
