"""What a form was shown with, for what has no version of its own: from an old tab nothing of somebody else's is undone."""

import hashlib

from app.base.http.problems import Problem
from app.doors.pages.steps import PageForm


class ShownForm(PageForm):
    """A form without fields but the state that it was shown with."""

    tag: str | None = None


def tag_of(*shown: object) -> str:
    """A digest of what a form shows of the record, and of what its step goes by."""
    return hashlib.blake2b(repr(shown).encode(), digest_size=12).hexdigest()


def require_as_shown(tag: str | None, *now: object) -> None:
    """Checks that a form was shown with what holds now; one without a tag was not shown by a page.

    What two send in the same moment is still told apart by the rules and locks of the step itself.

    Raises:
        Problem: 412 where somebody has changed it since.
    """
    if tag is not None and tag != tag_of(*now):
        raise Problem(412, "It has changed since the form was shown.")
