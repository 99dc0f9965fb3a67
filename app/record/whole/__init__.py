"""Export, import and erasure of a patient's whole record."""
