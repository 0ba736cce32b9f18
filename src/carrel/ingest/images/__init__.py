"""Images, SVG and OCR."""
