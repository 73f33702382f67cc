"""Visits merged across schemes, the notice's code, absences after the pairing (art. 9, 14)."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

CODE = "upper(substr(md5(random()::text || id::text), 1, 12))"  # for visits made before


def upgrade() -> None:
    op.add_column("visits", sa.Column("merged_with_id", sa.BigInteger(), sa.ForeignKey(
        "visits.id", name="fk_visits_merged_with_id")))
    op.create_index("ix_visits_merged_with_id", "visits", ["merged_with_id"])
    op.add_column("visits", sa.Column("notice_code", sa.Text()))
    op.execute(f"UPDATE visits SET notice_code = {CODE}")
    op.alter_column("visits", "notice_code", nullable=False)
    op.create_unique_constraint("uq_visits_notice_code", "visits", ["notice_code"])
    op.add_column("seats", sa.Column("shares_id", sa.BigInteger(), sa.ForeignKey(
        "seats.id", name="fk_seats_shares_id")))
    op.drop_index("uq_seats_half_day", "seats")
    op.create_index("uq_seats_half_day", "seats", ["inspector_id", "day", "half"], unique=True,
                    postgresql_where=sa.text("vacated_at IS NULL AND shares_id IS NULL"))
    _absences()


def _absences() -> None:
    account = {"decided_by_id": True, "concerned_id": True, "reported_by_id": False,
               "moved_by_id": False}
    op.create_table(
        "absences",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("seat_id", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=empty) for name, empty in account.items()),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("stage_since", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("decided_by_id <> reported_by_id", name="ck_absences_decided_by_another"),
        sa.CheckConstraint("decided_by_id <> concerned_id", name="ck_absences_not_the_person"),
        sa.ForeignKeyConstraint(["seat_id"], ["seats.id"], name="fk_absences_seat_id"),
        *(sa.ForeignKeyConstraint([name], ["accounts.id"], name=f"fk_absences_{name}")
          for name in account),
        sa.PrimaryKeyConstraint("id", name="pk_absences"))
    op.create_index("uq_absences_open", "absences", ["seat_id"], unique=True,
                    postgresql_where=sa.text("stage = 'reported'"))
    op.execute("CREATE TRIGGER one_version_a_move BEFORE UPDATE ON absences "
               "FOR EACH ROW EXECUTE FUNCTION refuse_skipped_version('absence')")
    op.execute("CREATE CONSTRAINT TRIGGER every_version_on_the_trail "
               "AFTER INSERT OR UPDATE OF version ON absences DEFERRABLE INITIALLY DEFERRED "
               "FOR EACH ROW EXECUTE FUNCTION demand_trail_line('absence')")
    op.execute("CREATE TRIGGER never_deleted BEFORE DELETE ON absences "
               "FOR EACH ROW EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    op.drop_table("absences")
    op.drop_index("uq_seats_half_day", "seats")
    op.create_index("uq_seats_half_day", "seats", ["inspector_id", "day", "half"], unique=True,
                    postgresql_where=sa.text("vacated_at IS NULL"))
    op.drop_column("seats", "shares_id")
    op.drop_column("visits", "notice_code")
    op.drop_column("visits", "merged_with_id")
