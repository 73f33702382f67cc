"""Holiday notices in the register, recounted dates, reminders told, addresses, deliveries, feeds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"

Text, Big = sa.Text(), sa.BigInteger()
Instant = sa.DateTime(timezone=True)
MOVING = {
    "holiday_notices": ("holiday_notice", "'issued','replaced'", [
        sa.Column("year", Big, nullable=False), sa.Column("level", Text, nullable=False),
        sa.Column("contents", postgresql.JSONB(), nullable=False)], {}),
    "recounts": ("recount", "'counted'", [
        sa.Column("due_id", Big, nullable=False), sa.Column("was_on", sa.Date(), nullable=False),
        sa.Column("now_on", sa.Date(), nullable=False)], {"due_id": "dues.id"}),
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
    op.create_check_constraint(op.f("ck_holiday_notices_level"), "holiday_notices",
                               "level IN ('national','local')")
    op.create_index("uq_holiday_notices_national", "holiday_notices", ["year"], unique=True,
                    postgresql_where=sa.text("level = 'national' AND stage = 'issued'"))
    _messages()
    _reminders()
    op.create_table(
        "feeds", sa.Column("token_hash", Text, nullable=False), sa.Column("account_id", Big, nullable=False),
        sa.Column("whole_department", sa.Boolean(), nullable=False), sa.Column("made_at", Instant, nullable=False),
        sa.Column("ended_at", Instant), sa.PrimaryKeyConstraint("token_hash", name="pk_feeds"),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name="fk_feeds_account_id"))
    op.create_index("ix_feeds_account_id", "feeds", ["account_id"])


def _messages() -> None:
    op.drop_constraint(op.f("ck_notices_stage"), "notices", type_="check")
    op.create_check_constraint(op.f("ck_notices_stage"), "notices",
                               "stage IN ('queued','sent','failed','unknown')")
    op.drop_index("ix_notices_queued", "notices")
    op.create_index("ix_notices_queued", "notices", ["id"],
                    postgresql_where=sa.text("stage IN ('queued','unknown')"))
    op.create_table(
        "contacts", sa.Column("id", Big, sa.Identity(), nullable=False),
        sa.Column("account_id", Big), sa.Column("department_id", Big),
        sa.Column("channel", Text, nullable=False), sa.Column("address", Text, nullable=False),
        sa.Column("secret", Text, nullable=False), sa.Column("quiet_from", sa.Time()),
        sa.Column("quiet_to", sa.Time()), sa.Column("dropped_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_contacts"),
        *(sa.ForeignKeyConstraint([name], [wanted], name=f"fk_contacts_{name}") for name, wanted in (
            ("account_id", "accounts.id"), ("department_id", "departments.id"))),
        sa.CheckConstraint("(account_id IS NULL) <> (department_id IS NULL)",
                           name=op.f("ck_contacts_of_one")),
        sa.CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name=op.f("ck_contacts_quiet")))
    for owner in ("account_id", "department_id"):
        op.create_index(f"uq_contacts_{owner}", "contacts", [owner, "channel", "address"], unique=True,
                        postgresql_where=sa.text("dropped_at IS NULL"))
    op.create_table(
        "deliveries", sa.Column("id", Big, sa.Identity(), nullable=False),
        sa.Column("notice_id", Big, nullable=False), sa.Column("channel", Text, nullable=False),
        sa.Column("address", Text, nullable=False), sa.Column("contact_id", Big),
        sa.Column("stage", Text, nullable=False), sa.Column("tries", Big, nullable=False),
        sa.Column("next_at", Instant, nullable=False), sa.Column("first_tried_at", Instant), sa.Column("tried_at", Instant), sa.Column("sent_at", Instant),
        sa.Column("went_to", Text), sa.Column("last_error", Text),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        *(sa.ForeignKeyConstraint([name], [wanted], name=f"fk_deliveries_{name}") for name, wanted in (
            ("notice_id", "notices.id"), ("contact_id", "contacts.id"))),
        sa.UniqueConstraint("notice_id", "channel", "address",
                            name="uq_deliveries_notice_id_channel_address"),
        sa.CheckConstraint("stage IN ('queued','sent','failed','unknown')",
                           name=op.f("ck_deliveries_stage")))
    op.create_index("ix_deliveries_waiting", "deliveries", ["next_at"],
                    postgresql_where=sa.text("stage IN ('queued','unknown')"))


def _reminders() -> None:
    op.create_table(
        "reminders", sa.Column("id", Big, sa.Identity(), nullable=False),
        sa.Column("due_id", Big, nullable=False), sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("rung", Big, nullable=False), sa.Column("recipient", Text, nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False), sa.Column("notice_id", Big),
        sa.PrimaryKeyConstraint("id", name="pk_reminders"),
        *(sa.ForeignKeyConstraint([name], [wanted], name=f"fk_reminders_{name}") for name, wanted in (
            ("due_id", "dues.id"), ("notice_id", "notices.id"))),
        sa.UniqueConstraint("due_id", "due_on", "rung", "recipient",
                            name="uq_reminders_due_id_due_on_rung_recipient"))
    op.create_index("ix_reminders_told_on", "reminders", ["told_on"])


def downgrade() -> None:
    for table in ("feeds", "reminders", "deliveries", "contacts", *MOVING):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_notices_stage"), "notices", type_="check")
    op.create_check_constraint(op.f("ck_notices_stage"), "notices",
                               "stage IN ('queued','sent','failed')")
    op.drop_index("ix_notices_queued", "notices")
    op.create_index("ix_notices_queued", "notices", ["id"], postgresql_where=sa.text("stage = 'queued'"))
