"""Changes of a flag's row."""

from sqlalchemy import Update, update

from app.alerts.flags.tables import Flag
from app.base.store.timeline import Step
from app.base.store.typed import Setting, col, for_row, table, to


def changing(one: Flag, *settings: Setting, taken: Step | None = None) -> Update:
    """Sets columns of a flag; a step that is taken is added to its steps, and counts its version up."""
    changed = list(settings)
    if taken is not None:
        changed += [to(col(Flag.steps), [*one.steps, taken]), to(col(Flag.version), one.version + 1)]
    this = update(table(Flag)).where(col(Flag.clinic_id) == one.clinic_id, col(Flag.id) == one.id)
    return this.ordered_values(*for_row(changed, one.clinic_id, one.id))
