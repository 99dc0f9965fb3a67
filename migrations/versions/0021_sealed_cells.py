"""names, notes, addresses and secrets are kept under keys"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

WIDER = {  # what is sealed is longer than what was written
    "patient": {"name": (200, False)},
    "proxy": {"name": (200, False)},
    "care_team": {"reason": (200, True)},
    "audit_event": {"why": (500, True)},
    "tombstone": {"reason": (200, False)},
    "revision": {"reason": (200, True)},
    "review": {"reason": (500, True)},
    "absence": {"reason": (200, False)},
    "appointment": {"reason": (200, True)},
    "waiting": {"note": (200, True)},
    "second_factor": {"secret": (300, True)},
}


def upgrade() -> None:
    for name, columns in WIDER.items():
        with op.batch_alter_table(name) as table:
            for column, (length, unknown) in columns.items():
                table.alter_column(
                    column,
                    existing_type=sqlmodel.AutoString(length=length),
                    type_=sa.Text(),
                    existing_nullable=unknown,
                )
    op.create_table(
        "cell_key",
        sa.Column("id", sqlmodel.AutoString(length=8), nullable=False),
        sa.Column("proof", sa.Text(), nullable=False),
        sa.Column("since", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("everywhere_at", sqlmodel.UTCDateTime()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cell_key")),
    )


def downgrade() -> None:
    op.drop_table("cell_key")
    for name, columns in WIDER.items():
        with op.batch_alter_table(name) as table:
            for column, (length, unknown) in columns.items():
                table.alter_column(
                    column,
                    existing_type=sa.Text(),
                    type_=sqlmodel.AutoString(length=length),
                    existing_nullable=unknown,
                )
