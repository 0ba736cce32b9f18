"""Tables of all formats: from cells with spans to rows of text with their column heads."""
