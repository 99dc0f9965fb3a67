"""How a patient gets an account: the clinic gives her a code, and she chooses a name and a password."""
