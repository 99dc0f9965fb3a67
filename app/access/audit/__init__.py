"""Who read or wrote which data."""
