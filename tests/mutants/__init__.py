"""Mutants: small faults put into the code one at a time, to see whether a test notices each.

`python -m tests.mutants relief` takes a seeded sample of 300 faults in a wing; `docs/mutants.md` has the figures.
"""
