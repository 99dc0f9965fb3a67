"""HTTP apart from any room: problems, conditional requests, pages of lists, sheets, idempotency, the types of the wire."""
