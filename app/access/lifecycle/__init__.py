"""What happens to an account in its life: a code, a password, sessions, another role, its end."""
