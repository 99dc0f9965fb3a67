"""Checks a clinic's sealed log: which event was changed, dropped, added or moved since it was sealed, the first that was."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.access.audit.sealing import FORGOTTEN, LEAST_DAYS, NOTHING, link_of, seal, sealed_bytes
from app.access.audit.service import event
from app.access.audit.tables import AuditEvent, AuditSeal
from app.access.audit.tree import WIDTH, Tree, hash_of_leaf, split
from app.base.store.typed import col, wholes

LATE = timedelta(hours=1)  # no write takes so long that its event is sealed so much later than others of its time
AT_A_TIME = 50  # seals read together


@dataclass(frozen=True)
class Head:
    """How many events are sealed, the root of the tree over them, and the hash that ties their last seal to all before."""

    size: int
    root: str
    link: str


@dataclass(frozen=True)
class CheckedLog:
    """What a check found: the head, since when, how many events are not sealed yet, and the first fault, if there is one."""

    head: Head
    sealed_at: datetime | None
    unsealed: int
    fault: str | None


class _Fault(Exception):
    """The first thing that is not as it was sealed."""


class _Check:
    def __init__(self, connection: AsyncConnection, clinic_id: UUID, *, known: Sequence[Head], now: datetime) -> None:
        self.connection, self.clinic_id, self.now = connection, clinic_id, now
        self.known: dict[int, set[Head]] = {}
        for one in known:
            self.known.setdefault(one.size, set()).add(one)
        self.tree, self.link, self.number = Tree(), NOTHING, 0
        self.newest_at: datetime | None = None
        self.sealed_at: datetime | None = None
        self.in_place = self.forgotten = 0
        self.newest_forgotten: datetime | None = None

    async def run(self) -> None:
        self._compare_known()
        while seals := await self._next_seals():
            for one in seals:
                self._check_seal(one)
                await self._check_events(one)
                self._compare_known()
        if self.known:
            size = max(self.known)
            raise _Fault(f"{size} events had been sealed, and the log ends at {self.tree.size}: its end was cut off")
        await self._check_rest()

    async def _next_seals(self) -> list[AuditSeal]:
        later = select(seal).where(col(AuditSeal.clinic_id) == self.clinic_id, col(AuditSeal.number) > self.number)
        found = await self.connection.execute(later.order_by(col(AuditSeal.number)).limit(AT_A_TIME))
        return wholes(AuditSeal, found.all())

    def _compare_known(self) -> None:
        if self.known.pop(self.tree.size, set()) - {self.head()}:
            raise _Fault(f"the log of the first {self.tree.size} events is not the one whose head was noted")
        passed = [size for size in self.known if size < self.tree.size]
        if passed:
            raise _Fault(f"no seal ends at {min(passed)} any more, where one did when its head was noted")

    def head(self) -> Head:
        """How far the check has come."""
        return Head(self.tree.size, self.tree.root.hex(), self.link)

    def _check_seal(self, one: AuditSeal) -> None:
        self.number += 1
        if one.number != self.number:
            raise _Fault(f"seal {self.number} is missing")
        leaves = split(one.leaves)
        for leaf in leaves:
            self.tree.add(leaf)
        whole = one.first == self.tree.size - len(leaves) and one.many == len(leaves) > 0 == len(one.leaves) % WIDTH
        self.link = link_of(self.link, one)
        whole = whole and one.peaks == b"".join(self.tree.peaks)
        if not whole or self.tree.root.hex() != one.root or self.link != one.link:
            raise _Fault(f"seal {one.number} was changed")
        self.sealed_at = one.sealed_at

    async def _check_events(self, one: AuditSeal) -> None:
        """Each event of a seal against its hash."""
        if one.forgotten_at is not None:
            if one.first != self.forgotten:
                raise _Fault(f"seal {one.number} is forgotten, and one before it is not")
            self.forgotten, self.newest_forgotten = one.first + one.many, one.newest_at
            return
        here = col(AuditEvent.position).between(one.first, one.first + one.many - 1)
        query = select(event).where(col(AuditEvent.clinic_id) == self.clinic_id, here)
        found = wholes(AuditEvent, (await self.connection.execute(query.order_by(col(AuditEvent.position)))).all())
        by_place: dict[int, list[AuditEvent]] = {}
        for each in found:
            by_place.setdefault(each.position or 0, []).append(each)
        leaves = split(one.leaves)
        for place, leaf in enumerate(leaves, one.first):
            self._check_event(place, by_place.get(place, []), leaf, of=one, leaves=leaves)
        self.in_place += len(found)
        newest = max(each.at for each in found)
        self.newest_at = newest if self.newest_at is None else max(newest, self.newest_at)

    def _check_event(
        self, place: int, there: list[AuditEvent], leaf: bytes, *, of: AuditSeal, leaves: list[bytes]
    ) -> None:
        if not there:
            raise _Fault(f"event {place} was dropped")
        hashes = [hash_of_leaf(sealed_bytes(one)) for one in there]
        if leaf in hashes and len(there) > 1:
            raise _Fault(f"an event was added at place {place}, beside the one that was sealed there")
        if leaf not in hashes and hashes[0] in leaves:
            raise _Fault(
                f"events were moved: at place {place} stands what was sealed at {of.first + leaves.index(hashes[0])}"
            )
        if leaf not in hashes:
            raise _Fault(f"event {place} ({there[0].id}) was changed")
        if there[0].at > of.sealed_at + LATE:
            raise _Fault(f"event {place} ({there[0].id}) was added: it claims to be of after it was sealed")
        if self.newest_at is not None and there[0].at < self.newest_at - LATE:
            raise _Fault(
                f"event {place} ({there[0].id}) was added later: events of its time had been sealed long before"
            )

    async def _check_rest(self) -> None:
        """That nothing claims a place that was not sealed, and that whatever was forgotten was so by the clinic's rule."""
        of_clinic = col(AuditEvent.clinic_id) == self.clinic_id
        placed = select(func.count()).select_from(event).where(of_clinic, col(AuditEvent.position).is_not(None))
        many = (await self.connection.execute(placed)).scalar_one()
        if many != self.in_place:
            raise _Fault(f"{many - self.in_place} events claim a place that was never sealed, or was forgotten")
        if self.newest_forgotten is not None:
            await self._check_forgotten(self.newest_forgotten + timedelta(days=LEAST_DAYS))

    async def _check_forgotten(self, earliest: datetime) -> None:
        """That an event says so of what was forgotten, of a day on which that was old enough."""
        told = select(col(AuditEvent.why)).where(
            col(AuditEvent.clinic_id) == self.clinic_id,
            col(AuditEvent.resource) == "audit",
            col(AuditEvent.action) == "delete",
            col(AuditEvent.account_id).is_(None),
            col(AuditEvent.at).between(earliest, self.now),
        )
        said = [(why or "").removeprefix(FORGOTTEN) for (why,) in (await self.connection.execute(told)).all()]
        if self.forgotten > max((int(place) for place in said if place.isdecimal()), default=0):
            raise _Fault(f"events before place {self.forgotten} are gone, and no event says that they were forgotten")


async def check(
    connection: AsyncConnection, clinic_id: UUID, *, known: Sequence[Head] = (), now: datetime
) -> CheckedLog:
    """Reads every seal and event of a clinic; `known` are heads that were noted elsewhere before."""
    checking, fault = _Check(connection, clinic_id, known=known, now=now), None
    try:
        await checking.run()
    except _Fault as found:
        fault = str(found)
    waiting = select(func.count()).select_from(event)
    waiting = waiting.where(col(AuditEvent.clinic_id) == clinic_id, col(AuditEvent.position).is_(None))
    unsealed = (await connection.execute(waiting)).scalar_one()
    return CheckedLog(checking.head(), checking.sealed_at, unsealed, fault)
