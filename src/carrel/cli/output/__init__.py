"""What commands print: answers, summaries, progress."""
