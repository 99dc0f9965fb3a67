"""The document of who may do what, made from the table that the checks read: `python -m tests.access.accounts.table`."""

from pathlib import Path
from typing import get_args

from app.access.accounts.permissions import PROXIES, RULES, SAID, ActsAs
from app.rules.words import Role

FILE = Path(__file__).parents[3] / "docs/access.md"
ROLES: tuple[Role, ...] = get_args(Role)
SHORT = {"reads": "reads for a patient", "writes": "writes for a patient"}
HEAD = """# Who may do what

*clinic* is every row of the caller's own clinic, *own* the rows of the patient whose account it is (or the account's own
addresses), an empty cell is 403 whether or not there is such a row. Whatever is out of reach is 404, as if it did not
exist; no rule reaches into another clinic, and *system* reaches no patient. Where a clinic works in teams
(`treating_teams`), a clinician's *clinic* is the patients of whose team they are, or who have none. The checks read the
same table (`app/access/accounts/permissions.py`), this page is made from it (`python -m tests.access.accounts.table`), and
`tests/access/accounts/test_access.py` asks every call of the API for each role, for somebody else's patient, from another
clinic and with no token, and fails for a call that it does not know.

Who acts for a patient has an account without a record of its own, or is a patient too, and names in the header
`Reprieve-For` for whom. A key of a machine does what its scopes say of what its account may, and nothing with accounts.
A patient reads of a flag and a review its state, its reason and what was done when, not who has it and not what the staff
write to each other (`app/access/accounts/shown.py`). Where a clinic asks its staff for a second factor, who has none
reaches the calls of their own account (`/v1/me`) and nothing else.

"""


def document() -> str:
    """The page."""
    acts: tuple[ActsAs, ...] = get_args(ActsAs)
    heads = (*ROLES, *(SHORT[one] for one in acts))
    lines = [f"| what | {' | '.join(heads)} |", f"|---|{'---|' * len(heads)}"]
    for action, says in SAID.items():
        cells: list[str] = [RULES.get((role, action), "") for role in ROLES]
        cells += ["that patient" if one in PROXIES.get(action, ()) else "" for one in acts]
        lines.append(f"| {says} | {' | '.join(cells)} |")
    return HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    FILE.write_text(document(), "utf-8")
