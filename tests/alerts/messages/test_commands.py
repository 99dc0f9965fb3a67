"""The calls for operators: how messages stand, dead letters again, a key for Web Push."""

from pathlib import Path

import pytest
from sqlalchemy import update

from app.alerts.messages.outbox import delivery
from app.alerts.messages.push import public_key
from app.alerts.messages.sending import send_due
from app.base.settings import Settings
from app.base.store.database import Database
from app.base.store.metadata import utc_now
from app.work.worker import work_once
from tests.alerts.messages.receivers import web_server
from tests.commands import reprieve
from tests.work.test_worker import filled

pytestmark = pytest.mark.anyio


def nowhere(folder: Path) -> str:
    return f"sqlite:///{folder / 'none.db'}"


@pytest.mark.unmeasured
async def test_dead_letters_are_counted_and_sent_again(migrated_sqlite: Path) -> None:
    url = f"sqlite+aiosqlite:///{migrated_sqlite}"
    database = Database(url)
    with web_server() as hook:
        await filled(database, hook)
        await work_once(database, utc_now)
        settings = Settings.model_validate({"database_url": url, "private_targets": True})
        while await send_due(database, settings, utc_now):
            pass
        count = len(hook.got)
        await database.write(lambda c: c.execute(update(delivery).values(state="dead")))
        await database.close()
        status = reprieve("messages", "status", url=url)
        assert (status.returncode, status.stdout) == (1, f"0 waiting, the oldest for 0 s; {count} dead letters\n")
        again = reprieve("messages", "replay", url=url)
        assert (again.returncode, again.stdout) == (0, f"{count} to be sent again\n")
        swept = reprieve("sweep", "--once", "--jobs", "1", url=url, REPRIEVE_PRIVATE_TARGETS="true")
        assert swept.returncode == 0, swept.stderr
        ids = [headers["webhook-id"] for _, headers, _ in hook.got]
        assert len(ids) == 2 * count
        assert set(ids[:count]) == set(ids[count:])
        since = reprieve("messages", "replay", "--since", "2026-01-01T00:00:00+00:00", url=url)
        assert since.stdout == f"{count} to be sent again\n"
        assert reprieve("messages", "status", url=url).returncode == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("--since", "yesterday"),
        ("--since", "2026-01-01"),
        ("--delivery", "x"),
        ("--delivery", "0199a3c4-7d00-7a00-8000-000000000001", "--since", "2026-01-01T00:00:00Z"),
    ],
)
def test_a_wrong_call_is_refused(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = reprieve("messages", "replay", *arguments, url=nowhere(tmp_path))
    assert (done.returncode, done.stderr.startswith("reprieve: --")) == (2, True)


def test_a_push_key_is_one_that_the_service_takes(tmp_path: Path) -> None:
    made = reprieve("push-key")
    assert len(public_key(made.stdout.strip())) == 87
    wrong = reprieve("serve", "--migrate", url=nowhere(tmp_path), REPRIEVE_PUSH_KEY="nonsense")
    assert wrong.returncode == 2
    assert wrong.stderr.strip().splitlines()[-1].startswith("reprieve: REPRIEVE_PUSH_KEY: not a P-256 private key")
    assert "nonsense" not in wrong.stderr


def test_a_mail_server_that_is_none_is_said(tmp_path: Path) -> None:
    wrong = reprieve("serve", url=nowhere(tmp_path), REPRIEVE_SMTP_URL="mail.example:25")
    assert (wrong.returncode, "REPRIEVE_SMTP_URL: not a mail server" in wrong.stderr) == (2, True)
