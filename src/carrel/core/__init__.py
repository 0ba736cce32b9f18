"""Types, protocols and errors shared by all packages. Imports no vendor library."""
