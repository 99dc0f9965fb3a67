"""operators; sign-ins that are refreshed and end when unused; second factors"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString
WHEN = sqlmodel.UTCDateTime
ROLES = "role IN ('patient', 'clinician', 'scheduler', 'admin'{})"


def upgrade() -> None:
    op.add_column("clinic", sa.Column("second_factor", sa.Boolean(), nullable=False, server_default=sa.false()))
    _roles(ROLES.format(", 'operator'"))
    for name, kind in (
        ("factor", TEXT(length=20)),
        ("seen_at", WHEN()),
        ("good_until", WHEN()),
        ("family_hash", TEXT(length=64)),
        ("refresh_hash", TEXT(length=64)),
        ("previous_hash", TEXT(length=64)),
        ("refresh_until", WHEN()),
    ):
        op.add_column("sign_in", sa.Column(name, kind))
    op.execute("UPDATE sign_in SET seen_at = created_at, good_until = expires_at")  # nobody is signed out
    with op.batch_alter_table("sign_in") as table:
        table.alter_column("seen_at", existing_type=WHEN(), nullable=False)
        table.alter_column("good_until", existing_type=WHEN(), nullable=False)
    with op.batch_alter_table("clinic") as table:
        table.alter_column("second_factor", existing_type=sa.Boolean(), server_default=None)
    op.create_index(op.f("ix_sign_in_family_hash"), "sign_in", ["family_hash"], unique=True)
    _factors()


def _factors() -> None:
    op.create_table(
        "second_factor",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", TEXT(length=20), nullable=False),
        sa.Column("name", TEXT(length=100), nullable=False),
        sa.Column("secret", TEXT(length=300)),
        sa.Column("last_step", sa.Integer()),
        sa.Column("credential_id", TEXT(length=1400)),
        sa.Column("public_key", sa.LargeBinary()),
        sa.Column("sign_count", sa.BigInteger()),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.Column("confirmed_at", WHEN()),
        sa.Column("used_at", WHEN()),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_second_factor")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_second_factor_credential_id")),
        _of_account("second_factor"),
    )
    op.create_index(op.f("ix_second_factor_clinic_id_account_id"), "second_factor", ["clinic_id", "account_id"])
    op.create_table(
        "recovery_code",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", TEXT(length=64), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "account_id", "code_hash", name=op.f("pk_recovery_code")),
        _of_account("recovery_code"),
    )
    op.create_table(
        "challenge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("challenge", sa.LargeBinary(), nullable=False),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("expires_at", WHEN(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_challenge")),
    )
    op.create_index(op.f("ix_challenge_expires_at"), "challenge", ["expires_at"])


def _of_account(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["clinic_id", "account_id"],
        ["account.clinic_id", "account.id"],
        name=op.f(f"fk_{name}_clinic_id_account_id"),
    )


def _roles(check: str) -> None:
    with op.batch_alter_table("account") as table:
        table.drop_constraint(op.f("ck_account_role"), type_="check")
        table.create_check_constraint(op.f("ck_account_role"), check)


def downgrade() -> None:
    for name in ("challenge", "recovery_code", "second_factor"):
        op.drop_table(name)
    op.execute("DELETE FROM sign_in WHERE account_id IN (SELECT id FROM account WHERE role = 'operator')")
    op.execute("DELETE FROM account WHERE role = 'operator'")
    op.drop_index(op.f("ix_sign_in_family_hash"), "sign_in")
    with op.batch_alter_table("sign_in") as table:
        for name in (
            "factor",
            "seen_at",
            "good_until",
            "family_hash",
            "refresh_hash",
            "previous_hash",
            "refresh_until",
        ):
            table.drop_column(name)
    _roles(ROLES.format(""))
    with op.batch_alter_table("clinic") as table:
        table.drop_column("second_factor")
