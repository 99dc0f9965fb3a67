"""The steps that bring a database from any earlier version to this one, on SQLite and PostgreSQL alike."""
