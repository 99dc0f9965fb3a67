"""What a patient has agreed to, and to what not."""
