import json
import re
import signal
import socket
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from sqlalchemy import create_engine, text

from app.base.store.migrate import config, upgrade
from tests.commands import reprieve, serving, wait_until_it_answers
from tests.support import entry


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"REPRIEVE_DATABASE_URL": "mysql://here/db"}, "REPRIEVE_DATABASE_URL: the database 'mysql' is not supported"),
        ({"REPRIEVE_DATABASE_URL": "nonsense"}, "REPRIEVE_DATABASE_URL: not a database URL"),
        ({"REPRIEVE_DATABASE_URL": "sqlite://"}, "REPRIEVE_DATABASE_URL: an SQLite database needs a file"),
        ({"REPRIEVE_PORT": "http"}, "REPRIEVE_PORT: "),
        ({"REPRIEVE_DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/x"}, "can't be reached"),
        ({"REPRIEVE_DATABASE_URL": "sqlite:////nowhere/at/all.db"}, "can't be reached"),
    ],
)
def test_a_wrong_setting_is_one_clear_sentence_and_exit_code_2(settings: dict[str, str], says: str) -> None:
    for call in (("serve",), ("serve", "--migrate")):
        done = reprieve(*call, **settings)
        assert done.returncode == 2, done.stderr
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert says in done.stderr
        assert "secret" not in done.stderr


def test_a_database_that_does_not_fit_the_code_is_refused(empty_url: str) -> None:
    done = reprieve("serve", url=empty_url)
    assert (done.returncode, "is not migrated" in done.stderr) == (2, True)
    upgrade(empty_url)
    sync = create_engine(empty_url.replace("+aiosqlite", "")) if "sqlite" in empty_url else None
    statement = "UPDATE alembic_version SET version_num = '9999'"
    if sync is not None:
        with sync.begin() as connection:
            connection.execute(text(statement))
        sync.dispose()
    else:
        import asyncio

        import asyncpg

        async def run() -> None:
            connection = await asyncpg.connect(empty_url.replace("+asyncpg", ""))
            await connection.execute(statement)
            await connection.close()

        asyncio.run(run())
    newer = reprieve("serve", url=empty_url)
    assert (newer.returncode, "newer than this version" in newer.stderr) == (2, True)
    assert len(newer.stderr.splitlines()) == 1


def test_a_port_that_is_taken(database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = reprieve("serve", url=database_url, REPRIEVE_PORT=str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "can't listen" in done.stderr


@pytest.mark.unmeasured
def test_a_clinic_is_set_up_from_nothing_and_every_acknowledged_entry_survives_a_kill(empty_url: str) -> None:
    """serve --migrate, an admin, a patient; a body cut off; kill -9 between writes; nothing that was answered is lost."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    acknowledged: list[str] = []
    made, password = None, ""
    for round_ in range(2):
        with serving("serve", "--migrate", url=empty_url, REPRIEVE_PORT=str(port)) as process:
            wait_until_it_answers(process, url)
            if made is None:
                made = reprieve("clinic", "Lakeside", "--admin", "root", url=empty_url)
                assert made.returncode == 0, made.stderr
                clinic = re.search(r"clinic +(\S+)", made.stdout)
                assert clinic
                doctor = reprieve("account", "doc", "--clinic", clinic[1], "--role", "clinician", url=empty_url)
                again = reprieve("account", "doc", "--clinic", clinic[1], "--role", "clinician", url=empty_url)
                assert (again.returncode, "taken" in again.stderr) == (2, True)
                password = doctor.stdout.split()[-1]
            form = {"username": "doc", "password": password}
            token = httpx.post(f"{url}/v1/token", data=form).json()["access_token"]
            client = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"})
            if round_ == 0:
                new = {"name": "Ada", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"}
                patient = client.post("/v1/patients", json=new).json()["id"]
                for day in range(1, 29):
                    on = f"2025-02-{day:02}"
                    assert client.put(f"/v1/patients/{patient}/diary/{on}", json=entry(day % 10)).status_code == 201
                    acknowledged.append(on)
                cut_off(port, f"/v1/patients/{patient}/diary/2025-03-01", token)
                process.kill()
                process.wait()
            else:
                kept = client.get(f"/v1/patients/{patient}/diary").json()["items"]
                assert [k["date"] for k in kept] == acknowledged
                process.send_signal(signal.SIGINT)
                assert process.wait(20) == 0
            client.close()


def cut_off(port: int, path: str, token: str) -> None:
    """A body whose second half never comes."""
    head = f"PUT {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
    body = json.dumps(entry(4)).encode()
    with socket.create_connection(("127.0.0.1", port)) as line:
        line.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[: len(body) // 2])


@pytest.mark.unmeasured
def test_the_demo_answers_in_json_and_a_second_time_with_commands_that_work_when_pasted(tmp_path: Path) -> None:
    with serving("demo", "--json", "--port", "0", "--data", str(tmp_path)) as process:
        told: dict[str, Any] = json.loads(process.stdout.readline())
        roles = [a["role"] for a in told["accounts"]]
        assert {"patient", "clinician", "scheduler", "admin", "operator"} == set(roles)
        assert roles.count("clinician") == 2
        seen = []
        for account in told["accounts"]:
            form = {"username": account["username"], "password": account["password"]}
            token = httpx.post(f"{told['url']}/v1/token", data=form).json()["access_token"]
            answer = httpx.get(f"{told['url']}/v1/patients", headers={"Authorization": f"Bearer {token}"})
            if account["role"] == "operator":
                assert answer.status_code == 403, "it runs the service and sees no patient"
                continue
            seen.append(len(answer.json()["items"]))
        assert seen[0] > 10
        assert seen[-1] == 1 or account["role"] != "patient"
        page = httpx.get(told["url"])
        assert page.status_code == 200
        assert "/docs" in page.text
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
    assert (tmp_path / "sign-ins.json").stat().st_mode & 0o077 == 0
    with serving("demo", "--port", "0", "--data", str(tmp_path), COLUMNS="80") as process:  # on the data of the first
        lines: list[str] = []
        while not lines or "Ctrl-C" not in lines[-1]:
            lines.append(process.stderr.readline())
        pasted = [line.strip() for line in lines if line.startswith("  ")]
        assert len(pasted) == 3
        done = subprocess.run(["bash", "-c", "\n".join(pasted)], capture_output=True, text=True, check=True)
        first, rest = json.JSONDecoder().raw_decode(done.stdout)
        assert len(first["items"]) > 10
        assert '"phase":"returned"' in done.stdout[rest:]


def test_migrations_go_up_and_down_and_leave_no_difference(empty_url: str) -> None:
    upgrade(empty_url)
    command.check(config(empty_url))
    command.downgrade(config(empty_url), "base")
    upgrade(empty_url)
    command.check(config(empty_url))


def test_sqlite_is_set_to_lose_nothing(database_url: str, tmp_path: Path) -> None:
    if "sqlite" not in database_url:
        return
    with sqlite3.connect(tmp_path / "test.db") as connection:
        assert connection.execute("SELECT count(*) FROM patient").fetchone() == (0,)
