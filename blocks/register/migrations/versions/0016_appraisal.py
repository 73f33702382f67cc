"""Frozen appraisals; when a clock began, and what it was before it was counted to another day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

Text, Big = sa.Text(), sa.BigInteger()
Instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("dues", sa.Column("begun_at", Instant, server_default=sa.func.now(), nullable=False))
    op.execute("UPDATE dues SET begun_at = least(now(), started_on::timestamp AT TIME ZONE 'Asia/Shanghai')")
    op.create_table(
        "due_changes", sa.Column("id", Big, sa.Identity(), nullable=False),
        sa.Column("due_id", Big, nullable=False), sa.Column("was_on", sa.Date(), nullable=False),
        sa.Column("changed_at", Instant, nullable=False), sa.PrimaryKeyConstraint("id", name="pk_due_changes"),
        sa.ForeignKeyConstraint(["due_id"], ["dues.id"], name="fk_due_changes_due_id"))
    op.create_index("ix_due_changes_due_id", "due_changes", ["due_id"])
    op.execute("CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON due_changes "
               "FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.create_table(
        "appraisals", sa.Column("id", Big, sa.Identity(), nullable=False),
        sa.Column("stage", Text, nullable=False), sa.Column("version", Big, nullable=False),
        sa.Column("stage_since", Instant, nullable=False), sa.Column("moved_by_id", Big, nullable=False),
        sa.Column("period", Text, nullable=False), sa.Column("number", Big, nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False), sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("hash", Text, nullable=False), sa.Column("appealed_by_id", Big),
        sa.Column("appellant_id", Big),
        sa.PrimaryKeyConstraint("id", name="pk_appraisals"),
        *(sa.ForeignKeyConstraint([name], [wanted], name=f"fk_appraisals_{name}") for name, wanted in (
            ("moved_by_id", "accounts.id"), ("appealed_by_id", "accounts.id"),
            ("appellant_id", "departments.id"))),
        sa.UniqueConstraint("period", "number", name="uq_appraisals_period_number"),
        sa.CheckConstraint("stage IN ('frozen','appealed','replaced')", name=op.f("ck_appraisals_stage")))
    op.create_index("uq_appraisals_current", "appraisals", ["period"], unique=True,
                    postgresql_where=sa.text("stage <> 'replaced'"))
    op.execute("CREATE TRIGGER frozen BEFORE UPDATE OF period, number, as_of, content, hash ON appraisals "
               "FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute("CREATE TRIGGER one_version_a_move BEFORE UPDATE ON appraisals "
               "FOR EACH ROW EXECUTE FUNCTION refuse_skipped_version('appraisal')")
    op.execute("CREATE CONSTRAINT TRIGGER every_version_on_the_trail AFTER INSERT OR UPDATE OF version "
               "ON appraisals DEFERRABLE INITIALLY DEFERRED "
               "FOR EACH ROW EXECUTE FUNCTION demand_trail_line('appraisal')")
    op.execute("CREATE TRIGGER never_deleted BEFORE DELETE ON appraisals "
               "FOR EACH ROW EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    op.drop_table("appraisals")
    op.drop_table("due_changes")
    op.drop_column("dues", "begun_at")
