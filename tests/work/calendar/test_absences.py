"""Nobody is booked while away: absences and holidays take slots out, name what is booked, and can be taken back."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from app.base.store.typed import col, table, to, whole
from app.record.patients.tables import Patient
from app.work.calendar.tables import Slot, Waiting
from tests.alerts.flags.test_conclusions import work
from tests.conftest import Clock
from tests.doors.pages.test_pages import enter
from tests.doors.pages.test_work_pages import page, send_form
from tests.support import Service
from tests.test_clinics_apart import twins
from tests.work.calendar.test_clashes import another_clinician, book, patient, slot_of
from tests.work.calendar.test_offers import freed
from tests.work.calendar.test_offers import told as told_of
from tests.work.calendar.test_offers import waits as waiting_of
from tests.work.reviews.test_reviews import opened, slot

pytestmark = pytest.mark.anyio
DAY = {"first_on": "2026-06-02", "last_on": "2026-06-02", "reason": "congress"}


async def me(service: Service) -> str:
    return str((await service("cleo", "GET", "/v1/me")).json()["account_id"])


async def absent(service: Service, **more: Any) -> dict[str, Any]:
    answer = await service("sam", "POST", "/v1/absences", json={**DAY, **more})
    return {"status": answer.status_code, **answer.json()}


async def free(service: Service) -> list[str]:
    found = await service("sam", "GET", "/v1/slots?free=true&from=2026-05-01T00:00:00Z")
    assert all(one["free"] for one in found.json()["items"])
    return [one["id"] for one in found.json()["items"]]


async def test_an_absence_takes_back_no_offer_of_another_clinic(service: Service) -> None:
    """Whose slots and waits have the same ids, as records were once carried over."""
    await waiting_of(service, "ada")
    one, database = await freed(service), service.app.state.database
    other, clinician = service.accounts["other"]
    async with database.engine.begin() as connection:
        own = whole(Slot, (await connection.execute(select(table(Slot)).where(col(Slot.id) == UUID(one)))).one())
        theirs = {**own.model_dump(), "clinic_id": other, "clinician_id": clinician}
        await connection.execute(insert(table(Slot)).values(**theirs))
    await twins(service, Patient, Waiting)

    async def offers() -> dict[UUID, UUID | None]:
        columns = select(col(Waiting.clinic_id), col(Waiting.offered_slot_id))
        async with database.read() as connection:
            return {one.clinic_id: one.offered_slot_id for one in (await connection.execute(columns)).all()}

    assert await offers() == {service.clinic_id: UUID(one), other: UUID(one)}
    await absent(service)
    assert await offers() == {service.clinic_id: None, other: UUID(one)}


@pytest.mark.parametrize("whole_clinic", [False, True])
async def test_what_lies_in_an_absence_is_not_free_until_it_is_taken_back(service: Service, whole_clinic: bool) -> None:
    theirs, later = await slot(service), await slot(service, "2026-06-03T09:00:00+02:00")
    other = (await slot_of(service, await another_clinician(service), "2026-06-02T11:00:00+02:00"))["id"]
    told = await absent(service, clinician_id=None if whole_clinic else await me(service))
    assert (told["status"], told["appointments"]) == (201, [])
    assert await free(service) == ([later] if whole_clinic else [other, later])
    status, says = await book(service, "sam", await patient(service, "Max"), theirs)
    who = "The clinic is closed" if whole_clinic else "The clinician is away"
    assert (status, says) == (409, f"{who} on 2 June 2026: congress.")
    assert (await service("sam", "DELETE", f"/v1/absences/{told['id']}")).status_code == 204
    assert await free(service) == [theirs, other, later]
    assert (await book(service, "sam", await patient(service, "Eva"), theirs))[0] == 201


async def test_days_are_those_of_the_clinics_clocks(service: Service) -> None:
    await service("root", "PATCH", "/v1/clinic", json={"time_zone": "Pacific/Auckland"})
    before, within = await slot(service, "2026-06-01T11:00:00+00:00"), await slot(service, "2026-06-01T13:00:00+00:00")
    await absent(service)
    assert await free(service) == [before] and within != before


async def test_what_is_booked_stays_and_is_named_until_it_is_moved(service: Service) -> None:
    held, later = await slot(service), await slot(service, "2026-06-03T09:00:00+02:00")
    await book(service, "sam", await patient(service, "Max"), held)
    (booked,) = (await service("sam", "GET", "/v1/appointments")).json()["items"]
    told = await absent(service, clinician_id=await me(service))
    assert told["appointments"] == [booked["id"]]
    listed = (await service("cleo", "GET", "/v1/absences?from=2026-06-01")).json()["items"]
    assert [one["appointments"] for one in listed] == [[booked["id"]]]
    await enter(service, "sam")
    shown = await page(service, "/clinic/calendar?from=2026-06-02")
    assert "to be moved: away" in shown and "1 appointment to be moved" in shown
    where = f"/v1/appointments/{booked['id']}/move"
    assert (await service("sam", "POST", where, json={"slot_id": later, "reason": "away"})).status_code == 200
    listed = (await service("cleo", "GET", "/v1/absences?from=2026-06-01")).json()["items"]
    assert [one["appointments"] for one in listed] == [[]]


async def test_a_rule_leaves_the_days_out_and_says_which(service: Service) -> None:
    await absent(service, clinician_id=await me(service))
    rule = {"repeats": "FREQ=DAILY;COUNT=3", "time_zone": "Europe/Zurich"}
    made = await slot_of(service, await me(service), "2026-06-01T09:00:00+02:00", **rule)
    assert (made["status"], len(made["also"]), made["left_out"]) == (201, 1, ["2026-06-02T07:00:00.000+00:00"])
    refused = await slot_of(service, await me(service), "2026-06-02T13:00:00+02:00")
    assert (refused["status"], refused["detail"]) == (409, "The clinician is away on 2 June 2026: congress.")


async def test_an_admin_books_in_an_absence_with_a_reason_that_is_kept(service: Service, clock: Clock) -> None:
    held = await slot(service)
    await absent(service)
    clock.now += timedelta(minutes=1)
    who = await patient(service, "Max")
    assert (await book(service, "sam", who, held, overrule="an emergency"))[0] == 403
    assert (await book(service, "root", who, held, overrule="an emergency"))[0] == 201
    new = {"clinician_id": await me(service), "starts_at": "2026-06-02T13:00:00Z", "minutes": 30, "location": "1"}
    made = await service("root", "POST", "/v1/slots", json={**new, "overrule": "an emergency"})
    assert (made.status_code, made.json()["overruled"]) == (201, "an emergency")
    await enter(service, "sam")
    shown = await page(service, "/clinic/calendar?from=2026-06-02")
    assert "overruled: an emergency" in shown and "to be moved: away" not in shown, "it was booked knowingly"
    (one,) = (await service("sam", "GET", "/v1/absences?from=2026-06-01")).json()["items"]
    assert one["appointments"] == []


@pytest.mark.parametrize("knowingly", [False, True])
async def test_nobody_is_told_to_come_while_the_clinician_is_away(
    service: Service, clock: Clock, knowingly: bool
) -> None:
    held, who = await slot(service), await patient(service, "Max")
    if not knowingly:
        await book(service, "sam", who, held)
    clock.now += timedelta(minutes=1)
    told = await absent(service)
    clock.now += timedelta(minutes=1)
    if knowingly:
        assert (await book(service, "root", who, held, overrule="an emergency"))[0] == 201
    clock.now = datetime.fromisoformat("2026-06-01T08:00:00+00:00")
    await work(service)
    assert await told_of(service, "appointment.reminder") == knowingly
    await service.sign_in_again("sam")
    await service("sam", "DELETE", f"/v1/absences/{told['id']}")
    await work(service)
    assert await told_of(service, "appointment.reminder") == 1


async def test_an_offer_in_an_absence_is_taken_back_and_none_is_made(service: Service) -> None:
    first, second = await slot(service), await slot(service, "2026-06-02T11:00:00+02:00")
    await service("sam", "POST", "/v1/waiting", json={"patient_id": service.ada_id})
    other = await patient(service, "Max")
    for one in (first, second):
        await book(service, "sam", other, one)
    held = {one["slot_id"]: one["id"] for one in (await service("sam", "GET", "/v1/appointments")).json()["items"]}
    cancel = {"reason": "ill"}
    await service("sam", "POST", f"/v1/appointments/{held[first]}/cancel", json=cancel)
    assert (await service("ada", "GET", "/v1/waiting")).json()["items"][0]["offered_slot_id"] == first
    await absent(service)
    await service("sam", "POST", f"/v1/appointments/{held[second]}/cancel", json=cancel)
    (waits,) = (await service("sam", "GET", "/v1/waiting")).json()["items"]
    assert (waits["offered_slot_id"], waits["offered_until"], waits["fits"]) == (None, None, [])


async def test_an_offer_made_in_the_moment_of_an_absence_is_taken_back_by_the_worker(
    service: Service, clock: Clock
) -> None:
    first = await slot(service)
    await service("sam", "POST", "/v1/waiting", json={"patient_id": service.ada_id})
    told = await absent(service)

    async def as_if_unseen(connection: AsyncConnection) -> None:  # neither of two at once sees what the other does
        until = clock.now + timedelta(hours=1)
        offered = to(col(Waiting.offered_slot_id), UUID(first)), to(col(Waiting.offered_until), until)
        await connection.execute(update(table(Waiting)).ordered_values(*offered))

    await service.app.state.database.write(as_if_unseen)
    assert (await service("ada", "GET", "/v1/waiting")).json()["items"][0]["offered_slot_id"] == first
    await waiting_of(service, "bob")
    kept = await freed(service, "2026-06-09T09:00:00+02:00")
    await work(service)
    assert (await service("bob", "GET", "/v1/waiting")).json()["items"][0]["offered_slot_id"] == kept
    (waits,) = (await service("ada", "GET", "/v1/waiting")).json()["items"]
    assert (waits["offered_slot_id"], waits["offered_until"]) == (None, None)
    await service("sam", "DELETE", f"/v1/absences/{told['id']}")
    (waits,) = (await service("ada", "GET", "/v1/waiting")).json()["items"]  # what is free again is offered again
    assert waits["offered_slot_id"] == first


async def test_an_absence_costs_as_much_whatever_the_slots_in_it(service: Service) -> None:
    """Slots in it that are offered to nobody are not gone through one by one: the transaction holds its clinicians."""
    said: list[str] = []
    engine = service.app.state.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda *told: said.append(told[2]))
    counts = []
    for hours in (8, 18):
        for hour in range(hours):
            await slot(service, f"2026-06-02T{hour:02}:00:00+02:00", minutes=15, location=f"Room {hours}")
        said.clear()
        await service("sam", "DELETE", f"/v1/absences/{(told := await absent(service))['id']}")
        assert told["status"] == 201
        counts.append(len(said))
        for one in (await service("sam", "GET", "/v1/slots?from=2026-06-01T00:00:00Z")).json()["items"]:
            await service("sam", "DELETE", f"/v1/slots/{one['id']}")
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"last_on": "2026-06-01"}, "/last_on"),
        ({"first_on": "2020-01-01", "last_on": "2020-01-02"}, "/last_on"),
        ({"last_on": "2027-06-04"}, "/last_on"),
        ({"first_on": "2099-01-01", "last_on": "2099-01-01"}, "/last_on"),
        ({"first_on": "9999-12-31", "last_on": "9999-12-31"}, "/first_on"),
        ({"clinician_id": "0199a3c4-7d00-7a00-8000-00000000000c"}, "/clinician_id"),
        ({"reason": " "}, "/reason"),
    ],
)
async def test_days_that_are_none_are_refused(service: Service, more: dict[str, Any], pointer: str) -> None:
    told = await absent(service, **more)
    assert (told["status"], told["errors"][0]["pointer"]) == (422, pointer), told
    assert (await service("sam", "GET", "/v1/absences")).json()["items"] == []


async def test_another_clinics_absence_neither_shows_nor_counts(service: Service) -> None:
    held = await slot(service)
    told = await service("other", "POST", "/v1/absences", json=DAY)
    assert told.status_code == 201
    assert (await service("sam", "GET", "/v1/absences?from=2026-06-01")).json()["items"] == []
    assert (await service("sam", "DELETE", f"/v1/absences/{told.json()['id']}")).status_code == 404
    assert await free(service) == [held]


async def test_the_calendar_records_an_absence_and_keeps_what_was_typed(service: Service) -> None:
    await enter(service, "sam")
    form = {"clinician_id": "", "first_on": "2026-06-03", "last_on": "2026-06-01", "reason": "works in the theatre"}
    refused = await send_form(service, "/clinic/calendar/away?from=2026-06-01", **form)
    assert refused.status_code == 422
    assert "last day: lies before" in refused.text and 'value="works in the theatre"' in refused.text
    kept = await send_form(service, "/clinic/calendar/away?from=2026-06-01", **{**form, "last_on": "2026-06-04"})
    assert kept.status_code == 303
    shown = await page(service, "/clinic/calendar?from=2026-06-01")
    assert "The clinic is closed" in shown and "from 3 June 2026 to 4 June 2026" in shown
    (one,) = (await service("sam", "GET", "/v1/absences?from=2026-06-01")).json()["items"]
    assert (await send_form(service, "/clinic/calendar/back", absence_id=one["id"])).status_code == 303
    assert "<strong>The clinic is closed" not in await page(service, "/clinic/calendar?from=2026-06-01")


async def test_new_slots_that_are_refused_keep_what_was_typed(service: Service) -> None:
    await slot(service)
    where = {"location": "Annexe", "room": "Blue", "device": "generator 7", "kind": "consultation"}
    form = {
        "clinician_id": await me(service),
        "on": "2026-06-02",
        "at": "07:15",
        "minutes": "35",
        "weeks": "3",
        **where,
    }
    await enter(service, "sam")
    refused = await send_form(service, "/clinic/calendar/slots?from=2026-06-01", **form)
    assert refused.status_code == 409
    for typed in ("Annexe", "Blue", "generator 7", "35", "3"):
        assert f'value="{typed}"' in refused.text
    assert '<option value="consultation" selected>consultation' in refused.text


async def test_the_reason_of_an_overruled_slot_and_of_an_absence_is_the_staffs(service: Service, clock: Clock) -> None:
    new = {"clinician_id": await me(service), "starts_at": "2026-06-02T13:00:00Z", "minutes": 30, "location": "1"}
    await service("root", "POST", "/v1/slots", json={**new, "overrule": "beside Mrs X"})
    seen = (await service("ada", "GET", "/v1/slots")).json()["items"]
    assert [one["overruled"] for one in seen] == [None]
    assert (await service("sam", "GET", "/v1/slots")).json()["items"][0]["overruled"] == "beside Mrs X"
    one = await slot(service)
    await service("sam", "POST", "/v1/waiting", json={"patient_id": service.ada_id})
    other = await patient(service, "Max")
    await book(service, "sam", other, one)
    (held,) = (await service("sam", "GET", "/v1/appointments")).json()["items"]
    await service("sam", "POST", f"/v1/appointments/{held['id']}/cancel", json={"reason": "ill"})
    (place,) = (await service("ada", "GET", "/v1/waiting")).json()["items"]
    assert place["offered"]["overruled"] is None


async def test_a_slot_that_is_made_in_an_absence_on_purpose_can_be_booked(service: Service, clock: Clock) -> None:
    await absent(service)
    clock.now += timedelta(minutes=1)
    new = {"clinician_id": await me(service), "starts_at": "2026-06-02T13:00:00Z", "minutes": 30, "location": "1"}
    made = (await service("root", "POST", "/v1/slots", json={**new, "overrule": "an emergency"})).json()
    assert await free(service) == [made["id"]]
    assert (await book(service, "sam", await patient(service, "Max"), made["id"]))[0] == 201
    clock.now += timedelta(minutes=1)
    again = await absent(service, reason="another one, of which nobody knew")
    assert len(again["appointments"]) == 1


async def test_a_booking_that_slipped_in_before_the_lock_is_overtaken(service: Service, clock: Clock) -> None:
    held, who = await slot(service), await patient(service, "Max")
    clock.now += timedelta(seconds=5)  # the clock of another process, or a call that overtook this one
    await book(service, "sam", who, held)
    clock.now -= timedelta(seconds=5)
    told = await absent(service)
    assert len(told["appointments"]) == 1


async def test_what_is_over_is_not_to_be_moved(service: Service, clock: Clock) -> None:
    held, later, who = (
        await slot(service),
        await slot(service, "2026-06-02T15:00:00+02:00"),
        await patient(service, "Max"),
    )
    await book(service, "sam", who, held)
    other = await patient(service, "Eva")
    await book(service, "sam", other, later)
    clock.now = datetime.fromisoformat("2026-06-02T10:00:00+00:00")
    await service.sign_in_again()
    told = await absent(service)
    (left,) = (await service("sam", "GET", f"/v1/appointments?patient_id={other}")).json()["items"]
    assert told["appointments"] == [left["id"]]
    (over,) = (await service("sam", "GET", f"/v1/appointments?patient_id={who}")).json()["items"]
    await enter(service, "sam")
    assert "Move it, or cancel it" not in await page(service, f"/clinic/appointments/{over['id']}")
    assert "Move it, or cancel it" in await page(service, f"/clinic/appointments/{left['id']}")


async def test_absences_go_by_the_clocks_that_the_clinic_has_now(service: Service) -> None:
    before, within = await slot(service, "2026-06-02T05:00:00+00:00"), await slot(service, "2026-06-03T05:00:00+00:00")
    await absent(service)
    assert await free(service) == [within]
    await service("root", "PATCH", "/v1/clinic", json={"time_zone": "America/Los_Angeles"})
    assert await free(service) == [before]


async def test_moving_people_out_of_an_absence_says_nowhere_that_a_slot_is_free(service: Service) -> None:
    held, later, who = (
        await slot(service),
        await slot(service, "2026-06-03T09:00:00+02:00"),
        await patient(service, "Max"),
    )
    await service("sam", "POST", "/v1/waiting", json={"patient_id": service.ada_id})
    await book(service, "sam", who, held)
    await absent(service)
    (booked,) = (await service("sam", "GET", "/v1/appointments")).json()["items"]
    move = {"slot_id": later, "reason": "away"}
    assert (await service("sam", "POST", f"/v1/appointments/{booked['id']}/move", json=move)).status_code == 200
    assert await told_of(service, "slot.freed") == 0


async def test_new_slots_of_weeks_say_how_many_were_left_out(service: Service) -> None:
    await absent(service)
    await enter(service, "sam")
    form = {"clinician_id": await me(service), "on": "2026-05-26", "at": "09:00", "minutes": "30", "weeks": "3"}
    made = await send_form(service, "/clinic/calendar/slots?from=2026-05-25", **form, location="1", kind="procedure")
    assert made.headers["location"] == "/clinic/calendar?from=2026-05-25&left_out=1"
    assert "1 of the new slots would have lain in absences" in await page(service, made.headers["location"])


async def test_days_that_end_before_they_begin_list_nothing(service: Service) -> None:
    answer = await service("sam", "GET", "/v1/absences?from=2026-06-02&to=2026-06-01")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/from")


async def test_every_page_about_an_appointment_says_that_it_is_to_be_moved(service: Service) -> None:
    review = await opened(service)
    await service("sam", "POST", f"/v1/reviews/{review['id']}/book", json={"slot_id": await slot(service)})
    await enter(service, "sam")
    pages = [f"/clinic/reviews/{review['id']}", f"/clinic/patients/{service.ada_id}"]
    assert ["is away" in await page(service, where) for where in pages] == [False, False]
    await absent(service, clinician_id=await me(service))
    assert ["The clinician is away on 2 June 2026" in await page(service, where) for where in pages] == [True, True]
