"""How a patient gets an account: the clinic gives a code, the patient chooses a name and a password."""
