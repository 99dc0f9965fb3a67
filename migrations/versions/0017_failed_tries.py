"""how often it has been tried to sign in, or to guess a code"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "failed_tries",
        sa.Column("key", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("full_at", sqlmodel.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_failed_tries")),
    )
    op.create_index(op.f("ix_failed_tries_full_at"), "failed_tries", ["full_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_failed_tries_full_at"), "failed_tries")
    op.drop_table("failed_tries")
