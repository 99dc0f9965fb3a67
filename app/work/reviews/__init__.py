"""The decision whether to repeat a procedure: opened, worked, booked, decided."""
