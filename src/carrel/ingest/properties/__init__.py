"""What files state about themselves: title, authors, dates, keywords, language."""
