"""Types, protocols and errors that every room shares. Imports no vendor library."""
