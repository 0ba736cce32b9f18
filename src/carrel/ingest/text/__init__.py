"""Plain text and source code, encodings, and text clean-up."""
