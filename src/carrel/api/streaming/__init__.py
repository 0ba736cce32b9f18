"""From events of the services to replies, whole or streamed."""
