"""What is concluded from the record."""
