"""The same questions of many procedures at once."""
