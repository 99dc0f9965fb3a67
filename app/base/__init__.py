"""What every package uses: the database, HTTP, settings, logs, and in-process caches."""
