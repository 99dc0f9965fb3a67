"""rooms and devices of slots, freed slots offered to the waiting, authorisations of reviews, payers of patients"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def columns() -> dict[str, list[sa.Column[object]]]:
    """The new columns of each table; new each time, as a column belongs to one table."""
    return {
        "patient": [sa.Column("payer", sa.String(60))],
        "slot": [sa.Column("room", sa.String(60)), sa.Column("device", sa.String(60))],
        "appointment": [sa.Column("reminded_at", sqlmodel.UTCDateTime())],
        # rows of before stay readable until the worker has made them anew
        "outcome": [sa.Column("function_falls", sa.Boolean(), server_default=sa.false(), nullable=False)],
        "review": [
            sa.Column("closed_by", sa.String(20)),
            sa.Column("authorisation", sa.String(60)),
            sa.Column("authorised_from", sa.Date()),
            sa.Column("authorised_until", sa.Date()),
        ],
        "waiting": [
            sa.Column("offered_slot_id", sa.Uuid()),
            sa.Column("offered_until", sqlmodel.UTCDateTime()),
            sa.Column("passed", sa.JSON()),
        ],
    }


def upgrade() -> None:
    for table, new in columns().items():
        for column in new:
            op.add_column(table, column)


def downgrade() -> None:
    for name, new in reversed(columns().items()):
        with op.batch_alter_table(name) as table:
            for column in reversed(new):
                table.drop_column(column.name)
