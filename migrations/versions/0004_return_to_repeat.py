"""from return to repeat: flags with their steps, reviews, slots, appointments, feeds, leases of the worker"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString
WHEN = sqlmodel.UTCDateTime


def key(
    name: str, *columns: str, to: str, referred: tuple[str, ...], ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([*columns], [f"{to}.{c}" for c in referred], name=op.f(name), ondelete=ondelete)


def upgrade() -> None:
    with op.batch_alter_table("flag") as table:
        for column in (
            sa.Column("procedure_id", sa.Uuid()),
            sa.Column("owner_id", sa.Uuid()),
            sa.Column("due_at", WHEN()),
            sa.Column("escalated_at", WHEN()),
            sa.Column("ended_at", WHEN()),
            sa.Column("ceased_on", sa.Date()),
            sa.Column("follows", sa.Uuid()),
            sa.Column("steps", sa.JSON()),
            sa.Column("version", sa.Integer(), nullable=False, server_default="1"),
        ):
            table.add_column(column)
    op.execute("UPDATE flag SET due_at = raised_at, steps = '[]'")
    with op.batch_alter_table("flag") as table:
        table.alter_column("due_at", existing_type=WHEN(), nullable=False)
        table.alter_column("steps", existing_type=sa.JSON(), nullable=False)
        table.alter_column("version", existing_type=sa.Integer(), server_default=None)
    # flags of a verdict come with the verdict: the next sweep makes them all
    op.execute("DELETE FROM outcome")
    op.execute("DELETE FROM kept_verdict")
    op.create_table(
        "lease",
        sa.Column("name", TEXT(length=40), nullable=False),
        sa.Column("holder", TEXT(length=64), nullable=False),
        sa.Column("until", WHEN(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_lease")),
    )
    op.create_table(
        "slot",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("clinician_id", sa.Uuid(), nullable=False),
        sa.Column("starts_at", WHEN(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("location", TEXT(length=200), nullable=False),
        sa.Column("kind", TEXT(length=40), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        key("fk_slot_clinic_id", "clinic_id", to="clinic", referred=("id",)),
        key("fk_slot_clinic_id_clinician_id", "clinic_id", "clinician_id", to="account", referred=("clinic_id", "id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_slot")),
    )
    op.create_index(op.f("ix_slot_clinic_id_starts_at"), "slot", ["clinic_id", "starts_at"])
    op.create_table(
        "appointment",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("slot_id", sa.Uuid(), nullable=False),
        sa.Column("holds_slot_id", sa.Uuid()),
        sa.Column("review_id", sa.Uuid()),
        sa.Column("state", TEXT(length=20), nullable=False),
        sa.Column("reason", TEXT(length=200)),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        key("fk_appointment_clinic_id", "clinic_id", to="clinic", referred=("id",)),
        key(
            "fk_appointment_clinic_id_patient_id", "clinic_id", "patient_id", to="patient", referred=("clinic_id", "id")
        ),
        key("fk_appointment_clinic_id_slot_id", "clinic_id", "slot_id", to="slot", referred=("clinic_id", "id")),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_appointment")),
        sa.UniqueConstraint("clinic_id", "holds_slot_id", name=op.f("uq_appointment_clinic_id_holds_slot_id")),
    )
    op.create_index(op.f("ix_appointment_clinic_id_patient_id"), "appointment", ["clinic_id", "patient_id"])
    op.create_table(
        "feed",
        sa.Column("token_hash", TEXT(length=64), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        key("fk_feed_clinic_id_account_id", "clinic_id", "account_id", to="account", referred=("clinic_id", "id")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_feed")),
    )
    op.create_table(
        "review",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("open_procedure_id", sa.Uuid()),
        sa.Column("state", TEXT(length=20), nullable=False),
        sa.Column("opened_by", TEXT(length=20), nullable=False),
        sa.Column("flag_id", sa.Uuid()),
        sa.Column("owner_id", sa.Uuid()),
        sa.Column("proposed_on", sa.Date()),
        sa.Column("laterality", TEXT(length=20)),
        sa.Column("joints", sa.JSON()),
        sa.Column("policy", TEXT(length=60)),
        sa.Column("checklist", sa.JSON(), nullable=False),
        sa.Column("appointment_id", sa.Uuid()),
        sa.Column("decision", TEXT(length=20)),
        sa.Column("reason", TEXT(length=500)),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_at", WHEN(), nullable=False),
        sa.Column("closed_at", WHEN()),
        key("fk_review_clinic_id", "clinic_id", to="clinic", referred=("id",)),
        key("fk_review_clinic_id_patient_id", "clinic_id", "patient_id", to="patient", referred=("clinic_id", "id")),
        key(
            "fk_review_clinic_id_procedure_id",
            "clinic_id",
            "procedure_id",
            to="procedure",
            referred=("clinic_id", "id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_review")),
        sa.UniqueConstraint("clinic_id", "open_procedure_id", name=op.f("uq_review_clinic_id_open_procedure_id")),
    )
    op.create_index(op.f("ix_review_clinic_id_state"), "review", ["clinic_id", "state"])


def downgrade() -> None:
    for name in ("review", "feed", "appointment", "slot", "lease"):
        op.drop_table(name)
    op.execute("DELETE FROM flag WHERE procedure_id IS NOT NULL OR state <> 'open'")
    with op.batch_alter_table("flag") as table:
        for column in (
            "version",
            "steps",
            "follows",
            "ceased_on",
            "ended_at",
            "escalated_at",
            "due_at",
            "owner_id",
            "procedure_id",
        ):
            table.drop_column(column)
