"""outcomes say what closed a watch, and which procedure of a patient is asked about; slots can be closed"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def columns() -> list[sa.Column[object]]:
    """New each time: a column belongs to one table."""
    return [
        sa.Column("closed", sa.String(20)),
        sa.Column("closed_on", sa.Date()),
        sa.Column("closed_at", sqlmodel.UTCDateTime()),
        # rows of before stay readable until the worker has made them anew
        sa.Column("newest", sa.Boolean(), server_default=sa.true(), nullable=False),
    ]


def upgrade() -> None:
    for column in columns():
        op.add_column("outcome", column)
    op.add_column("slot", sa.Column("closed_at", sqlmodel.UTCDateTime()))


def downgrade() -> None:
    with op.batch_alter_table("slot") as table:
        table.drop_column("closed_at")
    with op.batch_alter_table("outcome") as table:
        for column in reversed(columns()):
            table.drop_column(column.name)
