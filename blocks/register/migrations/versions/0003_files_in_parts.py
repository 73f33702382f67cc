"""A draw's file in parts, stored as it is (hex hardly compresses); what shows a value to be true."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("draw_files", sa.Column("part", sa.BigInteger(), nullable=False,
                                          server_default="0"))
    op.alter_column("draw_files", "part", server_default=None)
    op.drop_constraint("pk_draw_files", "draw_files")
    op.create_primary_key("pk_draw_files", "draw_files", ["draw_id", "name", "part"])
    op.execute("ALTER TABLE draw_files ALTER COLUMN content SET STORAGE EXTERNAL")
    op.add_column("draw_sources", sa.Column("tried_at", sa.DateTime(timezone=True)))
    op.add_column("draw_sources", sa.Column("evidence", JSONB()))


def downgrade() -> None:
    op.drop_column("draw_sources", "evidence")
    op.drop_column("draw_sources", "tried_at")
    op.drop_constraint("pk_draw_files", "draw_files")
    op.create_primary_key("pk_draw_files", "draw_files", ["draw_id", "name"])
    op.drop_column("draw_files", "part")
