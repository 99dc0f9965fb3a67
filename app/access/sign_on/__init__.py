"""Sign-in with a clinic's own provider, by OpenID Connect."""
