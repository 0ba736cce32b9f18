"""Tables of PDF pages: ruled ones, those of aligned columns, and accounts that are half of each."""
