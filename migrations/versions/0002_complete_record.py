"""complete record: facts with revisions, flags, answers kept for an idempotency key"""

import json
from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString
KNOWN = (
    "performed_on",
    "region",
    "laterality",
    "baseline_pain",
    "joints",
    "technique",
    "guidance",
    "sedation",
    "operator",
)


KEPT_AS_WRITTEN = (("diary_revision", "content"), ("diary_day", "content"), ("procedure", "joints"))


def _json_columns(type_: Any) -> None:
    """JSONB reorders the fields of an object; what somebody wrote comes back as she wrote it."""
    if op.get_context().dialect.name == "postgresql":
        for table, column in KEPT_AS_WRITTEN:
            name = type_.compile(dialect=op.get_context().dialect)
            op.alter_column(table, column, type_=type_, postgresql_using=f"{column}::{name}")


def of_patient(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["clinic_id", "patient_id"],
        ["patient.clinic_id", "patient.id"],
        name=op.f(f"fk_{table}_clinic_id_patient_id"),
    )


def of_clinic(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f(f"fk_{table}_clinic_id"))


def upgrade() -> None:
    op.create_table(
        "kept_answer",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", TEXT(length=200), nullable=False),
        sa.Column("fingerprint", TEXT(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("kept_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_kept_answer")),
    )
    op.create_index(op.f("ix_kept_answer_kept_at"), "kept_answer", ["kept_at"])
    op.create_table(
        "fact",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", TEXT(length=40), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("recorded_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        of_patient("fact"),
        of_clinic("fact"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_fact")),
    )
    op.create_index(
        op.f("ix_fact_clinic_id_patient_id_kind_on_date_id"),
        "fact",
        ["clinic_id", "patient_id", "kind", "on_date", "id"],
    )
    op.create_table(
        "flag",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("kind", TEXT(length=40), nullable=False),
        sa.Column("cause", TEXT(length=80), nullable=False),
        sa.Column("severity", TEXT(length=20), nullable=False),
        sa.Column("state", TEXT(length=20), nullable=False),
        sa.Column("says", TEXT(length=500), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("raised_at", sqlmodel.UTCDateTime(), nullable=False),
        of_patient("flag"),
        of_clinic("flag"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_flag")),
    )
    op.create_index(
        op.f("ix_flag_clinic_id_patient_id_kind_cause"),
        "flag",
        ["clinic_id", "patient_id", "kind", "cause"],
        unique=True,
    )
    op.create_index(op.f("ix_flag_clinic_id_state_raised_at"), "flag", ["clinic_id", "state", "raised_at"])
    op.create_table(
        "revision",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT(length=40), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("received_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("reason", TEXT(length=200), nullable=True),
        sa.Column("content", sa.JSON(none_as_null=True), nullable=True),
        of_patient("revision"),
        sa.PrimaryKeyConstraint("clinic_id", "row_id", "number", name=op.f("pk_revision")),
    )
    op.create_index(
        op.f("ix_revision_clinic_id_patient_id_kind_received_at"),
        "revision",
        ["clinic_id", "patient_id", "kind", "received_at"],
    )
    op.create_table(
        "clinic_rule",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", TEXT(length=40), nullable=False),
        sa.Column("least_severity", sa.Integer(), nullable=False),
        sa.Column("advice", TEXT(length=500), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sqlmodel.UTCDateTime(), nullable=False),
        of_clinic("clinic_rule"),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_clinic_rule")),
    )
    op.create_table(
        "tombstone",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("erased_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("reason", TEXT(length=200), nullable=False),
        of_clinic("tombstone"),
        sa.PrimaryKeyConstraint("clinic_id", "patient_id", name=op.f("pk_tombstone")),
    )
    with op.batch_alter_table("diary_revision") as batch_op:
        batch_op.add_column(sa.Column("skew_seconds", sa.Float(), nullable=True))
        batch_op.add_column(sa.Column("ranks_at", sqlmodel.UTCDateTime(), nullable=True))
    with op.batch_alter_table("diary_day") as batch_op:
        batch_op.add_column(sa.Column("shown", sa.Text(), nullable=True))
    op.execute(
        "UPDATE diary_revision SET ranks_at = CASE WHEN recorded_at < received_at THEN recorded_at ELSE received_at END"
    )
    with op.batch_alter_table("diary_revision") as batch_op:
        batch_op.alter_column("ranks_at", existing_type=sqlmodel.UTCDateTime(), nullable=False)
    _json_columns(sa.JSON())
    op.drop_table("kept_verdict")  # a cache: it is made anew
    _create_kept_verdict(ondelete="CASCADE")
    _carry_over()


def _create_kept_verdict(ondelete: str | None) -> None:
    op.create_table(
        "kept_verdict",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("definition", TEXT(length=20), nullable=False),
        sa.Column("engine", TEXT(length=20), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("made_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"],
            ["procedure.clinic_id", "procedure.id"],
            name=op.f("fk_kept_verdict_clinic_id_procedure_id"),
            ondelete=ondelete,
        ),
        sa.PrimaryKeyConstraint("clinic_id", "procedure_id", "definition", name=op.f("pk_kept_verdict")),
    )


def _carry_over() -> None:
    """What was there begins its history with the state that it has: who wrote it is not known."""
    connection = op.get_bind()
    old = sa.MetaData()
    procedure, patient = (sa.Table(name, old, autoload_with=connection) for name in ("procedure", "patient"))
    fact, kept = (sa.Table(name, old, autoload_with=connection) for name in ("fact", "revision"))
    for row in connection.execute(sa.select(procedure)).all():
        content = {name: getattr(row, name) for name in KNOWN if getattr(row, name) is not None}
        content["performed_on"] = str(content["performed_on"])[:10]
        if isinstance(content.get("joints"), str):
            content["joints"] = json.loads(content["joints"])
        shared = {"clinic_id": row.clinic_id, "kind": "procedure", "patient_id": row.patient_id, "number": 1}
        shared |= {"recorded_at": row.created_at, "content": content}
        connection.execute(
            sa.insert(fact).values(id=row.id, on_date=row.performed_on, created_at=row.created_at, **shared)
        )
        connection.execute(sa.insert(kept).values(row_id=row.id, received_at=row.created_at, **shared))
    for row in connection.execute(sa.select(patient)).all():
        connection.execute(
            sa.insert(kept).values(
                clinic_id=row.clinic_id,
                row_id=row.id,
                number=row.version,
                kind="patient",
                patient_id=row.id,
                recorded_at=row.created_at,
                received_at=row.created_at,
                content={"name": row.name, "born_on": str(row.born_on)[:10], "time_zone": row.time_zone},
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("diary_revision") as batch_op:
        batch_op.drop_column("ranks_at")
        batch_op.drop_column("skew_seconds")
    with op.batch_alter_table("diary_day") as batch_op:
        batch_op.drop_column("shown")
    for table in ("clinic_rule", "tombstone", "revision", "flag", "fact", "kept_answer", "kept_verdict"):
        op.drop_table(table)
    _create_kept_verdict(ondelete=None)
    _json_columns(postgresql.JSONB())
