"""reminders to write"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString
WHEN = sqlmodel.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "reminder",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("at", TEXT(length=5), nullable=False),
        sa.Column("time_zone", TEXT(length=64), nullable=False),
        sa.Column("next_at", WHEN(), nullable=False),
        sa.Column("last_on", sa.Date()),
        sa.PrimaryKeyConstraint("clinic_id", "account_id", name=op.f("pk_reminder")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_reminder_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "account_id"],
            ["account.clinic_id", "account.id"],
            name=op.f("fk_reminder_clinic_id_account_id"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(op.f("ix_reminder_next_at"), "reminder", ["next_at"])


def downgrade() -> None:
    op.drop_table("reminder")
