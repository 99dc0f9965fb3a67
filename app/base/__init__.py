"""What every wing stands on: the store, the wire, settings, logs, and what a process may remember."""
