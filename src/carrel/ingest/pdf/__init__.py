"""PDF: text, tables, scanned pages, page previews."""
