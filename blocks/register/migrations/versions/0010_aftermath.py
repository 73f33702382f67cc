"""What comes after a result, and what is attached: follow-ups, objections, evaluations, letters, files."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

TABLES = {
    "follow_ups": ("follow_up", "'open','closed'", [
        sa.Column("check_id", sa.BigInteger(), nullable=False),
        sa.Column("record_number", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("instructions", sa.Text(), nullable=False),
        sa.Column("to_department_id", sa.BigInteger()), sa.Column("due_on", sa.Date()),
        sa.Column("recheck", sa.Boolean(), nullable=False), sa.Column("rechecked_on", sa.Date()),
        sa.Column("outcome", sa.Text())],
        {"check_id": "checks.id", "to_department_id": "departments.id"}),
    "objections": ("objection", "'filed','upheld','dismissed'", [
        sa.Column("check_id", sa.BigInteger(), nullable=False),
        sa.Column("record_number", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False), sa.Column("answer", sa.Text())],
        {"check_id": "checks.id"}),
    "evaluations": ("evaluation", "'given'", [
        sa.Column("visit_id", sa.BigInteger(), nullable=False),
        sa.Column("showed_certificate", sa.Boolean(), nullable=False),
        sa.Column("only_what_was_listed", sa.Boolean(), nullable=False),
        sa.Column("asked_for_money", sa.Boolean(), nullable=False),
        sa.Column("satisfaction", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False)], {"visit_id": "visits.id"}),
    "letters": ("letter", "'issued','answered'", [
        sa.Column("scheme_id", sa.BigInteger(), nullable=False),
        sa.Column("department_id", sa.BigInteger(), nullable=False),
        sa.Column("matters", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("request", sa.Text(), nullable=False), sa.Column("answer", sa.Text())],
        {"scheme_id": "schemes.id", "department_id": "departments.id"}),
}
CHECKS = {"follow_ups": {"rechecked_before_closed": "stage <> 'closed' OR NOT recheck OR rechecked_on IS NOT NULL"},
          "evaluations": {"satisfaction": "satisfaction BETWEEN 1 AND 5"}}


def upgrade() -> None:
    for table, (thing, stages, columns, references) in TABLES.items():
        op.create_table(
            table, sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
            sa.Column("stage", sa.Text(), nullable=False),
            sa.Column("version", sa.BigInteger(), nullable=False),
            sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
            sa.Column("moved_by_id", sa.BigInteger(), nullable=False), *columns,
            sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
            *(sa.ForeignKeyConstraint([name], [wanted], name=f"fk_{table}_{name}")
              for name, wanted in {**references, "moved_by_id": "accounts.id"}.items()),
            sa.CheckConstraint(f"stage IN ({stages})", name=op.f(f"ck_{table}_stage")),
            *(sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))
              for name, rule in CHECKS.get(table, {}).items()))
        op.execute(f"CREATE TRIGGER one_version_a_move BEFORE UPDATE ON {table} "
                   f"FOR EACH ROW EXECUTE FUNCTION refuse_skipped_version('{thing}')")
        op.execute(f"CREATE CONSTRAINT TRIGGER every_version_on_the_trail "
                   f"AFTER INSERT OR UPDATE OF version ON {table} DEFERRABLE INITIALLY DEFERRED "
                   f"FOR EACH ROW EXECUTE FUNCTION demand_trail_line('{thing}')")
        op.execute(f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.create_index("ix_follow_ups_check_id", "follow_ups", ["check_id"])
    op.create_index("ix_objections_check_id", "objections", ["check_id"])
    op.create_index("ix_letters_scheme_id", "letters", ["scheme_id"])
    op.create_index("uq_objections_open", "objections", ["check_id"], unique=True,
                    postgresql_where=sa.text("stage = 'filed'"))
    op.create_index("uq_letters_open", "letters", ["scheme_id", "department_id"], unique=True,
                    postgresql_where=sa.text("stage = 'issued'"))
    op.create_unique_constraint("uq_evaluations_visit_id", "evaluations", ["visit_id"])
    _attachments()


def _attachments() -> None:
    op.create_table("contents", sa.Column("sha256", sa.Text(), nullable=False),
                    sa.Column("content", sa.LargeBinary(), nullable=False),
                    sa.PrimaryKeyConstraint("sha256", name="pk_contents"))
    op.execute("ALTER TABLE contents ALTER content SET STORAGE EXTERNAL")  # photos are compressed
    op.create_table(
        "attachments", sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        *(sa.Column(name, sa.BigInteger()) for name in ("scheme_id", "check_id", "record_number")),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("name", "kind", "sha256", "original")),
        sa.Column("size", sa.BigInteger(), nullable=False), sa.Column("taken_at", sa.Text()),
        sa.Column("place", postgresql.JSONB()), sa.Column("added_by_id", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False),
        sa.Column("dropped_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_attachments"),
        *(sa.ForeignKeyConstraint([name], [wanted], name=f"fk_attachments_{name}") for name, wanted in (
            ("scheme_id", "schemes.id"), ("check_id", "checks.id"), ("sha256", "contents.sha256"),
            ("added_by_id", "accounts.id"))),
        sa.CheckConstraint("(scheme_id IS NULL) <> (check_id IS NULL)", name=op.f("ck_attachments_of_one_thing")),
        sa.CheckConstraint("(check_id IS NULL) = (record_number IS NULL)", name=op.f("ck_attachments_of_a_version")))
    for name in ("scheme_id", "check_id"):
        op.create_index(f"ix_attachments_{name}", "attachments", [name])


def downgrade() -> None:
    for table in ("attachments", "contents", *TABLES):
        op.drop_table(table)
