"""The people treated."""
