"""Bodies of the JSON API, one file per family. Shared by the API and the client."""
