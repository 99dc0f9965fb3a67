"""Reminders to write: at the patient's own time, at most once a day, and never when the day is written already."""
