"""Every setting, declared once, and how its value is found."""
