"""How a clinic wants to be served."""
