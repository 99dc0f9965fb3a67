"""a clinic's phone, its emergency number, and its jurisdiction"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None
COLUMNS = {"phone": 40, "emergency_number": 20, "jurisdiction": 2}


def upgrade() -> None:
    for name, length in COLUMNS.items():
        op.add_column("clinic", sa.Column(name, sqlmodel.AutoString(length=length)))


def downgrade() -> None:
    with op.batch_alter_table("clinic") as table:
        for name in reversed(COLUMNS):
            table.drop_column(name)
