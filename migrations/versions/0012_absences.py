"""absences, why a slot may overlap another, and which places on the waiting list a death has ended"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString
WHEN = sqlmodel.UTCDateTime


def upgrade() -> None:
    op.add_column("slot", sa.Column("overruled", TEXT(length=200)))
    op.add_column("waiting", sa.Column("closed_by", TEXT(length=20)))
    op.create_table(
        "absence",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid()),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("starts_at", WHEN(), nullable=False),
        sa.Column("ends_at", WHEN(), nullable=False),
        sa.Column("reason", TEXT(length=200), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_absence")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_absence_clinic_id")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "clinician_id"],
            ["account.clinic_id", "account.id"],
            name=op.f("fk_absence_clinic_id_clinician_id"),
        ),
    )
    op.create_index(op.f("ix_absence_clinic_id_starts_at"), "absence", ["clinic_id", "starts_at"])


def downgrade() -> None:
    op.drop_table("absence")
    for name, column in (("waiting", "closed_by"), ("slot", "overruled")):
        with op.batch_alter_table(name) as table:
            table.drop_column(column)
