"""How well the clinic follows its patients."""
