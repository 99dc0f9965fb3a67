"""Mail by SMTP."""

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit
from uuid import UUID

import aiosmtplib

from app.alerts.messages.safe_post import NotDelivered
from app.alerts.messages.texts import Text, language_of
from app.base.http.outgoing import TIMEOUT


def letter(sender: str, to: str, *, text: Text, locale: str, delivery_id: UUID, created_at: datetime) -> EmailMessage:
    """A mail; its Message-ID is the delivery's, so that a repeated mail can be recognised."""
    out = EmailMessage()
    out["From"], out["To"], out["Subject"] = sender, to, text.subject
    out["Message-ID"] = f"<{delivery_id}@{sender.rpartition('@')[2].rstrip('>')}>"
    out["Date"] = format_datetime(created_at)
    out["Auto-Submitted"] = "auto-generated"
    out.set_content(text.body)
    out["Content-Language"] = language_of(locale)
    return out


async def send(smtp_url: str, message: EmailMessage) -> None:
    """Hands a mail to the server of `smtp://user:password@host:port` (STARTTLS where it is offered) or `smtps://`.

    Raises:
        NotDelivered: final where the server refuses the mail for good.
    """
    parts = urlsplit(smtp_url)
    implicit = parts.scheme == "smtps"
    try:
        await aiosmtplib.send(
            message,
            hostname=parts.hostname,
            port=parts.port or (465 if implicit else 587),
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
            use_tls=implicit,
            start_tls=False if implicit else None,
            timeout=TIMEOUT,
        )
    except aiosmtplib.SMTPRecipientsRefused as error:
        codes = [one.code for one in error.recipients]
        raise NotDelivered(f"recipient refused: {codes[0]}", final=all(code >= 500 for code in codes)) from None
    except aiosmtplib.SMTPAuthenticationError as error:  # the operator can correct it, so not final
        raise NotDelivered(f"sign-in refused: {error.code}") from None
    except aiosmtplib.SMTPResponseException as error:
        raise NotDelivered(f"answered {error.code}", final=error.code >= 500) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotDelivered(f"no answer: {type(error).__name__}") from None
