"""A call that creates, done once however often it is sent."""
