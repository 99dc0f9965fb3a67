"""Clinical rules with their sources, pure; their data stand in TOML files beside them."""
