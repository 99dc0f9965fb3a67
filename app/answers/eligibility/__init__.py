"""What a policy asks for a repeat, and what the record has to say to it."""
