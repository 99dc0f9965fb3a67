"""what the list, flags and reviews say of each side, where the sides of a bilateral procedure stand differently"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outcome", sa.Column("sides", sqlmodel.AutoString(length=200)))


def downgrade() -> None:
    with op.batch_alter_table("outcome") as table:
        table.drop_column("sides")
