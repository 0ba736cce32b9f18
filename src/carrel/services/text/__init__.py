"""Words and sentences of documents and questions. Pure functions."""
