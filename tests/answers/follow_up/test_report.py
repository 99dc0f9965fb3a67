"""The report: one tagged page, the same bytes for the same follow-up, and the API's words."""

import re
from datetime import date
from typing import Any

import pypdfium2
import pytest

from app.rules.days import spoken_day
from tests.support import Service, course

ISO = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
pytestmark = pytest.mark.anyio
SCORES = [7] * 14 + [6] * 10 + [2] * 180 + [6.5] * 60


def text_of(pdf: bytes) -> str:
    (page,) = pypdfium2.PdfDocument(pdf)
    return re.sub(r"\s+", " ", page.get_textpage().get_text_range())


def plain(text: str) -> str:
    """Without blanks: a line may be broken anywhere."""
    text = ISO.sub(lambda found: spoken_day(date.fromisoformat(found[0])), text)  # as the report writes days
    return re.sub(r"\s+|\ufffe|-", "", text)


async def treated(service: Service, **fields: Any) -> str:
    procedure = await service.new_procedure(joints=["L4-5", "L5-S1"], technique="thermal", **fields)
    entries = course("2025-06-26", SCORES)
    for entry in entries[::9]:
        entry["side_effects"] = [{"kind": "numbness", "severity": 1}]
    await service("ada", "POST", f"/v1/patients/{service.ada_id}/diary", json={"entries": entries})
    for day, items in (("2025-07-01", [8, 8, 8]), ("2025-09-01", [3, 2, 3])):
        body = {"kind": "peg", "answered_on": day, "items": items}
        await service("ada", "POST", f"/v1/patients/{service.ada_id}/assessments", json=body)
    return procedure


async def test_the_report_says_what_the_api_says(service: Service) -> None:
    procedure = await treated(service)
    told = (await service("cleo", "GET", f"/v1/procedures/{procedure}/follow_up")).json()
    verdict = (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).json()
    report = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf")
    page = plain(text_of(report.content))
    assert told["says"] == verdict["says"]
    for said in (
        told["says"],
        told["decides"],
        told["patient"]["name"],
        told["engine"],
        told["procedure"]["performed_on"],
        "L3, L4, L5 dorsal ramus",
        "64635 x 1",
        procedure,
        (await service("cleo", "GET", "/v1/clinic")).json()["name"],
        "read and signed by",
    ):
        assert plain(said) in page, said
    for rule in told["eligibility"]["rules"]:
        assert plain(rule["saw"] + "; needs " + rule["needs"]) in page, rule
    assert [m["time"] for m in told["milestones"]] == ["before", "weeks_6_8", "months_3", "months_6", "now"]
    for time in told["milestones"]:
        days = plain(f"{time['first_on']} to {time['last_on']} ")
        assert f"{days}{time['days_logged']}" in page, time
    assert told["milestones"][0]["function"] == {"peg": 8.0}
    assert told["milestones"][1]["function"] == {"peg": 2.67}


async def test_another_name_of_the_clinic_is_another_report(service: Service) -> None:
    procedure = await treated(service)
    first = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf")
    await service("root", "PATCH", "/v1/clinic", json={"name": "Hillside Pain Centre"})
    again = await service(
        "cleo", "GET", f"/v1/procedures/{procedure}/report.pdf", headers={"If-None-Match": first.headers["etag"]}
    )
    assert again.status_code == 200 and "Hillside Pain Centre" in text_of(again.content)


async def test_it_is_one_small_tagged_page_of_either_size(service: Service) -> None:
    procedure = await treated(service)
    made = {}
    for paper, size in (("a4", (595, 842)), ("us-letter", (612, 792))):
        where = f"/v1/procedures/{procedure}/report.pdf?paper={paper}"
        made[paper] = await service("cleo", "GET", where)
        again = await service("cleo", "GET", where)
        assert again.content == made[paper].content
        assert len(again.content) < 300_000
        document = pypdfium2.PdfDocument(again.content)
        assert len(document) == 1
        assert tuple(round(x) for x in document[0].get_size()) == size
        assert b"/StructTreeRoot" in again.content
        assert b"pdfuaid" in again.content
    known = await service("cleo", "GET", where, headers={"If-None-Match": made["us-letter"].headers["etag"]})
    assert known.status_code == 304


@pytest.mark.parametrize("name", ["A" * 200, "Ñandú #set page(width: 1pt) *_`$<script>", "名前 " * 40])
async def test_any_name_fits_and_none_is_taken_for_markup(service: Service, name: str) -> None:
    procedure = await treated(service)
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"name": name})
    report = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf")
    assert len(pypdfium2.PdfDocument(report.content)) == 1
    if name.isascii() or "script" in name:
        assert plain(name) in plain(text_of(report.content))


async def test_a_report_of_nothing_says_so(service: Service) -> None:
    procedure = await service.new_procedure()
    report = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf?policy=hull-uk")
    page = text_of(report.content)
    assert "Relief can't be computed" in page
    assert "not known" in page
    assert "no block on record" in page


async def test_a_policy_that_is_none_is_named(service: Service) -> None:
    procedure = await service.new_procedure()
    answer = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf?policy=blue")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/policy"
