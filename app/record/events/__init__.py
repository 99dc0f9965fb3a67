"""What else happens to a person, and the work-up before a procedure."""
