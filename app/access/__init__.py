"""Accounts, permissions and the audit log."""
