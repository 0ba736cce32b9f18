"""Tables, JSON, XML, calendars, contacts and subtitles."""
