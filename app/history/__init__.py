"""What was ever said of every row: its revisions."""
