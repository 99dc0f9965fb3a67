"""codes for staff and for new passwords, what device a sign-in is of, and when an account last signed in"""

from uuid import uuid4

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString
WHEN = sqlmodel.UTCDateTime


def upgrade() -> None:
    op.add_column("account", sa.Column("last_sign_in_at", WHEN()))
    op.add_column("sign_in", sa.Column("device", TEXT(length=200)))
    op.add_column("sign_in", sa.Column("id", sa.Uuid()))
    sign_in = sa.table("sign_in", sa.column("token_hash", sa.String()), sa.column("id", sa.Uuid()))
    connection = op.get_bind()
    for (token_hash,) in connection.execute(sa.select(sign_in.c.token_hash)).all():
        connection.execute(sign_in.update().where(sign_in.c.token_hash == token_hash).values(id=uuid4()))
    with op.batch_alter_table("sign_in") as table:
        table.alter_column("id", existing_type=sa.Uuid(), nullable=False)
    op.create_index(op.f("ix_sign_in_clinic_id_account_id"), "sign_in", ["clinic_id", "account_id"])
    op.create_table(
        "account_code",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", TEXT(length=64), nullable=False),
        sa.Column("purpose", TEXT(length=20), nullable=False),
        sa.Column("role", TEXT(length=20)),
        sa.Column("username", TEXT(length=200)),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.Column("expires_at", WHEN(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_account_code")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_account_code_code_hash")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "made_by"],
            ["account.clinic_id", "account.id"],
            name=op.f("fk_account_code_clinic_id_made_by"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "account_id"],
            ["account.clinic_id", "account.id"],
            name=op.f("fk_account_code_clinic_id_account_id"),
        ),
    )
    op.create_index(op.f("ix_account_code_clinic_id_expires_at"), "account_code", ["clinic_id", "expires_at"])


def downgrade() -> None:
    op.drop_table("account_code")
    op.drop_index(op.f("ix_sign_in_clinic_id_account_id"), "sign_in")
    for name, columns in (("sign_in", ("id", "device")), ("account", ("last_sign_in_at",))):
        with op.batch_alter_table(name) as table:
            for column in columns:
                table.drop_column(column)
