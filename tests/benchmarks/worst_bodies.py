"""The worst bodies of the calls: as long as they may be, and longer."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

SIZE = 4_190_000  # bytes: what most calls take at most
AT = "2026-05-01T08:30:00.000+00:00"
NOTE = "walked the dog, slept badly; "
HEAD = 'name = "worst"\ntitle = "x"\nsource = "x"\nedition = "1"\n'
POLICIES = {
    "nesting": HEAD + "a = " + "[" * 9_900 + "]" * 9_900,
    "dots": HEAD + "a" + ".a" * 9_900 + " = 1",
    "5000-digit numbers": HEAD + "\n".join(f"n{k} = {'9' * 4_990}" for k in range(3)),
    "inline tables": HEAD + "a = " + "{a=" * 4_900 + "1" + "}" * 4_900,
    "tables by dots": HEAD + "\n".join(f"[a{'.a' * 90}.b{k}]" for k in range(95)),
    "many versions": HEAD + "[[version]]\n" * 1_600,
    "many rules": HEAD + '[[version]]\nversion="1"\nin_force_from=2026-01-01\n' + '[[version.rule]]\nrule="x"\n' * 650,
    "one long text": HEAD + 'a = """' + "\\u00e9" * 3_200 + '"""',
}
RULES = {
    "each second, with an end": "FREQ=SECONDLY;COUNT=900000000",
    "each second of February 30": "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1",
    "hourly on February 30": "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30;COUNT=1",
    "minutely until 2199": "FREQ=MINUTELY;UNTIL=21991231T000000Z",
    "yearly, every 100": "FREQ=YEARLY;INTERVAL=100;COUNT=400",
    "daily with places": "FREQ=DAILY;BYSETPOS=366;BYHOUR=1,2,3;COUNT=400",
    "weeks of nothing": "FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO;BYMONTH=6;COUNT=400",
    "400 slots": "FREQ=DAILY;COUNT=400;BYHOUR=3",
}


def long_entry(n: int = 0) -> dict[str, Any]:
    """An entry with the most of everything."""
    return {
        "pain": [{"region": "lumbar", "side": "left", "average": n % 8, "worst": 9}],
        "medications": [{"name": f"{k} " + "x" * 150, "dose": 1, "unit": "mg", "times": 1} for k in range(50)],
        "side_effects": [{"kind": "other", "severity": 1} for _ in range(50)],
        "note": (f"{n} " + NOTE * 110)[:4000],
    }


def record(days: int, *, procedures: int, first: bool = False, most: int = 0, revisions: int = 0) -> dict[str, Any]:
    """A record of so many days, the last written again until there are `most` writings."""
    patient = str(uuid4())
    begin = date(2026, 11, 20) - timedelta(days=days)
    told = [_revision("patient", patient, 1, {"name": "Ada", "born_on": "1950-01-01", "time_zone": "Europe/Zurich"})]
    for k in range(procedures):
        on = begin + timedelta(days=30 + (k * max(1, days - 40) // procedures if first else k % max(1, days - 31)))
        body = {
            "performed_on": str(on),
            "region": "lumbar",
            "laterality": "left",
            "baseline_pain": 7,
            "operator": f"operator {k}" + ("" if first else " of another house"),
        }
        told.append(_revision("procedure", str(uuid4()), 1, body))
    for k in range(revisions):
        told.append(_revision("patient", patient, k + 2, {**told[0]["content"], "name": f"Ada {k}"}))
    each = max(1, most // days)
    writings = [
        {
            "date": str(begin + timedelta(days=d)),
            "revision": n + 1,
            "recorded_at": f"{begin + timedelta(days=d)}T20:{n:02}:00.000+00:00",
            "received_at": f"{begin + timedelta(days=d)}T20:{n:02}:00.000+00:00",
            "content": {
                "pain": [{"region": "lumbar", "side": "left", "average": (d * 7 + n) % 19 / 2}],
                "note": NOTE * (24 if most else 4),
            },
        }
        for d in range(days)
        for n in range(each)
    ]
    return {"format": "reprieve-record/1", "patient_id": patient, "revisions": told, "diary": writings}


def _revision(kind: str, row: str, number: int, content: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": kind,
        "row_id": row,
        "number": number,
        "recorded_at": AT,
        "received_at": AT,
        "content": content,
    }


def hostile(schema: dict[str, Any], schemas: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Bodies of 4 MB that no call takes: nesting, unknown fields, and each list and text of the form far too long."""
    yield "4 MB of nesting", b'{"a":' * (SIZE // 5)
    yield "4 MB of unknown fields", b"{" + b",".join(b'"%d":0' % n for n in range(SIZE // 11)) + b"}"
    lists, texts = _fields(schema, schemas)
    for name in sorted(lists):
        yield f"{name}, 4 MB of wrong items", b'{"%s":[' % name.encode() + b'"x",' * ((SIZE - 100) // 4) + b'"x"]}'
    for name in sorted(texts)[:1]:
        yield f"{name}, 4 MB of text", b'{"%s":"' % name.encode() + b"x" * (SIZE - 100) + b'"}'


def _fields(schema: dict[str, Any], schemas: dict[str, Any]) -> tuple[set[str], set[str]]:
    """The lists and the texts of a form."""
    lists: set[str] = set()
    texts: set[str] = set()
    for one in (schema, *schema.get("anyOf", ()), *schema.get("oneOf", ())):
        if "$ref" in one:
            more = _fields(schemas[one["$ref"].rsplit("/", 1)[1]], schemas)
            lists, texts = lists | more[0], texts | more[1]
        for name, part in one.get("properties", {}).items():
            types = {form.get("type") for form in (part, *part.get("anyOf", ()))}
            if types & {"array", "object"}:
                lists.add(name)
            if "string" in types:
                texts.add(name)
    return lists, texts
