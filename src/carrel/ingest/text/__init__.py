"""Plain text and source code, encodings, and what all readers do to text."""
