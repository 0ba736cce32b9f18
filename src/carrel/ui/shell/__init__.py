"""What every part of the page uses: event wrapper, headers, login, basic HTML."""
