"""an answer that is kept belongs to a clinic, so that the second wall stands before it, too"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kept_answer", sa.Column("clinic_id", sa.Uuid()))
    op.execute(
        "UPDATE kept_answer SET clinic_id ="
        " (SELECT account.clinic_id FROM account WHERE account.id = kept_answer.account_id)"
    )
    op.execute("DELETE FROM kept_answer WHERE clinic_id IS NULL")  # of an account that is gone: nobody can ask for it
    with op.batch_alter_table("kept_answer") as table:
        table.alter_column("clinic_id", nullable=False)
        table.create_foreign_key(op.f("fk_kept_answer_clinic_id"), "clinic", ["clinic_id"], ["id"])


def downgrade() -> None:
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        op.execute("DROP POLICY IF EXISTS one_clinic ON kept_answer")
        op.execute("ALTER TABLE kept_answer DISABLE ROW LEVEL SECURITY")
    with op.batch_alter_table("kept_answer") as table:
        table.drop_constraint(op.f("fk_kept_answer_clinic_id"), type_="foreignkey")
        table.drop_column("clinic_id")
