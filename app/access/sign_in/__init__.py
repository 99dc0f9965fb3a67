"""Signing in: with a password and a code, with a passkey, with a refresh token."""
