"""Every kind of failure, with marked data in it: no stream and no problem repeats a word, each names the kind and the place.

A real server in a process of its own, with the logs that a server has; `failing.py` puts the faults in.
"""

import http.client
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from anyio import to_thread

from tests.commands import Serving, environment, ran, reprieve, started, wait_until_it_answers
from tests.doors.commands.test_serve_command import free_port
from tests.doors.failing import failing
from tests.support import Service

MARK = "Quillonia"  # in each name, note, id, token and address that a patient or a caller gave
WRONG = {"Authorization": f"Bearer fail-{MARK}"}
EXPECTED = {  # of an entry that fails in this way: its status, and what the log calls it
    "plain": (500, "ValueError"),
    "group": (500, "ExceptionGroup"),
    "constraint": (500, ""),
    "twice": (500, ""),
    "statement": (503, ""),
    "serialization": (503, "DBAPIError"),
    "operational": (500, "OperationalError"),
    "disk": (503, "OSError"),
    "thread": (500, "ValueError"),
}
NEW = {"name": f"Ada {MARK}", "born_on": "1961-04-02", "time_zone": "Europe/Zurich"}
NOWHERE = "0199a3c4-7d00-7a00-8000-00000000dead"


class Line:
    """One connection to the server, kept open; it notices when the server closes it under the next call."""

    def __init__(self, port: int, token: str = "") -> None:
        self.kept = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        self.token = token

    def close(self) -> None:
        self.kept.close()

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, str, str]:
        """The status, the type and the text of an answer; the server means to keep the line open."""
        given = {"Content-Type": "application/json"} if body is not None else {}
        given |= {"Authorization": f"Bearer {self.token}"} if self.token else {}
        data = body if isinstance(body, str | bytes | None) else json.dumps(body)
        self.kept.request(method, path, data, given | headers)
        answer = self.kept.getresponse()
        text = answer.read().decode()
        assert self.kept.sock is not None, f"{method} {path}: the server closes the line"
        return answer.status, answer.getheader("content-type", ""), text


@contextmanager
def failing_server(url: str, folder: Path) -> Iterator[tuple[int, Callable[[], str]]]:
    """Its port, and all that it has written so far."""
    port, out = free_port(), folder / "streams"
    more = {
        "REPRIEVE_PORT": str(port),
        "REPRIEVE_WORKER_SECONDS": "0.3",
        "REPRIEVE_PRIVATE_TARGETS": "true",
        "REPRIEVE_STATEMENT_SECONDS": "1",
    }
    out.touch()  # both streams, as they come
    process = started(failing, ("serve",), environment(url, **more), given=Path(os.devnull), out=out, err=out)
    serves = Serving(process, out, out)
    try:
        wait_until_it_answers(serves, f"http://127.0.0.1:{port}")
        yield port, out.read_text
    finally:
        process.terminate()
        process.join(20)
        serves.close()


def clinic_with(url: str) -> tuple[str, str]:
    """The passwords of the admin and the clinician of a clinic."""
    made = reprieve("clinic", "Lakeside", "--admin", "root", url=url)
    clinic, password = made.stdout.split()[1], made.stdout.split()[-1]
    doctor = reprieve("account", "doc", "--clinic", clinic, "--role", "clinician", url=url)
    return password, doctor.stdout.split()[-1]


def set_up(port: int, admin: str, doctor: str) -> tuple[str, str]:
    """A webhook, and a marked patient: the token of the clinician, and the patient's id."""
    with closing(Line(port)) as line:
        line.token = sign_in(line, "root", admin)
        hook = {"url": f"http://127.0.0.1:9/{MARK}", "topics": ["flag.raised"]}
        status, _, said = line("POST", "/v1/webhooks", hook)
        assert status == 201, said
        line.token = sign_in(line, "doc", doctor)
        status, _, said = line("POST", "/v1/patients", NEW)
        assert status == 201, said
        return line.token, str(json.loads(said)["id"])


def sign_in(line: Line, who: str, password: str) -> str:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, _, said = line("POST", "/v1/token", urlencode({"username": who, "password": password}), **form)
    assert status == 200, said
    return str(json.loads(said)["access_token"])


def mistakes(line: Line, patient: str) -> dict[str, tuple[int, str, str]]:
    """What callers do wrong, by what it is; with marked data in every place."""
    day = f"/v1/patients/{patient}/diary/2026-04-30"
    record = json.loads(line("GET", f"/v1/patients/{patient}/record")[2])
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    return {
        "400 no JSON": line("PUT", day, f'{{"note": "{MARK}'),
        "422 a value": line("PUT", day, {"note": f"{MARK}\x00", "pain": [{"region": MARK, "side": MARK}]}),
        "422 an unknown field": line("PUT", day, {"note": "x", f"{MARK}": MARK, "activity": {MARK: 1}}),
        "422 a day": line("PUT", f"/v1/patients/{patient}/diary/{MARK}", {"note": MARK}),
        "422 an id": line("GET", f"/v1/patients/{MARK}"),
        "422 a query": line("GET", f"/v1/patients/{patient}/diary?from={MARK}&{MARK}={MARK}"),
        "422 a record": line("POST", "/v1/records", {**record, "revisions": [{MARK: MARK}]}),
        "404 an address": line("GET", f"/v1/{MARK}/{MARK}"),
        "404 a patient": line("GET", f"/v1/patients/{NOWHERE}"),
        "404 an entry": line("GET", f"/v1/patients/{patient}/diary/2025-01-01"),
        "405 a method": line("PATCH", f"/v1/patients/{patient}/diary", {"note": MARK}),
        "409 a record": line("POST", "/v1/records", record),
        "412 a version": line("PATCH", f"/v1/patients/{patient}", {"name": MARK}, **{"If-Match": f'"{MARK}"'}),
        "401 a token": line("GET", "/v1/patients", None, Authorization=f"Bearer {MARK}"),
        "401 a sign-in": line("POST", "/v1/token", urlencode({"username": MARK, "password": MARK}), **form),
        "422 a type": line("PUT", day, MARK, **{"Content-Type": f"text/{MARK}"}),
        "403 a right": line("PATCH", "/v1/clinic", {"phone": "+41 44 123 45 67"}),
    }


@pytest.mark.unmeasured
def test_no_stream_repeats_what_failed_and_the_line_stays_open(database_url: str, tmp_path: Path) -> None:
    passwords = clinic_with(database_url)
    with failing_server(database_url, tmp_path) as (port, written):
        token, patient = set_up(port, *passwords)
        with closing(Line(port, token)) as line:
            for what, (status, kind, said) in mistakes(line, patient).items():
                assert (str(status), kind) == (what[:3], "application/problem+json"), (what, said)
                assert MARK not in said, (what, said)
        fails(port, token, patient)
        day = f"/v1/patients/{patient}/diary/2026-04"
        with closing(Line(port, token)) as line:
            assert (
                line("PUT", f"{day}-30", {"note": f"{MARK}: fever of 39.5, shivering"})[0] == 201
            )  # tells the webhook
            assert line("PUT", f"{day}-29", {"note": f"break {MARK}"})[0] == 201
        breaks_off(port, patient, token)
        wait_for(written, '"channel": "webhook"', '"event": "worker"')
    told = written()
    assert not [one for one in (MARK, MARK.lower(), patient, token) if one in told]
    assert "Traceback" not in told and "Exception in ASGI" not in told, "the server prints nothing of its own"
    check_told(json_lines(told))


def fails(port: int, token: str, patient: str) -> None:
    """An entry in each way, and a look-up of who calls; the next call comes over the same line."""
    day = f"/v1/patients/{patient}/diary/2026-04-30"
    calls: list[tuple[str, int, Any]] = [
        (kind, status, ("PUT", day, {"note": f"fail {kind} {MARK} can't sleep"}))
        for kind, (status, _) in EXPECTED.items()
    ]
    for kind, expected, call in [*calls, ("who", 500, ("GET", "/v1/patients", None))]:
        with closing(Line(port, token)) as line:
            status, media, said = line(*call, **(WRONG if kind == "who" else {}))
            assert (status, media) == (expected, "application/problem+json"), (kind, said)
            assert MARK not in said and patient not in said, kind
            under = line.kept.sock
            assert line("GET", f"/v1/patients/{patient}")[0] == 200, f"the next call, after {kind}"
            assert line.kept.sock is under, f"the line was closed after {kind}"


def breaks_off(port: int, patient: str, token: str) -> None:
    """An answer that fails when it has begun: it can only end."""
    as_sheet = {"Accept": "text/csv", "Authorization": f"Bearer {token}"}
    with closing(Line(port)) as own:
        own.kept.request("GET", f"/v1/patients/{patient}/diary", headers=as_sheet)
        with pytest.raises(http.client.HTTPException):
            own.kept.getresponse().read()


def wait_for(written: Callable[[], str], *words: str) -> str:
    for _ in range(600):
        if all(word in written() for word in words):
            return written()
        time.sleep(0.1)
    raise AssertionError(f"never written: {[word for word in words if word not in written()]}")


def json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def check_told(lines: list[dict[str, Any]]) -> None:
    """Each failure of ours was told once, with its kind and the places that it came from."""
    failed = [one for one in lines if one["event"] == "failed" and "route" in one]
    ours = [kind for kind, (status, _) in EXPECTED.items() if status == 500]
    assert len(failed) == len(ours) + 2, "and the dependency, and the answer that broke off"
    for kind, one in zip(ours, failed, strict=False):
        assert one["route"] == "/v1/patients/{patient_id}/diary/{date}"
        assert EXPECTED[kind][1] in one["error"], kind
        assert one["exception"].startswith(one["error"])
        assert "failing.py:" in one["exception"] and f"in {kind}" in one["exception"], kind
    away = [one for one in lines if one["event"] == "unavailable"]
    assert len(away) == len(EXPECTED) - len(ours)
    assert any(one["event"] == "thread failed" and "in fails" in one["exception"] for one in lines)
    assert any(one["event"] == "worker" and "in failing_sweep" in one["exception"] for one in lines)
    assert any(one.get("channel") == "webhook" and "in failing_send" in one.get("exception", "") for one in lines)


@pytest.mark.anyio
@pytest.mark.parametrize("kind", ["ValueError", "ExceptionGroup", "OperationalError"])
async def test_a_command_that_fails_repeats_nothing(
    service: Service, database_url: str, tmp_path: Path, kind: str
) -> None:
    patient = (await service("cleo", "POST", "/v1/patients", json=NEW)).json()["id"]
    file = tmp_path / "diary.ndjson"
    file.write_text(json.dumps({"date": "2026-04-30", "note": f"{MARK} slept badly", "interference": 3}))
    call = ("import", str(file), "--patient", patient)
    done = await to_thread.run_sync(ran, failing, call, environment(database_url, FAILS=kind))
    assert done.returncode == 1, done.stderr
    assert not [one for one in (MARK, patient) if one in done.stdout + done.stderr]
    assert "in failing_record" in done.stderr and kind in done.stderr.splitlines()
