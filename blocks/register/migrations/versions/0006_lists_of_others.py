"""Lists kept by others: who stands on them, and penalties as a ground for a higher rate (art. 8(2))."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("targets", sa.Column("penalties", sa.BigInteger(), nullable=False,
                                       server_default="0"))
    op.alter_column("targets", "penalties", server_default=None)
    op.create_table(
        "list_entries",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("kind", "name")),
        sa.Column("uscc", sa.Text()),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("removed_on", sa.Date()),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("reason", "authority")),
        sa.Column("target_id", sa.BigInteger()),
        sa.CheckConstraint("kind IN ('abnormal','serious','complaints','penalties')",
                           name="ck_list_entries_kind"),
        sa.ForeignKeyConstraint(["target_id"], ["targets.id"], name="fk_list_entries_target_id"),
        sa.PrimaryKeyConstraint("id", name="pk_list_entries"),
        sa.UniqueConstraint("kind", "name", "listed_on", "number", name="uq_list_entries_kind_name_listed_on_number"))
    op.create_index("ix_list_entries_target_id", "list_entries", ["target_id"])


def downgrade() -> None:
    op.drop_table("list_entries")
    op.drop_column("targets", "penalties")
