"""What is recorded of a patient beside the diary, kept in one way: its kinds are the rooms above."""
