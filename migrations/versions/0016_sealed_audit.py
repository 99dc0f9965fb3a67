"""where a read or write came from, and the seals of the audit"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString
WHEN = sqlmodel.UTCDateTime
COLUMNS = {"device": 200, "address": 60, "request_id": 40, "why": 500}
INDEXES = (("clinic_id", "position", "at"), ("clinic_id", "at"))


def upgrade() -> None:
    op.add_column("clinic", sa.Column("audit_days", sa.Integer()))
    for name, length in COLUMNS.items():
        op.add_column("audit_event", sa.Column(name, TEXT(length=length)))
    op.add_column("audit_event", sa.Column("position", sa.Integer()))
    for columns in INDEXES:
        op.create_index(op.f(f"ix_audit_event_{'_'.join(columns)}"), "audit_event", list(columns))
    op.create_table(
        "audit_seal",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("many", sa.Integer(), nullable=False),
        sa.Column("leaves", sa.LargeBinary(), nullable=False),
        sa.Column("peaks", sa.LargeBinary(), nullable=False),
        sa.Column("root", TEXT(length=64), nullable=False),
        sa.Column("link", TEXT(length=64), nullable=False),
        sa.Column("newest_at", WHEN(), nullable=False),
        sa.Column("sealed_at", WHEN(), nullable=False),
        sa.Column("forgotten_at", WHEN()),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_audit_seal_clinic_id")),
        sa.PrimaryKeyConstraint("clinic_id", "number", name=op.f("pk_audit_seal")),
    )


def downgrade() -> None:
    op.drop_table("audit_seal")
    for columns in INDEXES:
        op.drop_index(op.f(f"ix_audit_event_{'_'.join(columns)}"), "audit_event")
    with op.batch_alter_table("audit_event") as table:
        for name in (*COLUMNS, "position"):
            table.drop_column(name)
    with op.batch_alter_table("clinic") as table:
        table.drop_column("audit_days")
