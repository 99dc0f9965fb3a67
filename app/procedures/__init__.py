"""Rhizotomies."""
