"""A clinic's settings."""
