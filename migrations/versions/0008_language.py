"""the language in which a patient is told what to do"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("patient", sa.Column("language", sqlmodel.AutoString(length=2)))


def downgrade() -> None:
    with op.batch_alter_table("patient") as table:
        table.drop_column("language")
