"""Every version of every row that states a fact, the diary apart, which keeps its own."""
