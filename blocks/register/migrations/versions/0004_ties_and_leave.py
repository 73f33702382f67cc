"""What inspectors have declared (relatives, addresses, employers), and when they are on leave."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "ties",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("inspector_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("until", sa.Date()),
        sa.CheckConstraint("kind IN ('relative','address','employer')", name="ck_ties_kind"),
        sa.ForeignKeyConstraint(["inspector_id"], ["inspectors.id"], name="fk_ties_inspector_id"),
        sa.PrimaryKeyConstraint("id", name="pk_ties"),
        sa.UniqueConstraint("inspector_id", "kind", "value", name="uq_ties_inspector_id_kind_value"))
    op.create_table(
        "leaves",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("inspector_id", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("last", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint('"last" >= "first"', name="ck_leaves_order"),
        sa.ForeignKeyConstraint(["inspector_id"], ["inspectors.id"], name="fk_leaves_inspector_id"),
        sa.PrimaryKeyConstraint("id", name="pk_leaves"),
        sa.UniqueConstraint("inspector_id", "first", name="uq_leaves_inspector_id_first"))


def downgrade() -> None:
    op.drop_table("leaves")
    op.drop_table("ties")
