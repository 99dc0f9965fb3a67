"""People's own diaries, however messy the file: read, gathered by day, and recorded whole or not at all."""
