"""The clinic's patients."""
