"""messages through an outbox; alarm budget, people in turn and the patient's word for flags; bulk steps; waiting list;
reviews by date; a clinic's own policies; the worker's lag"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString
WHEN = sqlmodel.UTCDateTime


def key(
    name: str, *columns: str, to: str, referred: tuple[str, ...], ondelete: str | None = None
) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([*columns], [f"{to}.{c}" for c in referred], name=op.f(name), ondelete=ondelete)


def of_clinic(table: str) -> sa.ForeignKeyConstraint:
    return key(f"fk_{table}_clinic_id", "clinic_id", to="clinic", referred=("id",))


def of_account(table: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_clinic_id_account_id"
    return key(name, "clinic_id", "account_id", to="account", referred=("clinic_id", "id"), ondelete=ondelete)


def primary(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f(f"pk_{table}"))


def ids() -> tuple[sa.Column[object], sa.Column[object]]:
    return sa.Column("clinic_id", sa.Uuid(), nullable=False), sa.Column("id", sa.Uuid(), nullable=False)


def upgrade() -> None:
    with op.batch_alter_table("clinic") as table:
        table.add_column(sa.Column("time_zone", TEXT(length=64)))
        table.add_column(sa.Column("alarm_budget", sa.Integer()))
        table.add_column(sa.Column("chain", sa.JSON()))
    with op.batch_alter_table("lease") as table:
        table.add_column(sa.Column("up_to_date_at", WHEN()))
    with op.batch_alter_table("flag") as table:
        table.add_column(sa.Column("shown_at", WHEN()))
        table.add_column(sa.Column("turn", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("asked_at", WHEN()))
        table.add_column(sa.Column("answer", TEXT(length=20)))
    op.execute("UPDATE flag SET shown_at = raised_at")
    with op.batch_alter_table("flag") as table:
        table.alter_column("turn", existing_type=sa.Integer(), server_default=None)
    with op.batch_alter_table("review") as table:
        table.add_column(sa.Column("wait_until", sa.Date()))
        table.add_column(sa.Column("follows", sa.Uuid()))
    op.execute("UPDATE review SET wait_until = proposed_on WHERE decision = 'wait'")
    _messages()
    _lists()


def _messages() -> None:
    op.create_table(
        "address",
        *ids(),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("channel", TEXT(length=20), nullable=False),
        sa.Column("target", sa.JSON(), nullable=False),
        sa.Column("locale", TEXT(length=20), nullable=False),
        sa.Column("topics", sa.JSON()),
        sa.Column("code_hash", TEXT(length=64)),
        sa.Column("code_until", WHEN()),
        sa.Column("confirmed_at", WHEN()),
        sa.Column("created_at", WHEN(), nullable=False),
        of_clinic("address"),
        of_account("address", "CASCADE"),
        primary("address"),
    )
    op.create_index(op.f("ix_address_clinic_id_account_id"), "address", ["clinic_id", "account_id"])
    op.create_table(
        "message",
        *ids(),
        sa.Column("key", TEXT(length=200), nullable=False),
        sa.Column("topic", TEXT(length=40), nullable=False),
        sa.Column("audience", TEXT(length=20), nullable=False),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("patient_id", sa.Uuid()),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.Column("spread_at", WHEN()),
        of_clinic("message"),
        primary("message"),
        sa.UniqueConstraint("clinic_id", "key", name=op.f("uq_message_clinic_id_key")),
    )
    op.create_index(op.f("ix_message_spread_at_created_at"), "message", ["spread_at", "created_at"])
    op.create_index(op.f("ix_message_clinic_id_patient_id"), "message", ["clinic_id", "patient_id"])
    op.create_table(
        "delivery",
        *ids(),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("address_id", sa.Uuid(), nullable=False),
        sa.Column("state", TEXT(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due_at", WHEN(), nullable=False),
        sa.Column("fault", TEXT(length=200)),
        sa.Column("sent_at", WHEN()),
        sa.Column("created_at", WHEN(), nullable=False),
        of_clinic("delivery"),
        primary("delivery"),
        *(
            key(
                f"fk_delivery_clinic_id_{to}_id",
                "clinic_id",
                f"{to}_id",
                to=to,
                referred=("clinic_id", "id"),
                ondelete="CASCADE",
            )
            for to in ("message", "address")
        ),
        sa.UniqueConstraint(
            "clinic_id", "message_id", "address_id", name=op.f("uq_delivery_clinic_id_message_id_address_id")
        ),
    )
    op.create_index(op.f("ix_delivery_state_due_at"), "delivery", ["state", "due_at"])


def _lists() -> None:
    op.create_table(
        "bulk",
        *ids(),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("step", TEXT(length=20), nullable=False),
        sa.Column("items", sa.JSON(), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.Column("undone_at", WHEN()),
        of_clinic("bulk"),
        of_account("bulk"),
        primary("bulk"),
    )
    op.create_table(
        "clinic_policy",
        *ids(),
        sa.Column("name", TEXT(length=60), nullable=False),
        sa.Column("text", TEXT()),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        of_clinic("clinic_policy"),
        of_account("clinic_policy"),
        primary("clinic_policy"),
    )
    op.create_index(op.f("ix_clinic_policy_clinic_id_name"), "clinic_policy", ["clinic_id", "name"])
    op.create_table(
        "waiting",
        *ids(),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("review_id", sa.Uuid()),
        sa.Column("clinician_id", sa.Uuid()),
        sa.Column("kind", TEXT(length=40), nullable=False),
        sa.Column("open_kind", TEXT(length=40)),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("first_on", sa.Date()),
        sa.Column("last_on", sa.Date()),
        sa.Column("note", TEXT(length=200)),
        sa.Column("state", TEXT(length=20), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.Column("closed_at", WHEN()),
        of_clinic("waiting"),
        primary("waiting"),
        key("fk_waiting_clinic_id_patient_id", "clinic_id", "patient_id", to="patient", referred=("clinic_id", "id")),
        sa.UniqueConstraint(
            "clinic_id", "patient_id", "open_kind", name=op.f("uq_waiting_clinic_id_patient_id_open_kind")
        ),
    )
    op.create_table(
        "invitation",
        sa.Column("code_hash", TEXT(length=64), nullable=False),
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("invited_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.Column("expires_at", WHEN(), nullable=False),
        key(
            "fk_invitation_clinic_id_patient_id", "clinic_id", "patient_id", to="patient", referred=("clinic_id", "id")
        ),
        key(
            "fk_invitation_clinic_id_invited_by", "clinic_id", "invited_by", to="account", referred=("clinic_id", "id")
        ),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_invitation")),
    )
    op.create_index(op.f("ix_invitation_clinic_id_patient_id"), "invitation", ["clinic_id", "patient_id"])
    op.create_index(op.f("ix_waiting_clinic_id_state"), "waiting", ["clinic_id", "state"])


def downgrade() -> None:
    for name in ("invitation", "waiting", "clinic_policy", "bulk", "delivery", "message", "address"):
        op.drop_table(name)
    for name, columns in (
        ("review", ("follows", "wait_until")),
        ("flag", ("answer", "asked_at", "turn", "shown_at")),
        ("lease", ("up_to_date_at",)),
        ("clinic", ("chain", "alarm_budget", "time_zone")),
    ):
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.drop_column(column)
