"""Settings: declared once, resolved from four sources."""
