"""a patient's number at the clinic, and how they are reached"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

COLUMNS = ("mrn", "phone", "mail")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("patient", sa.Column(name, sa.Text()))


def downgrade() -> None:
    with op.batch_alter_table("patient") as table:
        for name in COLUMNS:
            table.drop_column(name)
