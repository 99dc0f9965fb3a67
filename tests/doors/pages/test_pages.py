"""The clinic's pages over HTTP: sign-in by cookie, forms that only the page can send, headers, and a large clinic."""

import re
import time
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import insert, text

from app.answers.verdicts.service import kept, outcome
from app.doors.pages.session import COOKIE, inside
from app.record.patients.service import patient
from app.record.procedures.service import procedure
from tests.support import PASSWORD, Service, beside, bound, course

pytestmark = pytest.mark.anyio


async def enter(service: Service, who: str = "cleo") -> httpx.Response:
    data = {"username": who, "password": PASSWORD, "next": "/clinic"}
    return await service("nobody", "POST", "/clinic/sign-in", data=data)


async def form_token(service: Service, where: str = "/clinic") -> str:
    found = re.search(r'name="form_token" value="(\w+)"', (await service("nobody", "GET", where)).text)
    assert found is not None
    return found[1]


async def test_whoever_is_not_signed_in_is_led_to_the_form_and_back(service: Service) -> None:
    procedure = await service.new_procedure()
    away = await service("nobody", "GET", f"/clinic/procedures/{procedure}?definition=full")
    assert (away.status_code, away.headers["location"]) == (
        303,
        f"/clinic/sign-in?next=/clinic/procedures/{procedure}%3Fdefinition%3Dfull",
    )
    wrong = await service("nobody", "POST", "/clinic/sign-in", data={"username": "cleo", "password": "wrong"})
    assert (wrong.status_code, "The name or the password is wrong." in wrong.text) == (401, True)
    assert COOKIE not in wrong.cookies
    assert "wrong" not in re.findall(r'value="([^"]*)"', wrong.text)


async def test_the_cookie_is_out_of_reach(service: Service) -> None:
    cookie = (await enter(service)).headers["set-cookie"]
    assert {"HttpOnly", "Path=/clinic", "SameSite=lax"} <= set(re.split(r"; ", cookie))


async def test_pages_allow_no_foreign_and_no_inline_script(service: Service) -> None:
    await enter(service)
    for where in (
        "/clinic",
        "/clinic/cohort",
        "/clinic/quality",
        "/clinic/reviews",
        "/clinic/sign-in",
        "/clinic/patients/new",
    ):
        answer = await service("nobody", "GET", where)
        policy = answer.headers["content-security-policy"]
        assert answer.status_code == 200
        assert ("unsafe" in policy, "default-src 'none'" in policy) == (False, True)
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=\"", answer.text), where


async def test_a_form_of_another_site_is_refused(service: Service) -> None:
    await enter(service)
    token = await form_token(service)
    new = {"name": "Eve", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
    for data, headers in (
        (new, {}),
        ({**new, "form_token": "0" * 36}, {}),
        ({**new, "form_token": token}, {"Origin": "https://elsewhere.example"}),
        ({**new, "form_token": token}, {"Sec-Fetch-Site": "cross-site"}),
    ):
        answer = await service("nobody", "POST", "/clinic/patients", data=data, headers=headers)
        assert (answer.status_code, "Not allowed" in answer.text) == (403, True)
    assert len((await service("cleo", "GET", "/v1/patients")).json()["items"]) == 2
    good = await service(
        "nobody", "POST", "/clinic/patients", data={**new, "form_token": token}, headers={"Origin": "http://test"}
    )
    assert good.status_code == 303


async def test_another_clinics_page_is_not_there(service: Service) -> None:
    procedure = await service.new_procedure()
    await enter(service, "other")
    own = f"/clinic/procedures/{procedure}"
    hers = f"/clinic/patients/{service.ada_id}"
    for where in (own, hers, f"{own}/picture.svg", f"{own}/picture.json", f"{own}/report.pdf", f"{own}/edit"):
        answer = await service("nobody", "GET", where)
        assert (answer.status_code, "There is no such" in answer.text) == (404, True), where
    assert "Ada" not in (await service("nobody", "GET", "/clinic")).text


async def test_who_may_not_record_sees_no_button_and_no_form(service: Service) -> None:
    procedure = await service.new_procedure()
    await enter(service, "sam")
    page = await service("nobody", "GET", f"/clinic/procedures/{procedure}")
    assert ("Correct this procedure" in page.text, "Open a review" in page.text) == (False, True)
    assert (await service("nobody", "GET", f"/clinic/patients/{service.ada_id}/procedures/new")).status_code == 403


async def test_a_procedure_page_leads_to_the_review_that_is_under_way(service: Service) -> None:
    procedure = await service.new_procedure()
    other = await service.new_procedure(performed_on="2025-07-11", region="cervical")
    opened = (await service("sam", "POST", f"/v1/procedures/{procedure}/reviews", json={})).json()["id"]
    await enter(service, "sam")

    async def shown(where: str, of: str = procedure) -> tuple[bool, bool]:
        text = (await service("nobody", "GET", f"/clinic/procedures/{of}{where}")).text
        return f'href="/clinic/reviews/{opened}">Review of a repeat: opened<' in text, "Open a review" in text

    assert await shown("") == (True, False)
    assert await shown("", of=other) == (False, True)
    assert await shown("?known_on=2025-09-20") == (False, False), "what came later is not shown of an earlier day"
    await service("sam", "POST", f"/v1/reviews/{opened}/cancel", json={"reason": "opened by mistake"})
    assert await shown("") == (False, True)


async def test_signing_out_ends_it(service: Service) -> None:
    await enter(service)
    old = service.client.cookies[COOKIE]
    out = await service("nobody", "POST", "/clinic/sign-out", data={"form_token": await form_token(service)})
    assert out.status_code == 303
    service.client.cookies.set(COOKIE, old, path="/clinic")
    assert (await service("nobody", "GET", "/clinic")).status_code == 303


@pytest.mark.parametrize("address", ["https://evil.example", "//evil.example", "/other", "/clinic\\@evil", ""])
def test_it_leads_back_to_these_pages_only(address: str) -> None:
    assert inside(address) == "/clinic"


async def test_names_are_never_markup(service: Service) -> None:
    name = "<script>alert(1)</script>\"'&" + "x" * 160
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"name": name})
    procedure = await service.new_procedure()
    await enter(service)
    for where in (
        "/clinic",
        f"/clinic/patients/{service.ada_id}",
        f"/clinic/procedures/{procedure}",
        "/clinic?q=%3Cscript%3E",
    ):
        page = await service("nobody", "GET", where)
        assert ("<script>alert" in page.text, page.status_code) == (False, 200)


async def test_an_empty_clinic_says_what_to_do(service: Service) -> None:
    await enter(service, "other")
    assert "The clinic has no patients yet." in (await service("nobody", "GET", "/clinic")).text
    assert "No procedure fits." in (await service("nobody", "GET", "/clinic/cohort")).text
    assert "No review waits here." in (await service("nobody", "GET", "/clinic/reviews")).text
    assert "No flag was raised yet." in (await service("nobody", "GET", "/clinic/quality")).text


async def test_a_procedure_page_as_it_was_known(service: Service) -> None:
    procedure = await service.new_procedure(baseline_pain=7)
    entries = course("2025-07-11", [6] * 10 + [2] * 80)
    for entry in entries:
        entry["recorded_at"] = f"{entry['date']}T20:00:00+02:00"
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    await enter(service)
    now = await service("nobody", "GET", f"/clinic/procedures/{procedure}")
    then = await service("nobody", "GET", f"/clinic/procedures/{procedure}?known_on=2025-09-20")
    assert "As it was known on 20 September 2025" in then.text
    assert "Nothing can be said: no pain has been logged" in then.text  # it was all received later
    assert "the diary has been silent since 8 October 2025" in now.text
    assert now.text.count("<h1>") == 1


async def test_four_procedures_on_two_sites_stand_beside_one_another(service: Service) -> None:
    sites = (
        ("2024-03-01", "lumbar", "left"),
        ("2025-02-01", "lumbar", "left"),
        ("2024-06-01", "cervical", "right"),
        ("2025-07-01", "lumbar", "right"),
    )
    made = []
    for on, region, side in sites:
        made.append(await service.new_procedure(performed_on=on, region=region, laterality=side, baseline_pain=7))
    await service.put("2026-04-30", 3)
    for one in made:
        assert (await service("cleo", "GET", f"/v1/procedures/{one}/relief")).status_code == 200
    await enter(service)
    for one in made:
        page = (await service("nobody", "GET", f"/clinic/procedures/{one}")).text
        others = [m for m in made if m != one]
        assert all(f'href="/clinic/procedures/{other}"' in page for other in others)
    lumbar = (await service("nobody", "GET", f"/clinic/procedures/{made[0]}")).text
    places = [lumbar.index(f'href="/clinic/procedures/{other}"') for other in (made[3], made[1], made[2])]
    assert places == sorted(places)  # those of the region first, the newest of them first
    report = await service("cleo", "GET", f"/v1/procedures/{made[1]}/report.pdf")
    assert report.status_code == 200
    overview = (await service("nobody", "GET", f"/clinic/patients/{service.ada_id}")).text
    newest, _, before = overview.partition("<h2>Before that</h2>")
    assert f'<h2><a href="/clinic/procedures/{made[3]}"' in newest and f"/{made[3]}/picture.svg" in newest
    assert [one for one in made if f'href="/clinic/procedures/{one}"' in before] == made[:3]


def many(clinic_id: Any, now: Any, n: int = 10_000) -> dict[Any, list[dict[str, Any]]]:
    """Patients with one procedure each, and the rows of their outcomes."""
    rows: dict[Any, list[dict[str, Any]]] = {patient: [], procedure: [], outcome: [], kept: []}
    phases = ("relief", "returned", "returning", "no_relief", "settling", "unknown")
    for i in range(n):
        who, what, on = uuid4(), uuid4(), (now - timedelta(days=20 + i % 700)).date()
        phase = phases[i % len(phases)]
        key = {
            "clinic_id": clinic_id,
            "procedure_id": what,
            "definition": "half",
            "engine": "relief/3",
            "as_of": now.date(),
        }
        rows[patient].append(
            {
                "clinic_id": clinic_id,
                "id": who,
                "name": f"Person {i:05}",
                "born_on": on.replace(year=1960, day=1),
                "time_zone": "Europe/Zurich",
                "version": 1,
                "record_version": 1,
                "created_at": now,
            }
        )
        rows[procedure].append(
            {
                "clinic_id": clinic_id,
                "id": what,
                "patient_id": who,
                "performed_on": on,
                "region": "lumbar",
                "laterality": "left",
                "version": 1,
                "created_at": now,
            }
        )
        rows[outcome].append(
            {
                **key,
                "patient_id": who,
                "holds_until": now + timedelta(days=1),
                "record_version": 1,
                "performed_on": on,
                "region": "lumbar",
                "laterality": "left",
                "joints": "L4-5",
                "nerves": "L3, L4",
                "repeat": False,
                "age": 60,
                "phase": phase,
                "ended": "open",
                "relief_days": 100,
                "relief_percent": 60.0,
                "returned_on": on,
                "probability": 0.8,
                "masked": False,
                "lasting": False,
                "logged": 10,
                "expected": 20,
                "last_logged_on": now.date(),
                "contacts": "",
                "place": i % 9 + 1,
                "why": "because",
                "since_on": on,
            }
        )
        rows[kept].append({**key, "record_version": 1, "made_at": now, "body": "{}", "says": "", "spark": [2.0] * 40})
    return rows


async def test_ten_thousand_patients_are_ranked_and_paged(service: Service) -> None:
    state = service.app.state
    async with state.database.engine.begin() as connection:
        for table, rows in many(service.clinic_id, state.clock()).items():
            for first in range(0, len(rows), 1000):  # each statement has a time limit
                await connection.execute(insert(table), [bound(table, one) for one in rows[first : first + 1000]])
    if not state.database.is_sqlite:  # which the server does by itself within a minute
        async with beside(service) as owner:
            await owner.execute(text("ANALYZE"))
    await enter(service)
    await service("nobody", "GET", "/clinic")
    begun = time.perf_counter()
    page = await service("nobody", "GET", "/clinic?page=2")
    spent = time.perf_counter() - begun
    assert "51 to 100 of 10002" in page.text
    assert page.text.count('class="person"') == 50
    assert "Person 00777" in (await service("nobody", "GET", "/clinic?q=00777")).text
    print(f"a page of the list of 10 000 patients: {1000 * spent:.0f} ms")
