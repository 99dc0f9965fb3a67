"""The clinic's own figures: diary adherence by month, what became of flags, and how soon a return was reviewed."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from uuid import UUID

from sqlalchemy import and_, func, select

from app.access.accounts.permissions import Caller, require_staff
from app.access.audit import service as audit
from app.alerts.flags.tables import Flag
from app.base.store.database import Database
from app.base.store.typed import col
from app.record.diary.tables import DiaryDay
from app.record.procedures.tables import ProcedureRow
from app.rules.parameters import CASE_IN_TIME
from app.work.reviews.service import review
from app.work.reviews.tables import Review

MONTHS = 12
MONTH = 30.4375  # days


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
    """Flags of a kind: raised, acknowledged by somebody, lapsed by themselves before anybody did, and still open."""

    kind: str
    raised: int
    acknowledged: int
    lapsed: int
    open: int


@dataclass(frozen=True)
class Quality:
    """All figures; `days_to_review` is the median from a flagged return to its review, `within_14` the share in time."""

    adherence: list[MonthOfDiaries]
    alarms: list[Alarms]
    returns: int
    reviewed: int
    within_14: float | None
    days_to_review: float | None


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
    flagged = select(col(Flag.kind), col(Flag.state), col(Flag.owner_id), func.count()).where(
        col(Flag.clinic_id) == clinic
    )
    taken = (
        select(col(Flag.raised_at), func.min(col(Review.opened_at)))
        .outerjoin(
            review,
            and_(
                col(Review.clinic_id) == col(Flag.clinic_id),
                col(Review.procedure_id) == col(Flag.procedure_id),
                col(Review.opened_at) >= col(Flag.raised_at),
            ),
        )
        .where(col(Flag.clinic_id) == clinic, col(Flag.kind) == "pain_return")
        .group_by(col(Flag.id), col(Flag.raised_at))
    )
    async with database.read(aside=True) as connection:
        first = {
            r.patient_id: r.first for r in await connection.execute(started.group_by(col(ProcedureRow.patient_id)))
        }
        begin = today - timedelta(days=3 * 366)
        days = (await connection.execute(logged.where(col(DiaryDay.date) >= begin))).all()
        kinds = (await connection.execute(flagged.group_by(col(Flag.kind), col(Flag.state), col(Flag.owner_id)))).all()
        returns = (await connection.execute(taken)).all()
    await audit.record_read(database, caller, resource="quality", patient_id=None, now=now)
    waited = [(opened - raised).total_seconds() / 86_400 for raised, opened in returns if opened is not None]
    in_time = sum(w <= CASE_IN_TIME for w in waited)
    return Quality(
        _adherence(first, [(patient_id, on) for patient_id, on in days], today),
        _alarms([(kind, state, owner is not None, n) for kind, state, owner, n in kinds]),
        len(returns),
        len(waited),
        in_time / len(returns) if returns else None,
        median(waited) if waited else None,
    )


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


def _alarms(rows: list[tuple[str, str, bool, int]]) -> list[Alarms]:
    out = []
    for kind in sorted({kind for kind, *_ in rows}):
        mine = [(state, owned, n) for k, state, owned, n in rows if k == kind]
        out.append(
            Alarms(
                kind,
                sum(n for *_, n in mine),
                sum(n for _, owned, n in mine if owned),
                sum(n for state, owned, n in mine if state == "lapsed" and not owned),
                sum(n for state, _, n in mine if state in ("open", "acknowledged")),
            )
        )
    return out
