"""What the engine concludes from the record."""
