"""The document of who may do what says what the checks do."""

from typing import get_args

from app.access.accounts.permissions import RULES, SAID, Action
from tests.access.accounts.table import FILE, ROLES, document


def test_the_document_is_made_from_the_table() -> None:
    assert FILE.read_text("utf-8") == document(), "python -m tests.access.accounts.table"


def test_each_action_has_a_sentence_and_somebody_who_may() -> None:
    assert set(SAID) == set(get_args(Action)) == {action for _, action in RULES}
    assert {role for role, _ in RULES} == set(ROLES)
