"""sites of a clinic; records that are handed over to another clinic"""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

WHEN = sqlmodel.UTCDateTime


def upgrade() -> None:
    op.create_table(
        "hand_over",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sqlmodel.AutoString(length=64), nullable=False),
        sa.Column("agreed", sa.Text()),
        sa.Column("made_by", sa.Uuid()),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.Column("expires_at", WHEN(), nullable=False),
        sa.Column("taken_by", sa.Uuid()),
        sa.Column("taken_at", WHEN()),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_hand_over")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_hand_over_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "made_by"], ["account.clinic_id", "account.id"], name=op.f("fk_hand_over_clinic_id_made_by")
        ),
        sa.UniqueConstraint("code_hash", name=op.f("uq_hand_over_code_hash")),
    )
    op.create_index(op.f("ix_hand_over_clinic_id_patient_id"), "hand_over", ["clinic_id", "patient_id"])

    op.create_table(
        "clinic_site",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.AutoString(length=100), nullable=False),
        sa.Column("address", sqlmodel.AutoString(length=200)),
        sa.Column("phone", sqlmodel.AutoString(length=40)),
        sa.Column("created_at", WHEN(), nullable=False),
        sa.Column("closed_at", WHEN()),
        sa.PrimaryKeyConstraint("clinic_id", "id", name=op.f("pk_clinic_site")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_clinic_site_clinic_id")),
        sa.UniqueConstraint("clinic_id", "name", name=op.f("uq_clinic_site_clinic_id_name")),
    )
    op.create_table(
        "patient_site",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("patient_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", "patient_id", name=op.f("pk_patient_site")),
        sa.ForeignKeyConstraint(
            ["clinic_id", "patient_id"],
            ["patient.clinic_id", "patient.id"],
            name=op.f("fk_patient_site_clinic_id_patient_id"),
        ),
        sa.ForeignKeyConstraint(
            ["clinic_id", "site_id"],
            ["clinic_site.clinic_id", "clinic_site.id"],
            name=op.f("fk_patient_site_clinic_id_site_id"),
        ),
    )
    op.create_index(op.f("ix_patient_site_clinic_id_site_id"), "patient_site", ["clinic_id", "site_id"])
    op.create_table(
        "clinic_names",
        sa.Column("clinic_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("clinic_id", name=op.f("pk_clinic_names")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinic.id"], name=op.f("fk_clinic_names_clinic_id")),
    )
    op.add_column("sign_in", sa.Column("sibling_hash", sqlmodel.AutoString(length=64)))
    with op.batch_alter_table("slot") as table:
        table.add_column(sa.Column("site_id", sa.Uuid()))
        table.alter_column(
            "overruled", existing_type=sqlmodel.AutoString(length=200), type_=sa.Text(), existing_nullable=True
        )

    op.execute("UPDATE cell_key SET everywhere_at = NULL")  # more is sealed than before


def downgrade() -> None:
    with op.batch_alter_table("slot") as table:
        table.drop_column("site_id")
        table.alter_column(
            "overruled", existing_type=sa.Text(), type_=sqlmodel.AutoString(length=200), existing_nullable=True
        )
    with op.batch_alter_table("sign_in") as table:
        table.drop_column("sibling_hash")
    op.drop_table("clinic_names")
    op.drop_table("patient_site")
    op.drop_table("clinic_site")
    op.drop_table("hand_over")
