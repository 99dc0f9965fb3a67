"""What is said of a person is the same wherever it is said: page, report, follow-up, list, review and the API's answer.

Made lives (those of the verdicts' own test) go in through the API; then everything that shows them is read, and compared.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from html import unescape
from typing import Any

import pypdfium2
import pytest

from app.rules.days import spoken_day
from tests.alerts.flags.test_conclusions import work
from tests.answers.verdicts.test_courses import START
from tests.answers.verdicts.test_no_contradictions import a_record
from tests.doors.pages.test_pages import enter
from tests.support import Service

pytestmark = pytest.mark.anyio
TODAY = date(2026, 5, 1)  # of the tests' clock
SEEDS = range(200, 216)
ISO = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
NOTHING = re.compile(r"\b(?:nan|null|undefined|inf)\b|\bNone\b(?! (?:stands|logged))")
DEFINITIONS = ("half", "eighty", "full")


def seen(html: str) -> str:
    """The text of a page as a reader has it."""
    body = re.sub(r"<(script|style|head).*?</\1>", " ", html, flags=re.S)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body)))


def printed(pdf: bytes) -> str:
    """The text of a report, its lines joined."""
    pages = pypdfium2.PdfDocument(pdf)
    return re.sub(r"\s+", " ", " ".join(page.get_textpage().get_text_range() for page in pages))


async def live(service: Service, seed: int) -> list[str]:
    """A life of which today is the last day told; returns the ids of its procedures."""
    treated, diary, events, asked, _ = a_record(seed)
    shift = TODAY - (START + timedelta(days=asked))
    new = {"name": f"Life {seed}", "born_on": "1960-01-01", "time_zone": "Europe/Zurich"}
    service.ada_id = str((await service("cleo", "POST", "/v1/patients", json=new)).json()["id"])
    of = f"/v1/patients/{service.ada_id}"
    ids = []
    for own in treated:
        body = own.content()
        body["performed_on"] = str(own.performed_on + shift)
        made = await service("cleo", "POST", f"{of}/procedures", json=body)
        if made.status_code == 201:  # one that lies ahead is none yet
            ids.append(str(made.json()["id"]))
    told: list[dict[str, Any]] = [
        {"date": str(one.date + shift), **one.content} for one in diary if one.date + shift <= TODAY
    ]
    if told:
        assert (await service("cleo", "POST", f"{of}/diary", json={"entries": told})).status_code == 200
    for event in events:
        body = {**event.content(), "happened_on": str(event.happened_on + shift)}
        await service("cleo", "POST", f"{of}/events", json=body)
    return ids


async def faults(service: Service, procedure: str, definition: str) -> Iterator[str]:
    """What does not agree about a procedure."""
    where = f"/v1/procedures/{procedure}"
    verdict = (await service("cleo", "GET", f"{where}/relief?definition={definition}")).json()
    told = (await service("cleo", "GET", f"{where}/follow_up?definition={definition}")).json()
    page = (await service("nobody", "GET", f"/clinic/procedures/{procedure}?definition={definition}")).text
    pdf = printed((await service("cleo", "GET", f"{where}/report.pdf?definition={definition}")).content)
    return iter(list(_faults(verdict, told, page, pdf)))


def _faults(verdict: dict[str, Any], told: dict[str, Any], page: str, pdf: str) -> Iterator[str]:
    text, says, closed = seen(page), verdict["says"], verdict["closed_by"] is not None
    if told["says"] != says:
        yield "the follow-up says something else"
    if says not in text:
        yield "the page says something else"
    if re.sub(r"\W", "", says) not in re.sub(r"\W", "", pdf):  # which breaks its lines where it likes
        yield "the report says something else"
    if f" {verdict['phase'].replace('_', ' ')} " not in text:
        yield "the page's badge is of another phase"
    for name, what in (("page", text), ("report", pdf)):
        if ISO.search(what.replace(verdict["procedure_id"], "")):
            yield f"the {name} writes a day in another way: {ISO.findall(what)}"
        if NOTHING.search(what):
            yield f"the {name} shows a value that is none"
        if closed and re.search(r"\bnow \d", what):
            yield f"the {name} shows now after the end"
    pain = verdict["baseline"]["pain"]
    if f"baseline {'–' if pain is None else format(pain, '.1f')} (" not in text:
        yield "the page's baseline is another"
    if closed and "Open a review" in text:
        yield "a review is offered of what has been answered"
    for reason in told["why"]:
        if spoken_day(date.fromisoformat(reason["date"])) not in text:
            yield "an entry that decided it is not shown"
    for one in verdict["confounders"]:
        if ISO.sub(lambda found: spoken_day(date.fromisoformat(found[0])), one["says"]) not in text:
            yield f"what could mislead is not shown: {one['kind']}"
    until = verdict["followed_until"]
    if until is not None and spoken_day(date.fromisoformat(until)) not in text:
        yield "the page does not say until when"


@pytest.mark.unmeasured
async def test_page_report_and_answers_agree(service: Service) -> None:
    assert (await enter(service)).status_code == 303
    found: dict[str, list[str]] = {}
    seen_phases = set()
    for seed in SEEDS:
        for procedure in await live(service, seed):
            for definition in DEFINITIONS if seed % 4 == 0 else ("half",):
                for fault in await faults(service, procedure, definition):
                    found.setdefault(fault, []).append(f"{seed} {definition}")
            verdict = (await service("cleo", "GET", f"/v1/procedures/{procedure}/relief")).json()
            seen_phases.add(verdict["phase"])
    assert found == {}
    assert len(seen_phases) >= 4, seen_phases


async def test_list_patient_and_review_agree_with_the_verdict(service: Service) -> None:
    await enter(service)
    needs = {"returned": "return", "returning": "return likely", "no_relief": "no relief"}
    for seed in list(SEEDS)[:8]:
        ids = await live(service, seed)
        await work(service)
        patient = seen((await service("nobody", "GET", f"/clinic/patients/{service.ada_id}")).text)
        listed = seen((await service("nobody", "GET", f"/clinic?q=Life+{seed}")).text)
        verdicts = [(await service("cleo", "GET", f"/v1/procedures/{one}/relief")).json() for one in ids]
        for verdict in verdicts:
            assert verdict["says"] in patient, seed
        asked = {needs[one["phase"]] for one in verdicts if one["phase"] in needs and one["closed_by"] is None}
        badge = next(
            (name for name in ("return likely", "return", "no relief") if f" {name} Life {seed}" in listed), None
        )
        worst = next((name for name in ("return", "return likely", "no relief") if name in asked), None)
        assert badge == worst, (seed, listed)
        reviews = (await service("sam", "GET", f"/v1/reviews?patient_id={service.ada_id}")).json()["items"]
        for one in reviews:
            said = next(v["says"] for v in verdicts if v["procedure_id"] == one["procedure_id"])
            assert said in seen((await service("nobody", "GET", f"/clinic/reviews/{one['id']}")).text)


async def test_an_earlier_day_tells_nothing_of_a_later_procedure(service: Service) -> None:
    first = await service.new_procedure(performed_on="2025-01-10", baseline_pain=7)
    await service.new_procedure(performed_on="2026-03-10", laterality="right", baseline_pain=7)
    await service.put("2026-04-30", 3, side="right")
    await work(service)
    await enter(service)
    then = seen((await service("nobody", "GET", f"/clinic/procedures/{first}?known_on=2025-08-20")).text)
    assert "No other procedure." in then.partition("Others of this person")[2]
    now = seen((await service("nobody", "GET", f"/clinic/procedures/{first}")).text)
    assert "10 March 2026" in now.partition("Others of this person")[2]


async def test_an_earlier_day_tells_nothing_of_later_ones(service: Service) -> None:
    """A page as it was known on a day: no contact was missed whose time had not come."""
    procedure = await service.new_procedure(baseline_pain=7)
    await service.put("2025-07-20", 3, recorded_at="2025-07-20T20:00:00Z")
    await enter(service)
    then = seen((await service("nobody", "GET", f"/clinic/procedures/{procedure}?known_on=2025-08-20")).text)
    due = then.partition("What is due")[2].partition("Others of this person")[0]
    assert "3 months: 28 September" in due, due
    assert re.search(r"3 months: missed", due) is None
