"""The follow-up on one page: for the record, the payer and the patient."""
