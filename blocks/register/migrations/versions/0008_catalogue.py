"""The catalogue in editions; participating departments and the text of a clause."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    for name, kind, empty in (("partner_codes", sa.ARRAY(sa.Text()), "{}"), ("clause", sa.Text(), "")):
        op.add_column("inspection_items", sa.Column(name, kind, nullable=False, server_default=empty))
        op.alter_column("inspection_items", name, server_default=None)
    op.create_table(
        "catalogue_editions",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("made_by_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["made_by_id"], ["accounts.id"], name="fk_catalogue_editions_made_by_id"),
        sa.PrimaryKeyConstraint("number", name="pk_catalogue_editions"))
    op.create_table(
        "item_versions",
        sa.Column("edition", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("content", sa.dialects.postgresql.JSONB(), nullable=False),
        sa.ForeignKeyConstraint(["edition"], ["catalogue_editions.number"],
                                name="fk_item_versions_edition"),
        sa.PrimaryKeyConstraint("edition", "code", name="pk_item_versions"))
    op.add_column("schemes", sa.Column("catalogue_edition", sa.BigInteger()))
    op.create_foreign_key("fk_schemes_catalogue_edition", "schemes", "catalogue_editions",
                          ["catalogue_edition"], ["number"])
    for table in ("catalogue_editions", "item_versions"):
        op.execute(f"CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        op.execute(f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table} "
                   "EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    op.drop_constraint("fk_schemes_catalogue_edition", "schemes")
    op.drop_column("schemes", "catalogue_edition")
    op.drop_table("item_versions")
    op.drop_table("catalogue_editions")
    for name in ("clause", "partner_codes"):
        op.drop_column("inspection_items", name)
