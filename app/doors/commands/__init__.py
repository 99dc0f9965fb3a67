"""The command reprieve: a file a command."""
