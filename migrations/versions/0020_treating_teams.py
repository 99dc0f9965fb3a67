"""teams within a clinic"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString
WHEN = sqlmodel.UTCDateTime


def upgrade() -> None:
    op.add_column("clinic", sa.Column("treating_teams", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.batch_alter_table("clinic") as table:
        table.alter_column("treating_teams", existing_type=sa.Boolean(), server_default=None)
    op.create_table(
        "care_team",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("since", WHEN(), nullable=False),
        sa.Column("until", WHEN()),
        sa.Column("reason", TEXT(length=200)),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_care_team")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_care_team_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "account_id"],
            ["account.clinic_id", "account.id"],
            name=op.f("fk_care_team_clinic_id_account_id"),
        ),
    )
    columns = ["clinic_id", "patient_id", "account_id"]
    op.create_index(op.f("ix_care_team_clinic_id_patient_id_account_id"), "care_team", columns)


def downgrade() -> None:
    op.drop_table("care_team")
    with op.batch_alter_table("clinic") as table:
        table.drop_column("treating_teams")
