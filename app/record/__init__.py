"""What is recorded of a patient, and how it is kept."""
