"""The document of who may do what, made from the table that the checks read: `python -m tests.access.accounts.table`."""

from pathlib import Path
from typing import get_args

from app.access.accounts.permissions import RULES, SAID
from app.rules.words import Role

FILE = Path(__file__).parents[3] / "docs/access.md"
ROLES: tuple[Role, ...] = get_args(Role)
HEAD = """# Who may do what

*clinic* is every row of the caller's own clinic, *own* the rows of the patient whose account it is (or the account's own
addresses), an empty cell is 403 whether or not there is such a row. Whatever is out of reach is 404, as if it did not exist;
no rule reaches into another clinic. The checks read the same table (`app/access/accounts/permissions.py`), this page is made
from it (`python -m tests.access.accounts.table`), and `tests/access/accounts/test_access.py` asks every call of the API for
each role, for somebody else's patient, from another clinic and with no token, and fails for a call that it does not know.

"""


def document() -> str:
    """The page."""
    lines = [f"| what | {' | '.join(ROLES)} |", f"|---|{'---|' * len(ROLES)}"]
    for action, says in SAID.items():
        cells = [RULES.get((role, action), "") for role in ROLES]
        lines.append(f"| {says} | {' | '.join(cells)} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(document(), "utf-8")
