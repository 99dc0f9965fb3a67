"""`python -m app` is `reprieve`."""

from app.cli import main

main()
