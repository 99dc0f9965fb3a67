"""outcomes: a verdict as one flat row, for lists and cohorts"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sqlmodel.AutoString


def upgrade() -> None:
    # a verdict now says itself in a sentence: those kept before are made anew when somebody asks
    op.execute("DELETE FROM kept_verdict")
    with op.batch_alter_table("kept_verdict") as table:
        table.add_column(sa.Column("says", sa.Text(), nullable=False))
        table.add_column(sa.Column("spark", sa.JSON(), nullable=False))
    op.create_table(
        "outcome",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("procedure_id", sa.Uuid(), nullable=False),
        sa.Column("definition", TEXT(length=20), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("engine", TEXT(length=20), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("holds_until", sqlmodel.UTCDateTime(), nullable=False),
        sa.Column("record_version", sa.Integer(), nullable=False),
        sa.Column("performed_on", sa.Date(), nullable=False),
        sa.Column("region", TEXT(length=20), nullable=False),
        sa.Column("laterality", TEXT(length=20), nullable=False),
        sa.Column("technique", TEXT(length=20)),
        sa.Column("temperature_c", sa.Float()),
        sa.Column("operator", TEXT(length=200)),
        sa.Column("joints", TEXT(length=200), nullable=False),
        sa.Column("nerves", TEXT(length=600), nullable=False),
        sa.Column("repeat", sa.Boolean(), nullable=False),
        sa.Column("block_percent", sa.Float()),
        sa.Column("age", sa.Integer(), nullable=False),
        sa.Column("phase", TEXT(length=20), nullable=False),
        sa.Column("response", TEXT(length=20)),
        sa.Column("ended", TEXT(length=20), nullable=False),
        sa.Column("relief_days", sa.Integer()),
        sa.Column("relief_percent", sa.Float()),
        sa.Column("onset_on", sa.Date()),
        sa.Column("returned_on", sa.Date()),
        sa.Column("probability", sa.Float(), nullable=False),
        sa.Column("masked", sa.Boolean(), nullable=False),
        sa.Column("mme_change", sa.Float()),
        sa.Column("lasting", sa.Boolean(), nullable=False),
        sa.Column("logged", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("last_logged_on", sa.Date()),
        sa.Column("contacts", TEXT(length=200), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("why", TEXT(length=200), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinic_id", "procedure_id"],
            ["procedure.clinic_id", "procedure.id"],
            name=op.f("fk_outcome_clinic_id_procedure_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("clinic_id", "procedure_id", "definition", name=op.f("pk_outcome")),
    )
    op.create_index(op.f("ix_outcome_holds_until"), "outcome", ["holds_until"])
    counted = ["clinic_id", "definition", "region", "technique", "ended", "relief_days", "laterality", "repeat", "age"]
    op.create_index("ix_outcome_counted", "outcome", counted)
    listed = ["clinic_id", "definition", "patient_id", "place", "performed_on"]
    op.create_index("ix_outcome_listed", "outcome", listed)


def downgrade() -> None:
    op.drop_table("outcome")
    with op.batch_alter_table("kept_verdict") as table:
        table.drop_column("spark")
        table.drop_column("says")
