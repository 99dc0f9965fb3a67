"""until when a worker has a patient in hand, so that many workers judge none twice; since when relief lasts"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("patient", sa.Column("claimed_until", sqlmodel.UTCDateTime()))
    op.add_column("outcome", sa.Column("relief_since", sa.Date()))


def downgrade() -> None:
    with op.batch_alter_table("outcome") as table:
        table.drop_column("relief_since")
    with op.batch_alter_table("patient") as table:
        table.drop_column("claimed_until")
