"""The report: one tagged page, the same bytes for the same follow-up, and the API's words."""

import re
from datetime import date
from typing import Any

import pypdfium2
import pytest

from app.answers.follow_up import typeset
from app.rules.days import spoken_day
from tests.doors.pages.test_pages import enter
from tests.support import Service, course, entry

ISO = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
pytestmark = pytest.mark.anyio
SCORES = [7] * 14 + [6] * 10 + [2] * 180 + [6.5] * 60


def text_of(pdf: bytes) -> str:
    (page,) = pypdfium2.PdfDocument(pdf)
    return re.sub(r"\s+", " ", page.get_textpage().get_text_range())


def plain(text: str) -> str:
    """Without blanks: a line may be broken anywhere."""
    text = ISO.sub(lambda found: spoken_day(date.fromisoformat(found[0])), text)  # as the report writes days
    return re.sub(r"\s+|\ufffe|\u200b|-", "", text)


async def treated(service: Service, **fields: Any) -> str:
    procedure = await service.new_procedure(joints=["L4-5", "L5-S1"], technique="thermal", **fields)
    entries = course("2025-06-26", SCORES)
    for one in entries[::9]:
        one["side_effects"] = [{"kind": "numbness", "severity": 1}]
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
        days = plain(f"{time['first_on']} – {time['last_on']} ")
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
    (page,) = pypdfium2.PdfDocument(report.content)
    text = page.get_textpage()
    ends = [text.get_charbox(n)[2] for n in range(text.count_chars()) if text.get_text_range(n, 2) == name[:2]]
    assert max(ends) < page.get_width() / 2, "a name stays in its column, whatever its words"
    if name.isascii() or "script" in name:
        assert plain(name) in plain(text_of(report.content))


# a name of each script that comes with the product
SCRIPTS = [
    "Ἀλέξανδρος",
    "Ольга Їжакевич",
    "محمد علي",
    "דנה לוי",
    "सीता शर्मा",
    "สมชาย ใจดี",
    "ნინო ბერიძე",
    "Đặng Thị Hồng",
]


@pytest.mark.parametrize("name", SCRIPTS)
async def test_a_name_is_set_in_its_script_with_the_products_own_fonts(
    service: Service, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    setter = typeset._typesetter()
    monkeypatch.setattr(setter, "_any_font", None)  # a machine without any font
    procedure = await service.new_procedure()
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"name": name})
    report = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf")
    assert b"pdfuaid" in report.content, "no letter is missing: PDF/UA would refuse it"


async def test_letters_that_no_font_has_are_said_to_be_missing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    setter = typeset._typesetter()
    monkeypatch.setattr(setter, "_any_font", setter._own)
    procedure = await service.new_procedure()
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"name": "山田 太郎"})
    report = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf")
    assert "This machine lacks letters of a name" in text_of(report.content)
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"name": "Ada Muster"})
    report = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf")
    assert "This machine lacks" not in text_of(report.content)


SAID = {
    "de": ("Damals und heute", "71,4 %", "10. Juli 2025", "Rückkehr, 17. Jan. 2026", "Taubheit", "Blockaden davor"),
    "fr": (
        "Avant et maintenant",
        "71,4 %",
        "10 juillet 2025",
        "retour, 17 janv. 2026",
        "engourdissement",
        "blocs préalables",
    ),
    "es": (
        "Antes y ahora",
        "71,4 %",
        "10 de julio de 2025",
        "retorno, 17 ene 2026",
        "entumecimiento",
        "bloqueos previos",
    ),
}
ENGLISH = re.compile(r"\b(?:the|of|is|has|with|not|from|by|days|since|needs|relief|pain|month)\b", re.IGNORECASE)
PROPER = ("text not read", "dorsal ramus", "relief/3")  # of a policy's version, a nerve, the engine


@pytest.mark.parametrize("language", SAID)
async def test_the_report_is_in_the_readers_language(service: Service, language: str) -> None:
    procedure = await treated(service)
    await service(
        "ada", "PUT", f"/v1/patients/{service.ada_id}/diary/2026-04-30", json={**entry(6), "note": "of the day"}
    )
    where = f"/v1/procedures/{procedure}/report.pdf"
    english = await service("cleo", "GET", where)
    report = await service("cleo", "GET", where, params={"language": language})
    assert report.headers["etag"] != english.headers["etag"]
    assert len(pypdfium2.PdfDocument(report.content)) == 1 and b"pdfuaid" in report.content
    text = text_of(report.content)
    for said in SAID[language]:
        assert plain(said) in plain(text), said
    for known in PROPER:
        text = text.replace(known, "")
    assert ENGLISH.findall(text) == []
    await enter(service)
    page = await service(
        "nobody", "GET", f"/clinic/procedures/{procedure}/report.pdf", headers={"Accept-Language": language}
    )
    assert plain(SAID[language][0]) in plain(text_of(page.content))


async def test_what_people_wrote_stays_as_it_is_in_any_language(service: Service) -> None:
    procedure = await service.new_procedure()
    await service("cleo", "PATCH", f"/v1/patients/{service.ada_id}", json={"name": "pain 2026-03-01 left"})
    report = await service("cleo", "GET", f"/v1/procedures/{procedure}/report.pdf?language=de")
    assert "pain 2026-03-01 left" in text_of(report.content)


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
