"""What every request passes: limits, security, headers, request log."""
