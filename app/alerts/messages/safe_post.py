"""A message that is posted to a host that somebody else named (`base/http/outgoing.py` says to which it may go)."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from app.base.http import outgoing
from app.base.http.outgoing import NoAnswer

FINAL = {
    401,
    403,
    410,
    413,
}  # the same message would be answered the same: not signed right, not allowed, gone, too large
LONGEST_ASKED = timedelta(days=1)  # that another side may ask to be left alone


class NotDelivered(Exception):
    """A delivery has failed. The message names no address and no person.

    Args:
        final: whether trying again is of no use.
        gone: whether the address no longer exists.
        retry_after: when the other side wants to be asked again, as it said so: seconds, or a date.
    """

    def __init__(self, says: str, final: bool = False, *, gone: bool = False, retry_after: str = "") -> None:
        super().__init__(says)
        self.final, self.gone, self._retry_after = final, gone, retry_after.strip()

    def again_at(self, now: datetime) -> datetime | None:
        """The instant that the other side asked for, within a day; None where it asked for none."""
        asked = self._retry_after
        if asked.isascii() and asked.isdigit():
            return now + min(LONGEST_ASKED, timedelta(seconds=int(asked[:9])))
        try:
            at = parsedate_to_datetime(asked)
        except ValueError:
            return None
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(at, now), now + LONGEST_ASKED)


async def send(url: str, body: bytes, *, headers: dict[str, str], private: bool) -> None:
    """Posts a body; anything but a 2xx is a failure, and what is answered is not read.

    Raises:
        NotDelivered: says what went wrong.
    """
    try:
        answer = await outgoing.call("POST", url, body=body, headers=headers, private=private)
    except NoAnswer as error:
        raise NotDelivered(str(error), final=error.final) from None
    if not 200 <= answer.status < 300:
        gone, again = answer.status in (404, 410), answer.headers.get("Retry-After", "")
        raise NotDelivered(f"answered {answer.status}", final=answer.status in FINAL, gone=gone, retry_after=again)
