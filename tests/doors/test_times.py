"""Every field and parameter that holds a time or a zone, with the ends of the calendar: no call fails on our side."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support import Service

pytestmark = pytest.mark.anyio
INSTANTS = (
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59Z",
    "1899-12-31T23:59:59Z",
    "2199-12-31T23:59:59-12:00",
    "2026-05-01T24:00:00Z",
    "2026-05-01T10:00:60Z",
    "2026-05-01T10:00:00+23:59",
)
DAYS = ("0001-01-01", "9999-12-31", "2023-02-29", "1899-12-31", "2199-12-31")
ZONES = ("localtime", "Factory", "posixrules", "Pacific/Kiritimati", "../etc/passwd")


def values_for(schema: dict[str, Any], name: str) -> tuple[str, ...]:
    forms = {one.get("format") for one in (schema, *schema.get("anyOf", ()))}
    if name == "time_zone":
        return ZONES
    return INSTANTS if "date-time" in forms else DAYS if "date" in forms else ()


def resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    return schema


def places(
    schema: dict[str, Any], schemas: dict[str, Any], depth: int = 0
) -> Iterator[tuple[list[Any], tuple[str, ...]]]:
    """The way to each time in a body, and the values to try there."""
    schema = resolved(schema, schemas)
    for one in (schema, *(resolved(part, schemas) for part in schema.get("anyOf", ()))):
        for name, part in one.get("properties", {}).items():
            if values := values_for(part, name):
                yield [name], values
            elif depth < 3:
                yield from (([name, *way], found) for way, found in places(part, schemas, depth + 1))
        if "items" in one and depth < 3:
            yield from (([0, *way], found) for way, found in places(one["items"], schemas, depth + 1))


def put_in(body: Any, way: list[Any], value: str) -> Any:
    """The body with a value at a place; None where the example does not reach so far."""
    out = at = copy.deepcopy(body)
    for step in way[:-1]:
        try:
            at = at[step]
        except (KeyError, IndexError, TypeError):
            return None
    if not isinstance(at, dict):
        return None
    at[way[-1]] = value
    return out


@pytest.mark.unmeasured
async def test_no_time_anywhere_ends_in_a_5xx(service: Service) -> None:
    document = (await service("nobody", "GET", "/openapi.json")).json()
    schemas = document["components"]["schemas"]
    procedure = await service.new_procedure(baseline_pain=7)
    await service.put("2026-04-30", 4)
    ids = {"patient_id": service.ada_id, "procedure_id": procedure, "date": "2026-04-30"}
    tried, wrong = 0, []
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            if method == "delete":
                continue
            given = call.get("parameters", ())
            body = call.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
            example = (
                body.get("example")
                or resolved(body, schemas).get("example")
                or resolved(body, schemas).get("examples", [{}])[0]
            )
            sends: list[tuple[dict[str, str], dict[str, str], Any]] = []
            for one in given:
                for value in values_for(one["schema"], one["name"]):
                    inside = {one["name"]: value}
                    sends.append(
                        ({**ids, **inside}, inside, example) if one["in"] == "path" else (ids, inside, example)
                    )
            for way, values in places(body, schemas) if body else ():
                sends += [(ids, {}, sent) for value in values if (sent := put_in(example, way, value)) is not None]
            for named, query, sent in sends:
                address = path
                for one in given:
                    if one["in"] == "path":
                        address = address.replace("{" + one["name"] + "}", named.get(one["name"], procedure))
                params = {k: v for k, v in query.items() if "{" + k + "}" not in path}
                for who in ("cleo", "ada"):
                    answer = await service(who, method.upper(), address, params=params, json=sent if body else None)
                    tried += 1
                    if answer.status_code >= 500:
                        wrong.append((who, method, path, query, sent, answer.text[:80]))
    assert wrong == []
    assert tried > 400
    for path, methods in document["paths"].items():
        if "get" in methods and "{" not in path:
            assert (await service("cleo", "GET", path)).status_code < 500, path


async def test_a_clock_that_steps_back_takes_no_later_entry_back(service: Service, clock: Any) -> None:
    from datetime import timedelta

    await service.put("2026-04-30", 4)
    clock.now -= timedelta(seconds=3)
    answer = await service.put("2026-04-30", 6)
    assert answer.json()["pain"][0]["average"] == 6
    read = await service("ada", "GET", f"/v1/patients/{service.ada_id}/diary/2026-04-30")
    assert read.json()["pain"][0]["average"] == 6
