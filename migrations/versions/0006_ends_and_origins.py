"""accounts can be disabled; rows of a record from elsewhere keep their old ids; no answer that was shown once is kept"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("account", sa.Column("disabled_at", sqlmodel.UTCDateTime()))
    for name in ("patient", "revision"):
        op.add_column(name, sa.Column("origin", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_patient_clinic_id_origin"), "patient", ["clinic_id", "origin"], unique=True)
    op.execute(
        """UPDATE kept_answer SET body = 'done' WHERE body LIKE '%"secret": "whsec_%' OR body LIKE '{"code": %'"""
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_patient_clinic_id_origin"), "patient")
    for name, column in (("patient", "origin"), ("revision", "origin"), ("account", "disabled_at")):
        with op.batch_alter_table(name) as table:
            table.drop_column(column)
