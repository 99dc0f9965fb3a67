"""Revisions of patients and facts; the diary stores its own."""
