"""Diagnostic blocks."""
