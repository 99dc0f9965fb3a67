"""sign-in with a clinic's own provider"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString
WHEN = sqlmodel.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "clinic_provider",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", TEXT(length=500), nullable=False),
        sa.Column("client_id", TEXT(length=300), nullable=False),
        sa.Column("client_secret", sa.Text()),
        sa.Column("domains", sa.JSON(), nullable=False),
        sa.Column("role_claim", TEXT(length=100)),
        sa.Column("roles", sa.JSON()),
        sa.Column("second_factor", sa.Boolean(), nullable=False),
        sa.Column("updated_at", WHEN(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_clinic_provider")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_clinic_provider_clinic_id")),
    )
    op.create_table(
        "identity",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", TEXT(length=500), nullable=False),
        sa.Column("subject", TEXT(length=255), nullable=False),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_identity")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "account_id"],
            ["account.clinic_id", "account.id"],
            name=op.f("fk_identity_clinic_id_account_id"),
        ),
    )
    unique = ["clinic_id", "issuer", "subject"]
    op.create_index(op.f("ix_identity_clinic_id_issuer_subject"), "identity", unique, unique=True)
    once = ["clinic_id", "account_id", "issuer"]
    op.create_index(op.f("ix_identity_clinic_id_account_id_issuer"), "identity", once, unique=True)
    op.create_table(
        "sign_on_try",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("issuer", TEXT(length=500), nullable=False),
        sa.Column("client_id", TEXT(length=300), nullable=False),
        sa.Column("state_hash", TEXT(length=64), nullable=False),
        sa.Column("browser_hash", TEXT(length=64), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("nonce", TEXT(length=64), nullable=False),
        sa.Column("invitation_hash", TEXT(length=64)),
        sa.Column("account_id", sa.Uuid()),
        sa.Column("session_id", sa.Uuid()),
        sa.Column("leads_to", TEXT(length=500), nullable=False),
        sa.Column("expires_at", WHEN(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_sign_on_try")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_sign_on_try_clinic_id")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_sign_on_try_state_hash")),
    )
    op.create_index(op.f("ix_sign_on_try_expires_at"), "sign_on_try", ["expires_at"])


def downgrade() -> None:
    op.drop_table("sign_on_try")
    op.drop_table("identity")
    op.drop_table("clinic_provider")
