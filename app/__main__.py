"""`python -m app` is `reprieve`."""

from app.doors.commands.main import main

main()
