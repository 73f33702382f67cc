"""Exchanges with the provincial platform, differences between both sides, lists drawn there."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import conv

revision = "0015"
down_revision = "0013"

Text, Big = sa.Text(), sa.BigInteger()
Instant = sa.DateTime(timezone=True)
MOVING = {
    "exchanges": ("exchange", "'prepared','sent','acknowledged','refused','unknown'", [
        sa.Column("key", Text, nullable=False), sa.Column("kind", Text, nullable=False),
        sa.Column("scheme_id", Big, nullable=False), sa.Column("content", JSONB(), nullable=False),
        sa.Column("sha", Text, nullable=False), sa.Column("by", Text), sa.Column("tries", Big, nullable=False),
        sa.Column("tried_at", Instant), sa.Column("next_at", Instant, nullable=False),
        sa.Column("away", sa.Boolean(), nullable=False), sa.Column("receipt", Text),
        sa.Column("last_error", Text), sa.UniqueConstraint("key", name="uq_exchanges_key"),
        sa.CheckConstraint("jsonb_array_length(content) > 0", name=conv("ck_exchanges_says_something")),
    ], {"scheme_id": "schemes.id"}),
    "differences": ("difference", "'found','resent','accepted','gone'", [
        sa.Column("kind", Text, nullable=False), sa.Column("key", Text, nullable=False),
        sa.Column("name", Text, nullable=False), sa.Column("ours", JSONB()), sa.Column("theirs", JSONB()),
        sa.Column("source", Text, nullable=False), sa.Column("exchange_id", Big),
        sa.CheckConstraint("ours IS NOT NULL OR theirs IS NOT NULL", name=conv("ck_differences_of_something")),
    ], {"exchange_id": "exchanges.id"}),
}


def upgrade() -> None:
    for table, (thing, stages, columns, references) in MOVING.items():
        op.create_table(
            table, sa.Column("id", Big, sa.Identity(), nullable=False),
            sa.Column("stage", Text, nullable=False), sa.Column("version", Big, nullable=False),
            sa.Column("stage_since", Instant, nullable=False),
            sa.Column("moved_by_id", Big, nullable=False), *columns,
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            *(sa.ForeignKeyConstraint([name], [wanted], name=f"fk_{table}_{name}")
              for name, wanted in {**references, "moved_by_id": "accounts.id"}.items()),
            sa.CheckConstraint(f"stage IN ({stages})", name=op.f(f"ck_{table}_stage")))
        op.execute(f"CREATE TRIGGER one_version_a_move BEFORE UPDATE ON {table} "
                   f"FOR EACH ROW EXECUTE FUNCTION refuse_skipped_version('{thing}')")
        op.execute(f"CREATE CONSTRAINT TRIGGER every_version_on_the_trail "
                   f"AFTER INSERT OR UPDATE OF version ON {table} DEFERRABLE INITIALLY DEFERRED "
                   f"FOR EACH ROW EXECUTE FUNCTION demand_trail_line('{thing}')")
        op.execute(f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.create_index("ix_exchanges_scheme_id", "exchanges", ["scheme_id"])
    op.create_index("ix_exchanges_open", "exchanges", ["next_at"],
                    postgresql_where=sa.text("stage IN ('prepared','sent','unknown')"))
    op.create_index("uq_differences_open", "differences", ["kind", "key"], unique=True,
                    postgresql_where=sa.text("stage = 'found'"))
    op.create_table(
        "drawn_there", sa.Column("scheme_id", Big, nullable=False), sa.Column("content", JSONB(), nullable=False),
        sa.Column("file_name", Text, nullable=False), sa.Column("sha", Text, nullable=False),
        sa.Column("decides", sa.Boolean(), nullable=False),
        sa.Column("taken_by_id", Big, nullable=False),
        sa.Column("taken_at", Instant, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("scheme_id", name="pk_drawn_there"),
        *(sa.ForeignKeyConstraint([name], [wanted], name=f"fk_drawn_there_{name}") for name, wanted in (
            ("scheme_id", "schemes.id"), ("taken_by_id", "accounts.id"))))
    op.execute("CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON drawn_there "
               "FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute("CREATE VIEW public_drawn_there AS "
               "SELECT scheme_id, sha, decides, taken_at, jsonb_array_length(content) AS number FROM drawn_there")
    op.execute("GRANT SELECT ON public_drawn_there TO choucha_publisher")


def downgrade() -> None:
    op.execute("DROP VIEW public_drawn_there")
    op.drop_table("drawn_there")
    for table in reversed(MOVING):
        op.drop_table(table)
