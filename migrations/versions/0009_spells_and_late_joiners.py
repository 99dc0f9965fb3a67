"""outcomes say when the watch began, how long relief held, what a procedure repeats; made anew by the worker"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEYS = ["clinic_id", "definition", "region", "technique", "ended", "relief_days"]
BEFORE = [*KEYS, "laterality", "repeat", "age"]
AFTER = [*KEYS, "entered_days", "laterality", "repeat", "age", "patient_id"]


def columns() -> list[sa.Column[object]]:
    """New each time: a column belongs to one table."""
    return [
        sa.Column("repeat_of", sa.Uuid()),
        sa.Column("staged_with", sa.Uuid()),
        sa.Column("baseline_pain", sa.Float()),
        sa.Column("held_days", sa.Integer()),
        # rows of the engine before stay readable until the worker has made them anew
        sa.Column("entered_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("spells", sa.Integer(), server_default="0", nullable=False),
        sa.Column("opioid_rise", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("worse", sa.Boolean(), server_default=sa.false(), nullable=False),
    ]


def upgrade() -> None:
    op.drop_index("ix_outcome_counted", "outcome")
    for column in columns():
        op.add_column("outcome", column)
    op.create_index("ix_outcome_counted", "outcome", AFTER)


def downgrade() -> None:
    op.drop_index("ix_outcome_counted", "outcome")
    with op.batch_alter_table("outcome") as table:
        for column in reversed(columns()):
            table.drop_column(column.name)
    op.create_index("ix_outcome_counted", "outcome", BEFORE)
