"""The database: engine, transactions, ids, times; the one place that knows SQLite from PostgreSQL."""
