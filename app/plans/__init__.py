"""What a person is told at discharge, and the follow-up contacts."""
