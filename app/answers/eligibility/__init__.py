"""Checks a repeat procedure against the rules of a policy, from the record."""
