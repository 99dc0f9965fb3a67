"""The plan after a procedure, and the follow-up contacts that were made."""
