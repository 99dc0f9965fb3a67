"""Reprieve: follows people after a medial branch rhizotomy."""
