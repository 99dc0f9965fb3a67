"""Flags for the clinic, and messages to people and systems."""
