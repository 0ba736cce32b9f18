"""What one open browser tab has chosen, asked and is shown. No HTML."""
