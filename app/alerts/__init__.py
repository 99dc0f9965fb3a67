"""What a person must look at, and how people and systems are told."""
