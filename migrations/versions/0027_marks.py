"""marks at the patients whose verdicts are to be made anew, so that the worker need not look through all"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

IS_STALE = sa.text("stale_since IS NOT NULL")


def upgrade() -> None:
    op.add_column("patient", sa.Column("stale_since", sqlmodel.UTCDateTime()))
    op.execute("UPDATE patient SET stale_since = created_at")  # each is looked at once
    op.create_index(
        op.f("ix_patient_stale_since"), "patient", ["stale_since"], postgresql_where=IS_STALE, sqlite_where=IS_STALE
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_patient_stale_since"), table_name="patient")
    with op.batch_alter_table("patient") as table:
        table.drop_column("stale_since")
