"""The clinic's own figures: diary adherence by month, what became of flags, and how soon a return was reviewed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from uuid import UUID

from sqlalchemy import func, select
from typing_extensions import TypedDict

from app.access.accounts.permissions import Caller, require_staff
from app.access.accounts.tables import Account
from app.access.audit import service as audit
from app.alerts.flags.conditions import GONE
from app.alerts.flags.tables import Flag
from app.base.store.database import Database
from app.base.store.timeline import Step
from app.base.store.typed import col
from app.record.diary.tables import DiaryDay
from app.record.procedures.tables import ProcedureRow
from app.relief import STANDS_DAYS
from app.rules.parameters import CASE_IN_TIME
from app.rules.words import STAFF
from app.work.reviews.tables import Review

MONTHS = 12
MONTH, YEAR = 30.4375, 365.25  # days
DAY = 86_400  # seconds
REVIEWED = ("pain_return", "return_likely", "masked_climb", "no_relief")  # kinds that a step of a review answers


@dataclass(frozen=True)
class MonthOfDiaries:
    """One month after the procedure: patient-days that could have an entry, and those that have one."""

    month: int
    possible: int
    logged: int

    @property
    def share(self) -> float | None:
        """Share of the possible days that have an entry; None where there were none."""
        return self.logged / self.possible if self.possible else None


@dataclass(frozen=True)
class Alarms:
    """Flags of a kind: shown, taken up by a person, lapsed by themselves before anybody did, and still open."""

    kind: str
    raised: int
    acknowledged: int
    lapsed: int
    open: int


@dataclass(frozen=True)
class Quality:
    """All figures, each share with what it is a share of.

    Args:
        patient_years: from each patient's first procedure to today.
        flags, flags_a_patient_year: of every kind that people were shown, red flags among them.
        closed, closed_without_action: flags that are over, and those of them for which nobody did anything.
        returns: returns that were flagged.
        settled, stood, precision: returns flagged over 42 days ago, those of them that entries of those days have not taken
            back, and the share. A return that is gone again before is a bad spell or a false alarm.
        reviewed: those with a step by a person, on the flag or on a review of the procedure since.
        due, within_14: returns flagged over 14 days ago, and the share of them answered in 14 days: one that nobody ever
            answered counts against it.
        days_to_review: median, from the flag to the first step by a person, of those that have one.
    """

    adherence: list[MonthOfDiaries]
    alarms: list[Alarms]
    patient_years: float
    flags: int
    flags_a_patient_year: float | None
    closed: int
    closed_without_action: int
    returns: int
    settled: int
    stood: int
    precision: float | None
    reviewed: int
    due: int
    within_14: float | None
    days_to_review: float | None


@dataclass(frozen=True)
class FlagTaken:
    """A flag that was shown: when it was raised, and when somebody at the clinic first did something; None: nobody did.

    `gone` is whether entries of the 42 days after it took its cause back; the end of the watch does not.
    """

    kind: str
    state: str
    raised_at: datetime
    answered_at: datetime | None
    gone: bool

    @property
    def days(self) -> float | None:
        """Days from the flag to that step."""
        return None if self.answered_at is None else (self.answered_at - self.raised_at).total_seconds() / DAY


async def read(database: Database, caller: Caller, now: datetime) -> Quality:
    """The figures of the caller's clinic."""
    require_staff(caller)
    clinic, today = caller.clinic_id, now.date()
    started = select(col(ProcedureRow.patient_id), func.min(col(ProcedureRow.performed_on)).label("first")).where(
        col(ProcedureRow.clinic_id) == clinic
    )
    logged = select(col(DiaryDay.patient_id), col(DiaryDay.date)).where(
        col(DiaryDay.clinic_id) == clinic, col(DiaryDay.content).is_not(None)
    )
    flagged = select(
        col(Flag.kind),
        col(Flag.state),
        col(Flag.procedure_id),
        col(Flag.raised_at),
        col(Flag.steps),
        col(Flag.ceased_on),
    ).where(col(Flag.clinic_id) == clinic, col(Flag.shown_at).is_not(None))
    reviewed = select(col(Review.procedure_id), col(Review.steps)).where(col(Review.clinic_id) == clinic)
    people = select(col(Account.id)).where(col(Account.clinic_id) == clinic, col(Account.role).in_(STAFF))
    async with database.read(aside=True) as connection:
        first = {
            r.patient_id: r.first for r in await connection.execute(started.group_by(col(ProcedureRow.patient_id)))
        }
        begin = today - timedelta(days=3 * 366)
        days = (await connection.execute(logged.where(col(DiaryDay.date) >= begin))).all()
        staff = {str(one) for (one,) in (await connection.execute(people)).all()}
        raised = (await connection.execute(flagged)).all()
        reviews = (await connection.execute(reviewed)).all()
    await audit.record_read(database, caller, resource="quality", patient_id=None, now=now)
    beside: dict[UUID, list[Step]] = {}
    for whose, steps in reviews:
        beside.setdefault(whose, []).extend(steps)
    flags = []
    for kind, state, of, at, steps, ceased in raised:
        more = beside.get(of, []) if of is not None and kind in REVIEWED else []
        by_entries = state == "resolved" or steps[-1]["note"] == GONE.get(kind)
        gone = ceased is not None and by_entries and (ceased - at.date()).days <= STANDS_DAYS
        flags.append(FlagTaken(kind, state, at, _first_step([*steps, *more], at, staff), gone))
    returns = [one for one in flags if one.kind == "pain_return"]
    years = sum(max(0, (today - on).days) for on in first.values()) / YEAR
    over = [one for one in flags if one.state in ("resolved", "lapsed")]
    return Quality(
        adherence=_adherence(first, [(patient_id, on) for patient_id, on in days], today),
        alarms=_alarms(flags),
        patient_years=round(years, 2),
        flags=len(flags),
        flags_a_patient_year=round(len(flags) / years, 3) if years else None,
        closed=len(over),
        closed_without_action=sum(one.answered_at is None for one in over),
        **_answers(returns, now),
    )


def _first_step(steps: list[Step], since: datetime, staff: set[str]) -> datetime | None:
    """The first step of somebody at the clinic; one that the service or the patient took answers nothing."""
    taken = (datetime.fromisoformat(one["at"]) for one in steps if one["by"] in staff)
    return min((at for at in taken if at >= since), default=None)


class Answers(TypedDict):
    """How soon people answered returns."""

    returns: int
    settled: int
    stood: int
    precision: float | None
    reviewed: int
    due: int
    within_14: float | None
    days_to_review: float | None


def _answers(returns: list[FlagTaken], now: datetime) -> Answers:
    waited = [one.days for one in returns if one.days is not None]
    due = [one for one in returns if (now - one.raised_at).total_seconds() / DAY > CASE_IN_TIME]
    in_time = [one for one in due if one.days is not None and one.days <= CASE_IN_TIME]
    settled = [one for one in returns if (now - one.raised_at).days > STANDS_DAYS]
    stood = sum(not one.gone for one in settled)
    return {
        "returns": len(returns),
        "settled": len(settled),
        "stood": stood,
        "precision": stood / len(settled) if settled else None,
        "reviewed": len(waited),
        "due": len(due),
        "within_14": len(in_time) / len(due) if due else None,
        "days_to_review": median(waited) if waited else None,
    }


def _adherence(first: dict[UUID, date], logged: list[tuple[UUID, date]], today: date) -> list[MonthOfDiaries]:
    possible, kept = [0] * MONTHS, [0] * MONTHS
    for start in first.values():
        for month in range(MONTHS):
            begin, end = round(month * MONTH) + 1, round((month + 1) * MONTH)
            possible[month] += max(0, min(end, (today - start).days) - begin + 1)
    for whose, on in logged:
        start_of = first.get(whose)
        number = -1 if start_of is None else (on - start_of).days
        if number >= 1:
            within = next((m for m in range(MONTHS) if number <= round((m + 1) * MONTH)), None)
            if within is not None:
                kept[within] += 1
    return [MonthOfDiaries(m + 1, possible[m], kept[m]) for m in range(MONTHS) if possible[m]]


def _alarms(flags: list[FlagTaken]) -> list[Alarms]:
    out = []
    for kind in sorted({one.kind for one in flags}):
        mine = [one for one in flags if one.kind == kind]
        out.append(
            Alarms(
                kind,
                len(mine),
                sum(one.answered_at is not None for one in mine),
                sum(one.state == "lapsed" and one.answered_at is None for one in mine),
                sum(one.state in ("open", "acknowledged") for one in mine),
            )
        )
    return out
