"""A patient's whole record: out, in, and gone."""
