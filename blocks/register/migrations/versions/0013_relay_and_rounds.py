"""Leases and refusals in the outbox, who took an event up, rounds of sweep and night, what finds what is due."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

Text, Big = sa.Text(), sa.BigInteger()
Instant = sa.DateTime(timezone=True)
# What the sweep and the night look for, apart from the many that are done with.
DUE = {"ix_checks_not_public": ("checks", ["stage", "visit_id"], "stage <> 'public'"),
       "ix_visits_replaced": ("visits", ["scheme_id"], "stage = 'replaced'"),
       "ix_dues_provisional": ("dues", ["due_on"], "met_at IS NULL AND provisional")}


def upgrade() -> None:
    op.add_column("outbox", sa.Column("leased_until", Instant))
    op.add_column("outbox", sa.Column("last_error", Text))
    op.add_column("outbox", sa.Column("decided_by_id", Big))
    op.create_foreign_key("fk_outbox_decided_by_id", "outbox", "accounts", ["decided_by_id"], ["id"])
    op.create_index("ix_outbox_done_at", "outbox", ["done_at"], postgresql_where=sa.text("done_at IS NOT NULL"))
    op.add_column("inbox", sa.Column("run", Text, nullable=False, server_default=""))
    op.alter_column("inbox", "run", server_default=None)
    op.add_column("inbox", sa.Column("taken_at", Instant, nullable=False, server_default=sa.func.now()))
    op.create_table(
        "rounds", sa.Column("id", Big, sa.Identity(), nullable=False), sa.Column("kind", Text, nullable=False),
        sa.Column("begun_at", Instant, nullable=False), sa.Column("ended_at", Instant),
        sa.PrimaryKeyConstraint("id", name="pk_rounds"),
        sa.CheckConstraint("kind IN ('sweep','nightly')", name=op.f("ck_rounds_kind")))
    op.create_index("ix_rounds_kind_begun_at", "rounds", ["kind", "begun_at"])
    op.drop_index("ix_trail_scheme_id", "trail")
    op.create_index("ix_trail_scheme_id_number", "trail", ["scheme_id", "number"])
    for name, (table, columns, where) in DUE.items():
        op.create_index(name, table, columns, postgresql_where=sa.text(where))


def downgrade() -> None:
    for name, (table, _, _) in DUE.items():
        op.drop_index(name, table)
    op.create_index("ix_trail_scheme_id", "trail", ["scheme_id"])
    op.drop_index("ix_trail_scheme_id_number", "trail")
    op.drop_table("rounds")
    for column in ("taken_at", "run"):
        op.drop_column("inbox", column)
    op.drop_index("ix_outbox_done_at", "outbox")
    for column in ("decided_by_id", "last_error", "leased_until"):
        op.drop_column("outbox", column)
