"""Flags: what somebody at the clinic must look at."""
