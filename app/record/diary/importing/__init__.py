"""Imports patients' own diary files: rows are read and merged by day; a file is recorded whole or not at all."""
