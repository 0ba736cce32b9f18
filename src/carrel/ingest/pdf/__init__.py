"""PDF: text, tables, scanned pages, page pictures."""
