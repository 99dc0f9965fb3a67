"""Who treats a patient, and who looks in an emergency."""
