"""Telling people and other systems: a transactional outbox, and mail, Web Push and webhooks behind it."""
