"""The sites of one clinic, and which of them a patient belongs to."""
