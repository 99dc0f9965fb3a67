"""A clinic with the longest records, and every operation of its API with the worst that it takes."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import httpx

from app.access.accounts.service import add_account, add_clinic, hash_password
from app.base.store.database import Database
from app.base.store.metadata import utc_now
from tests.benchmarks.worst_bodies import POLICIES, RULES, hostile, long_entry, record

PASSWORD = "only for this run"
TEXT = "text/csv"
FORM = "application/x-www-form-urlencoded"
EDGES = ("1900-01-01", "1990-01-01", "2199-12-31")
PEOPLE = 3  # with a hundred procedures each


@dataclass(frozen=True)
class Call:
    """A call, and how often it is sent at once."""

    name: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    times: int = 1


@dataclass
class Clinic:
    """What the calls need to know of the clinic."""

    document: dict[str, Any]
    tokens: dict[str, str]
    ids: dict[str, str]
    reviews: list[str]

    def bearer(self, who: str, **more: str) -> dict[str, str]:
        """The headers of somebody's call."""
        return {"Authorization": f"Bearer {self.tokens[who]}", "Content-Type": "application/json", **more}


async def _people(url: str) -> UUID:
    database = Database(url, 2)
    here, hashed = await database.write(lambda c: add_clinic(c, "Here", utc_now())), hash_password(PASSWORD)
    made: UUID | None = None
    for name in ("clinician", "scheduler", "admin"):
        own = partial(add_account, clinic_id=here, username=name, password_hash=hashed, role=name, now=utc_now())
        made = await database.write(own)
    await database.close()
    assert made is not None
    return made


def furnish(url: str, address: str) -> Clinic:
    """People with the longest diaries and the most procedures, reviews of each, slots, a feed."""
    asyncio.run(_people(url))
    with httpx.Client(base_url=address, timeout=600) as client:
        tokens = {}
        for who in ("clinician", "scheduler", "admin"):
            signed = client.post("/v1/token", data={"username": who, "password": PASSWORD}).raise_for_status()
            tokens[who] = signed.json()["access_token"]
        clinic = Clinic(client.get("/openapi.json").json(), tokens, {}, [])

        def ask(who: str, method: str, path: str, body: Any = None, **query: Any) -> Any:
            answer = client.request(
                method, path, headers=clinic.bearer(who), params=query, content=None if body is None else _json(body)
            )
            assert answer.status_code < 300, (path, answer.status_code, answer.text[:300])
            return answer.json()

        clinic.ids["account_id"] = ask("clinician", "GET", "/v1/me")["account_id"]
        for n in range(PEOPLE):
            days = 3_650 if n == 0 else 60
            made = ask("clinician", "POST", "/v1/records", record(days, procedures=100, first=n == 0))
            clinic.ids.setdefault("patient_id", made["patient_id"])
            held = ask("clinician", "GET", f"/v1/patients/{made['patient_id']}/procedures", limit=200)["items"]
            clinic.ids.setdefault("procedure_id", held[0]["id"])
            if n:
                clinic.reviews += [
                    ask("scheduler", "POST", f"/v1/procedures/{one['id']}/reviews", {})["id"] for one in held
                ]
        clinic.ids["review_id"], clinic.reviews = clinic.reviews[0], clinic.reviews[1:201]
        day = datetime.now(UTC).replace(hour=8, minute=0, second=0, microsecond=0) + timedelta(days=2)
        for n in range(3):
            slot = {
                "clinician_id": clinic.ids["account_id"],
                "starts_at": (day + timedelta(hours=n)).isoformat(),
                "minutes": 30,
                "location": "Room 2",
                "repeats": "FREQ=DAILY;COUNT=400",
                "time_zone": "Europe/Zurich",
            }
            clinic.ids["slot_id"] = ask("scheduler", "POST", "/v1/slots", slot)["id"]
        clinic.ids["token"] = ask("clinician", "POST", "/v1/calendar")["url"].rsplit("/", 1)[1].removesuffix(".ics")
    return clinic


def _json(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def calls(clinic: Clinic) -> Iterator[Call]:
    """Every operation: reads with the ends of what they take, then bodies, then what ends something."""
    everything = [
        (path, method, call) for path, methods in clinic.document["paths"].items() for method, call in methods.items()
    ]
    for path, method, call in everything:
        if method == "get":
            yield from _reads(clinic, path, call)
    yield from _worst(clinic)
    writes = [one for one in everything if one[1] != "get"]
    for path, method, call in sorted(
        writes, key=lambda one: "sign_out" in one[2]["operationId"]
    ):  # nobody is let in after
        yield from _writes(clinic, path, method=method, call=call)


def _address(clinic: Clinic, path: str) -> str:
    known = {**clinic.ids, "date": "2020-01-01", "name": "none", "code": "none"}
    for part in path.split("/"):
        if "{" in part:
            name = part[part.index("{") + 1 : part.index("}")]
            path = path.replace("{" + name + "}", known.get(name, str(uuid4())))
    return path


def _reads(clinic: Clinic, path: str, call: dict[str, Any]) -> Iterator[Call]:
    given = {one["name"]: one for one in call.get("parameters", ()) if one["in"] == "query"}
    at, headers, name = _address(clinic, path), clinic.bearer("clinician"), call["operationId"]
    most = {"limit": str(_most(given["limit"]["schema"]))} if "limit" in given else {}
    yield Call(name, "GET", at, headers, most)
    if "text/csv" in call["responses"].get("200", {}).get("content", {}):
        yield Call(f"{name}, as a sheet", "GET", at, {**headers, "Accept": TEXT}, most)
    for parameter in ("as_of", "as_known_on", "from", "to", "proposed_on", "performed_from", "performed_to"):
        for edge in EDGES if parameter in given else ():
            yield Call(f"{name}, {parameter} {edge}", "GET", at, headers, {**most, parameter: edge})
    if "group_by" in given:
        for by in ("operator", "joint"):
            yield Call(f"{name}, by {by}", "GET", at, headers, {**most, "group_by": by, "until": "3650"})


def _most(schema: dict[str, Any]) -> int:
    return int(schema.get("maximum") or next(one["maximum"] for one in schema["anyOf"] if "maximum" in one))


def _writes(clinic: Clinic, path: str, *, method: str, call: dict[str, Any]) -> Iterator[Call]:
    content = call.get("requestBody", {}).get("content", {})
    at, name = _address(clinic, path), call["operationId"]
    query = {"reason": "x" * 200} if any(one["name"] == "reason" for one in call.get("parameters", ())) else {}
    ends = method == "delete" or "revoke" in name
    headers = clinic.bearer("admin" if "account" in name or "clinic" in name else "clinician")
    if ends and name in ("sign_out", "erase_patient"):
        headers = clinic.bearer("scheduler" if name == "sign_out" else "clinician")
    if "application/json" not in content:
        if FORM not in content:
            yield Call(name, method.upper(), at, headers, query)
        return
    schemas = clinic.document["components"]["schemas"]
    for what, body in hostile(content["application/json"]["schema"], schemas):
        yield Call(f"{name}: {what}", method.upper(), at, headers, query, body)


def _worst(clinic: Clinic) -> Iterator[Call]:
    """What the document alone does not tell: the longest of each kind."""
    staff, office, admin = (clinic.bearer(who) for who in ("clinician", "scheduler", "admin"))
    patient, day = clinic.ids["patient_id"], date(2000, 1, 1)
    form = {"Content-Type": FORM}
    yield Call("sign_in: 80 at once", "POST", "/v1/token", form, body=b"username=x&password=y", times=80)
    yield Call("sign_in: 4 MB", "POST", "/v1/token", form, body=b"username=" + b"x" * 4_000_000 + b"&password=y")
    parts = b"&".join(b"a%d=1" % n for n in range(400_000))
    yield Call("sign_in: 400 000 fields", "POST", "/v1/token", form, body=parts[:4_000_000])
    diary = f"/v1/patients/{patient}/diary"
    yield Call("put_entry: the longest", "PUT", f"{diary}/{day}", staff, body=_json(long_entry()))
    batch = [{"date": str(day + timedelta(days=n)), **long_entry(n)} for n in range(1000)]
    while len(whole := _json({"entries": batch})) > 4_190_000:
        batch = batch[: int(len(batch) * 4_100_000 / len(whole))]
    yield Call(f"put_entries: {len(batch)} of the longest, 4 MB", "POST", diary, staff, body=whole)
    notes = [{"date": str(day + timedelta(days=n)), "note": f"{n} I have no fever " * 200} for n in range(1000)]
    yield Call("put_entries: 1000 notes", "POST", diary, staff, body=_json({"entries": notes}))
    wrong = [{"date": "x", **{f"a{k}": k for k in range(300)}} for _ in range(1000)]
    yield Call("put_entries: 300 000 faults", "POST", diary, staff, body=_json({"entries": wrong}))
    for what, toml in POLICIES.items():
        yield Call(f"add_policy: {what}", "POST", "/v1/policies", admin, body=_json({"toml": toml}))
    for what, rule in RULES.items():
        slot = {
            "clinician_id": clinic.ids["account_id"],
            "starts_at": "2027-02-01T08:00:00+01:00",
            "minutes": 5,
            "location": "Room 3",
            "repeats": rule,
            "time_zone": "Europe/Zurich",
        }
        yield Call(f"add_slot: {what}", "POST", "/v1/slots", office, body=_json(slot))
    many = {"review_ids": clinic.reviews}
    for step in (
        {"step": "assign", "owner_id": clinic.ids["account_id"]},
        {"step": "propose", "proposed_on": "2199-12-31", "policy": "us-lcd"},
        {"step": "wait", "reason": "x" * 500, "wait_until": "2199-12-31"},
    ):
        body = _json({**many, **step, "note": "x" * 200} if "reason" not in step else {**many, **step})
        yield Call(f"take_many: {step['step']}, {len(clinic.reviews)}", "POST", "/v1/reviews/bulk", office, body=body)
    yield from _records(clinic)


def _records(clinic: Clinic) -> Iterator[Call]:
    staff = clinic.bearer("clinician")
    for what, body in {
        "50 000 writings, 64 MB": _json(record(13_400, procedures=100, first=True, most=50_000)),
        "20 000 revisions": _json(record(10, procedures=100, revisions=19_000)),
        "one item of 60 MB": b'{"format":"reprieve-record/1","diary":[{"content":{"x":['
        + b"1," * 30_000_000
        + b"1]}}]}",
        "a list of 60 MB": b"[" + b"1," * 30_000_000 + b"1]",
        "60 MB of blanks": b'{"format":' + b" " * 60_000_000 + b"1}",
        "60 MB of nesting": b'{"format":' + b"[" * 60_000_000,
        "an unknown field of 60 MB": b'{"x":{' + b'"a":0,' * 10_000_000 + b'"b":1}}',
    }.items():
        yield Call(f"import_record: {what}", "POST", "/v1/records", staff, body=body)
