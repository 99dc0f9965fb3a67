"""Somebody whom a patient lets read, or write for them."""
