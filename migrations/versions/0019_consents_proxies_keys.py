"""what patients agree to, who acts for them, and keys of machines"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString
WHEN = sqlmodel.UTCDateTime
BEFORE, NOW = "(role = 'patient') = (patient_id IS NOT NULL)", "role = 'patient' OR patient_id IS NULL"
NAME = "ck_account_patient_of_role"


def upgrade() -> None:
    with op.batch_alter_table("account") as table:
        table.drop_constraint(op.f(NAME), type_="check")
        table.create_check_constraint(op.f(NAME), NOW)
    op.create_table(
        "consent",
        *_of("patient"),
        sa.Column("kind", TEXT(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("given", sa.Boolean(), nullable=False),
        sa.Column("said_at", WHEN(), nullable=False),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("current", sa.Boolean(), nullable=False),
        *_keys("consent", "patient", "account"),
    )
    _index("consent", "clinic_id", "patient_id", "kind", "current")
    op.create_table(
        "proxy",
        *_of("patient"),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("name", TEXT(length=200), nullable=False),
        sa.Column("reason", TEXT(length=20), nullable=False),
        sa.Column("may_write", sa.Boolean(), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.Column("until", WHEN()),
        sa.Column("ended_at", WHEN()),
        sa.Column("code_hash", TEXT(length=64)),
        sa.Column("code_until", WHEN(), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.UniqueConstraint("code_hash", name=op.f("uq_proxy_code_hash")),
        *_keys("proxy", "patient", "account"),
    )
    _index("proxy", "clinic_id", "patient_id")
    _index("proxy", "clinic_id", "account_id")
    op.create_table(
        "api_key",
        *_of("account"),
        sa.Column("name", TEXT(length=100), nullable=False),
        sa.Column("key_hash", TEXT(length=64), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.Column("expires_at", WHEN(), nullable=False),
        sa.Column("used_at", WHEN()),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
        *_keys("api_key", "account"),
    )
    _index("api_key", "clinic_id", "account_id")


def _of(whom: str) -> list[sa.Column[object]]:
    return [sa.Column(name, sa.Uuid(), nullable=False) for name in ("clinic_id", "id", f"{whom}_id")]


def _keys(name: str, *named: str) -> list[sa.Constraint]:
    to = [
        sa.ForeignKeyConstraint(
            ["clinic_id", f"{one}_id"], [f"{one}.clinic_id", f"{one}.id"], name=op.f(f"fk_{name}_clinic_id_{one}_id")
        )
        for one in named
    ]
    return [sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f(f"pk_{name}")), *to]


def _index(name: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{name}_{'_'.join(columns)}"), name, list(columns))


def downgrade() -> None:
    for name in ("api_key", "proxy", "consent"):
        op.drop_table(name)
    op.execute(
        "DELETE FROM sign_in WHERE account_id IN (SELECT id FROM account WHERE role = 'patient' AND patient_id IS NULL)"
    )
    op.execute("DELETE FROM account WHERE role = 'patient' AND patient_id IS NULL")
    with op.batch_alter_table("account") as table:
        table.drop_constraint(op.f(NAME), type_="check")
        table.create_check_constraint(op.f(NAME), BEFORE)
