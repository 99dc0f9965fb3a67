"""HTTP code that all packages share: problems, conditional requests, pagination, CSV, idempotency, types of the API."""
