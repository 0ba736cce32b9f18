"""Archives, zip packages, and files inside files."""
