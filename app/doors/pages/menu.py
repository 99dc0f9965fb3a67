"""The menu on every page: what each role can turn to."""

from app.access.accounts.permissions import RULES, Action
from app.rules.words import Role

MENU: tuple[tuple[str, str, str, Action], ...] = (  # the section, its words, its address, what one must be allowed
    ("patients", "Patients", "/clinic", "read"),
    ("reviews", "Reviews", "/clinic/reviews", "read"),
    ("flags", "Flags", "/clinic/flags", "read"),
    ("calendar", "Calendar", "/clinic/calendar", "read"),
    ("cohort", "Cohort", "/clinic/cohort", "read"),
    ("quality", "Quality", "/clinic/quality", "read"),
    ("accounts", "Accounts", "/clinic/accounts", "manage_accounts"),
    ("clinic", "Clinic", "/clinic/settings", "change_clinic"),
    ("policies", "Policies", "/clinic/policies", "change_clinic"),
    ("webhooks", "Webhooks", "/clinic/webhooks", "manage_messages"),
    ("audit", "Audit", "/clinic/audit", "check_audit"),
)


def pages_of(role: Role) -> list[tuple[str, str, str]]:
    """The section, the words and the address of each page that a role may open."""
    return [(section, words, address) for section, words, address, action in MENU if (role, action) in RULES]
