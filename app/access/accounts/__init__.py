"""Who may do what: sign-in, roles, the access rules."""
