"""A POST that creates is done once, however often it is sent."""
