"""how long relief lasts in a clinic, as its own outcomes tell, and which verdicts were made knowing it"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

MADE_FROM = ("kept_verdict", "outcome")


def upgrade() -> None:
    op.create_table(
        "clinic_relief",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("learned", sa.Integer(), nullable=False),
        sa.Column("median_days", sa.Float()),
        sa.Column("log_sd", sa.Float()),
        sa.Column("returns", sa.Integer()),
        sa.Column("looked_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_clinic_relief")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_clinic_relief_clinic_id")),
    )
    for name in MADE_FROM:
        op.add_column(name, sa.Column("learned", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    for name in MADE_FROM:
        with op.batch_alter_table(name) as table:
            table.drop_column("learned")
    op.drop_table("clinic_relief")
