"""Who reaches what: every call by every role, on her own rows, on the clinic's and on another clinic's."""

from datetime import date, timedelta
from itertools import count
from typing import Any

import pytest

from tests.support import Service, entry, one_app

pytestmark = pytest.mark.anyio

NEW_PATIENT = {"name": "Eve", "born_on": "1970-01-01", "time_zone": "Europe/Zurich"}
NEW_PROCEDURE: dict[str, object] = {"performed_on": "2025-07-10", "region": "lumbar", "laterality": "left"}
SOMEWHERE = "0199a3c4-7d00-7a00-8000-000000000001"
EVERYBODY = ("ada", "bob", "cleo", "sam", "root", "other", "nobody")
CALLS: dict[str, tuple[str, str, object]] = {
    "create patient": ("POST", "/v1/patients", NEW_PATIENT),
    "read patient": ("GET", "/v1/patients/{patient}", None),
    "change patient": ("PATCH", "/v1/patients/{patient}", {"name": "Ada M."}),
    "write diary": ("PUT", "/v1/patients/{patient}/diary/2026-04-30", entry(4)),
    "write many": ("POST", "/v1/patients/{patient}/diary", {"entries": [{"date": "2026-04-30", **entry(4)}]}),
    "read day": ("GET", "/v1/patients/{patient}/diary/2026-04-29", None),
    "read range": ("GET", "/v1/patients/{patient}/diary", None),
    "read revisions": ("GET", "/v1/patients/{patient}/diary/2026-04-29/revisions", None),
    "delete day": ("DELETE", "/v1/patients/{patient}/diary/2026-04-29", None),
    "read verdict": ("GET", "/v1/procedures/{procedure}/relief", None),
    "read picture": ("GET", "/v1/procedures/{procedure}/relief.svg", None),
    "read photo": ("GET", "/v1/procedures/{procedure}/relief.png", None),
    "read follow-up": ("GET", "/v1/procedures/{procedure}/follow_up", None),
    "read report": ("GET", "/v1/procedures/{procedure}/report.pdf", None),
    "read quality": ("GET", "/v1/quality", None),
    "read cohort": ("GET", "/v1/cohorts/relief", None),
    "read cohort rows": ("GET", "/v1/cohorts/procedures", None),
    "list policies": ("GET", "/v1/policies", None),
    "read plan": ("GET", "/v1/procedures/{procedure}/plan", None),
    "read successive": ("GET", "/v1/patients/{patient}/relief", None),
    "patient history": ("GET", "/v1/patients/{patient}/history", None),
    "export record": ("GET", "/v1/patients/{patient}/record", None),
    "erase patient": ("DELETE", "/v1/patients/{nobody}?reason=asked", None),
    "import record": ("POST", "/v1/records", {"format": "reprieve-record/1"}),
    "read flag": ("GET", "/v1/flags/{procedure}", None),
    "acknowledge flag": ("POST", "/v1/flags/{procedure}/acknowledge", {}),
    "resolve flag": ("POST", "/v1/flags/{procedure}/resolve", {}),
    "undo flag": ("POST", "/v1/flags/{procedure}/undo", None),
    "open review": ("POST", "/v1/procedures/{procedure}/reviews", {}),
    "list reviews": ("GET", "/v1/reviews?patient_id={patient}", None),
    "read review": ("GET", "/v1/reviews/{procedure}", None),
    "work on review": ("PATCH", "/v1/reviews/{procedure}", {"note": "called her"}),
    "book review": ("POST", "/v1/reviews/{procedure}/book", {"slot_id": SOMEWHERE}),
    "decide review": ("POST", "/v1/reviews/{procedure}/decide", {"decision": "none", "reason": "well"}),
    "reopen review": ("POST", "/v1/reviews/{procedure}/reopen", {"reason": "not over"}),
    "cancel review": ("POST", "/v1/reviews/{procedure}/cancel", {"reason": "a mistake"}),
    "read eligibility": ("GET", "/v1/reviews/{procedure}/eligibility", None),
    "add slot": (
        "POST",
        "/v1/slots",
        {"clinician_id": SOMEWHERE, "starts_at": "2026-06-02T09:00:00Z", "minutes": 30, "location": "Room 2"},
    ),
    "change slot": ("PATCH", "/v1/slots/{procedure}", {"closed": True}),
    "remove slot": ("DELETE", "/v1/slots/{procedure}", None),
    "list slots": ("GET", "/v1/slots", None),
    "add absence": (
        "POST",
        "/v1/absences",
        {"clinician_id": SOMEWHERE, "first_on": "2026-06-02", "last_on": "2026-06-03", "reason": "away"},
    ),
    "list absences": ("GET", "/v1/absences", None),
    "remove absence": ("DELETE", "/v1/absences/{procedure}", None),
    "list appointments": ("GET", "/v1/appointments", None),
    "confirm appointment": ("POST", "/v1/appointments/{procedure}/confirm", None),
    "cancel appointment": ("POST", "/v1/appointments/{procedure}/cancel", {"reason": "ill"}),
    "move appointment": ("POST", "/v1/appointments/{procedure}/move", {"reason": "ill", "slot_id": SOMEWHERE}),
    "record attendance": ("POST", "/v1/appointments/{procedure}/attendance", {"step": "arrive"}),
    "open calendar": ("POST", "/v1/calendar", None),
    "revoke calendar": ("DELETE", "/v1/calendar", None),
    "read calendar": ("GET", "/v1/calendar/nothing.ics", None),
    "list flags": ("GET", "/v1/flags?patient_id={patient}", None),
    "list medications": ("GET", "/v1/medications", None),
    "add red flag": ("POST", "/v1/red_flags", {"kind": "tingling", "least_severity": 3, "advice": "Call us."}),
    "list red flags": ("GET", "/v1/red_flags", None),
    "answer flag": ("POST", "/v1/flags/{procedure}/answer", {"answer": "no_change"}),
    "read workload": ("GET", "/v1/reviews/workload", None),
    "work on many": ("POST", "/v1/reviews/bulk", {"step": "cancel", "review_ids": [SOMEWHERE], "reason": "a mistake"}),
    "undo many": ("POST", "/v1/reviews/bulk/{procedure}/undo", None),
    "add waiting": ("POST", "/v1/waiting", {"patient_id": "{patient}"}),
    "list waiting": ("GET", "/v1/waiting", None),
    "withdraw waiting": ("DELETE", "/v1/waiting/{procedure}", None),
    "accept offer": ("POST", "/v1/waiting/{procedure}/accept", None),
    "decline offer": ("POST", "/v1/waiting/{procedure}/decline", None),
    "book without review": ("POST", "/v1/appointments", {"patient_id": "{patient}", "slot_id": SOMEWHERE}),
    "invite": ("POST", "/v1/patients/{patient}/invitations", None),
    "accept invitation": ("POST", "/v1/invitations/nothing/accept", {"username": "x", "password": "long enough a one"}),
    "add policy": ("POST", "/v1/policies", {"toml": "name = 1"}),
    "end policy": ("DELETE", "/v1/policies/none", None),
    "read clinic": ("GET", "/v1/clinic", None),
    "change clinic": ("PATCH", "/v1/clinic", {"alarm_budget": None}),
    "list audit": ("GET", "/v1/audit", None),
    "read audit head": ("GET", "/v1/audit/head", None),
    "list accounts": ("GET", "/v1/accounts", None),
    "invite staff": ("POST", "/v1/accounts", {"role": "scheduler"}),
    "end sessions of": ("DELETE", "/v1/accounts/{nobody}/sessions", None),
    "reset password": ("POST", "/v1/accounts/{nobody}/reset", None),
    "list codes": ("GET", "/v1/account_codes", None),
    "withdraw code": ("DELETE", "/v1/account_codes/{procedure}", None),
    "set password by code": ("POST", "/v1/resets/nothing", {"password": "another long one"}),
    "list sessions": ("GET", "/v1/me/sessions", None),
    "end session": ("DELETE", "/v1/me/sessions/{procedure}", None),
    "disable account": ("PATCH", "/v1/accounts/{nobody}", {"disabled": True}),
    "set password": ("POST", "/v1/me/password", {"password": "a wrong one it is", "new_password": "another long one"}),
    "list colleagues": ("GET", "/v1/colleagues", None),
    "read push key": ("GET", "/v1/push_key", None),
    "add address": ("POST", "/v1/addresses", {"channel": "email", "email": "a@example.org"}),
    "list addresses": ("GET", "/v1/addresses", None),
    "confirm address": ("POST", "/v1/addresses/{procedure}/confirm", {"code": "AAAA-AAAA"}),
    "remove address": ("DELETE", "/v1/addresses/{procedure}", None),
    "add webhook": ("POST", "/v1/webhooks", {"url": "https://ehr.example.org/hook"}),
    "list webhooks": ("GET", "/v1/webhooks", None),
    "remove webhook": ("DELETE", "/v1/webhooks/{procedure}", None),
    "list deliveries": ("GET", "/v1/deliveries", None),
    "replay delivery": ("POST", "/v1/deliveries/{procedure}/replay", None),
}
CLINICIAN, PATIENT_TOO, CONTACTS = "cleo root", "ada cleo", "cleo sam root"
FACTS: dict[str, tuple[str, dict[str, object], dict[str, object], str]] = {
    "procedure": ("procedures", NEW_PROCEDURE, {"baseline_pain": 7}, CLINICIAN),
    "block": (
        "blocks",
        {"performed_on": "2025-06-01", "side": "left", "joints": ["L4-5"], "agent": "lidocaine", "pain_before": 7},
        {"pain_before": 6},
        CLINICIAN,
    ),
    "assessment": (
        "assessments",
        {"kind": "peg", "answered_on": "2026-04-01", "items": [5, 5, 5]},
        {"items": [4, 4, 4]},
        PATIENT_TOO,
    ),
    "event": ("events", {"kind": "injury", "happened_on": "2026-04-01"}, {"note": "fell"}, PATIENT_TOO),
    "work_up": ("work_ups", {"noted_on": "2025-06-01", "note": "two years"}, {"note": "three"}, CLINICIAN),
    "contact": ("contacts", {"contact": "weeks_2", "done_on": "2025-07-24"}, {"note": "well"}, CONTACTS),
}
READ = (200, 404, 200, 200, 200, 404, 401)
NOT_THERE = (403, 403, 404, 404, 404, 404, 401)
EXPECTED: dict[str, tuple[int, ...]] = {
    "create patient": (403, 403, 201, 201, 201, 201, 401),
    "read patient": READ,
    "change patient": (403, 403, 200, 200, 200, 404, 401),
    "write diary": (201, 404, 201, 403, 403, 404, 401),
    "write many": (200, 404, 200, 403, 403, 404, 401),
    "read day": READ,
    "read range": READ,
    "read revisions": READ,
    "delete day": (204, 404, 204, 403, 403, 404, 401),
    "read verdict": READ,
    "read picture": READ,
    "read photo": READ,
    "read follow-up": READ,
    "read report": READ,
    "read quality": (403, 403, 200, 200, 200, 200, 401),
    "read cohort": (403, 403, 200, 200, 200, 200, 401),
    "read cohort rows": (403, 403, 200, 200, 200, 200, 401),
    "list policies": (200, 200, 200, 200, 200, 200, 401),
    "read plan": READ,
    "read successive": READ,
    "patient history": READ,
    "export record": READ,
    "erase patient": (403, 403, 403, 403, 404, 403, 401),
    "import record": (422, 422, 422, 422, 422, 422, 401),
    # rows that nobody has: whoever may do it at all gets 404, and nobody learns more
    "read flag": (404, 404, 404, 404, 404, 404, 401),
    "acknowledge flag": NOT_THERE,
    "resolve flag": NOT_THERE,
    "undo flag": NOT_THERE,
    "open review": (403, 403, 201, 200, 200, 404, 401),
    "list reviews": (200, 200, 200, 200, 200, 200, 401),
    "read review": (404, 404, 404, 404, 404, 404, 401),
    "work on review": NOT_THERE,
    "book review": NOT_THERE,
    "decide review": NOT_THERE,
    "reopen review": NOT_THERE,
    "cancel review": NOT_THERE,
    "read eligibility": (404, 404, 404, 404, 404, 404, 401),
    "add slot": (403, 403, 422, 422, 422, 422, 401),
    "change slot": (403, 403, 404, 404, 404, 404, 401),
    "remove slot": (403, 403, 404, 404, 404, 404, 401),
    "list slots": (200, 200, 200, 200, 200, 200, 401),
    "add absence": (403, 403, 422, 422, 422, 422, 401),
    "list absences": (403, 403, 200, 200, 200, 200, 401),
    "remove absence": (403, 403, 404, 404, 404, 404, 401),
    "list appointments": (200, 200, 200, 200, 200, 200, 401),
    "confirm appointment": (404, 404, 404, 404, 404, 404, 401),
    "cancel appointment": (404, 404, 404, 404, 404, 404, 401),
    "move appointment": NOT_THERE,
    "record attendance": NOT_THERE,
    "open calendar": (201, 201, 201, 201, 201, 201, 401),
    "revoke calendar": (204, 204, 204, 204, 204, 204, 401),
    "read calendar": (404, 404, 404, 404, 404, 404, 404),
    "list flags": (200, 200, 200, 200, 200, 200, 401),
    "list medications": (200, 200, 200, 200, 200, 200, 401),
    "add red flag": (403, 403, 403, 403, 201, 403, 401),
    "list red flags": (200, 200, 200, 200, 200, 200, 401),
    "answer flag": (404, 404, 403, 403, 403, 403, 401),
    "read workload": (403, 403, 200, 200, 200, 200, 401),
    "work on many": (403, 403, 200, 200, 200, 200, 401),  # each item is answered: not found
    "undo many": NOT_THERE,
    "add waiting": (403, 403, 201, 200, 200, 404, 401),
    "list waiting": (200, 200, 200, 200, 200, 200, 401),
    "withdraw waiting": (404, 404, 404, 404, 404, 404, 401),
    "decline offer": (404, 404, 404, 404, 404, 404, 401),
    "accept offer": (404, 404, 404, 404, 404, 404, 401),
    "book without review": (403, 403, 422, 422, 422, 404, 401),
    "invite": (403, 403, 409, 409, 409, 404, 401),  # she has an account
    "accept invitation": (404, 404, 404, 404, 404, 404, 404),
    "add policy": (403, 403, 403, 403, 422, 403, 401),
    "end policy": (403, 403, 403, 403, 404, 403, 401),
    "read clinic": (403, 403, 200, 200, 200, 200, 401),
    "change clinic": (403, 403, 403, 403, 200, 403, 401),
    "list audit": (200, 200, 403, 403, 200, 403, 401),
    "read audit head": (403, 403, 403, 403, 200, 403, 401),
    "list accounts": (403, 403, 403, 403, 200, 403, 401),
    "invite staff": (403, 403, 403, 403, 201, 403, 401),
    "end sessions of": (403, 403, 403, 403, 404, 403, 401),
    "reset password": (403, 403, 403, 403, 404, 403, 401),
    "list codes": (403, 403, 403, 403, 200, 403, 401),
    "withdraw code": (403, 403, 403, 403, 404, 403, 401),
    "set password by code": (404, 404, 404, 404, 404, 404, 404),
    "list sessions": (200, 200, 200, 200, 200, 200, 401),
    "end session": (404, 404, 404, 404, 404, 404, 401),
    "disable account": (403, 403, 403, 403, 404, 403, 401),
    "set password": (422, 422, 422, 422, 422, 422, 401),
    "list colleagues": (403, 403, 200, 200, 200, 200, 401),
    "read push key": (200, 200, 200, 200, 200, 200, 401),
    "add address": (422, 422, 422, 422, 422, 422, 401),  # the service of these tests sends no mail
    "list addresses": (200, 200, 200, 200, 200, 200, 401),
    "confirm address": (404, 404, 404, 404, 404, 404, 401),
    "remove address": (404, 404, 404, 404, 404, 404, 401),
    "add webhook": (403, 403, 403, 403, 201, 403, 401),
    "list webhooks": (403, 403, 403, 403, 200, 403, 401),
    "remove webhook": (403, 403, 403, 403, 404, 403, 401),
    "list deliveries": (403, 403, 403, 403, 200, 403, 401),
    "replay delivery": (403, 403, 403, 403, 404, 403, 401),
}


async def test_each_role_reaches_what_the_rules_give_it(service: Service) -> None:
    procedure = await service.new_procedure()
    await service.put("2026-04-29", 4)
    for name, (method, path, body) in CALLS.items():
        got = []
        for who in EVERYBODY:
            if "/diary" in path and method != "GET":
                await service.put("2026-04-29", 4)
                if await holds_an_entry(service, "2026-04-30"):
                    await service("ada", "DELETE", f"/v1/patients/{service.ada_id}/diary/2026-04-30")
            where = path.format(patient=service.ada_id, procedure=procedure, nobody=procedure)
            sent = {**body, "patient_id": service.ada_id} if isinstance(body, dict) and "patient_id" in body else body
            got.append((await service(who, method, where, json=sent)).status_code)
        assert tuple(got) == EXPECTED[name], name


@pytest.mark.parametrize("name", FACTS)
async def test_each_role_reaches_the_facts_that_the_rules_give_it(service: Service, name: str) -> None:
    plural, body, change, writers = FACTS[name]
    of_patient = f"/v1/patients/{service.ada_id}/{plural}"
    if name == "contact":
        body = {**body, "procedure_id": await service.new_procedure()}
    relation = {"ada": 403, "bob": 403, "cleo": 403, "sam": 403, "root": 403, "other": 403, "nobody": 401}
    if "ada" in writers:
        relation |= {"bob": 404}
    may = dict.fromkeys(writers.split(), 0)
    days = (date(2025, 1, 1) + timedelta(days=number) for number in count())

    def fresh() -> dict[str, Any]:
        """The body; of a procedure on another day each time, for one is recorded once."""
        return {**body, "performed_on": next(days).isoformat()} if name == "procedure" else body

    for who in EVERYBODY:
        made = await service("cleo", "POST", of_patient, json=fresh())
        row = f"/v1/{plural}/{made.json()['id']}"
        denied = 404 if who == "other" and "cleo" in may else relation[who]
        reads = {"bob": 404, "other": 404, "nobody": 401}.get(who, 200)
        expected = {
            ("POST", of_patient): 201 if who in may else denied,
            ("GET", of_patient): reads,
            ("GET", row): reads,
            ("GET", f"{row}/history"): reads,
            ("PATCH", row): 200 if who in may else denied,
            ("DELETE", row): 204 if who in may else denied,
        }
        for (method, where), status in expected.items():
            sent = {"POST": fresh(), "PATCH": change}.get(method)
            answer = await service(who, method, where, json=sent)
            assert answer.status_code == status, (who, method, where, answer.text)


async def holds_an_entry(service: Service, on: str) -> bool:
    return (await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary/{on}")).status_code == 200


def test_every_call_of_the_document_is_in_the_table() -> None:
    document = one_app().openapi()
    open_to_all = {"/v1/token", "/v1/me", "/healthz", "/readyz"}
    documented = sum(len(methods) for path, methods in document["paths"].items() if path not in open_to_all)
    listed = 2  # the list of patients is tested below, and signing out everywhere beside sessions
    assert documented == len(CALLS) + listed + 6 * len(FACTS)


async def test_a_list_holds_only_what_the_caller_may_see(service: Service) -> None:
    names = {}
    for who in ("ada", "cleo", "other"):
        items = (await service(who, "GET", "/v1/patients")).json()["items"]
        names[who] = [item["name"] for item in items]
    assert names == {"ada": ["Ada Muster"], "cleo": ["Ada Muster", "Bob"], "other": []}


async def test_another_clinics_row_and_no_row_have_the_same_answer(service: Service) -> None:
    nowhere = "0199a3c4-7d00-7a00-8000-000000000001"
    real = await service("other", "GET", f"/v1/patients/{service.ada_id}")
    none = await service("other", "GET", f"/v1/patients/{nowhere}")
    assert (real.status_code, real.json()) == (none.status_code, none.json())
