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


    _directories_checked_by_statement()


def _directories_checked_by_statement() -> None:
    """A directory of a million businesses is checked once, not twice a row (half of the import's
    time); what it names is never deleted, so that nothing is left to check afterwards."""
    for column in ("target_id", "department_id"):
        op.drop_constraint(f"fk_target_listings_{column}", "target_listings", type_="foreignkey")
    op.execute("""
        CREATE FUNCTION refuse_unknown_listing() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM listed l WHERE NOT EXISTS (
                    SELECT FROM targets t WHERE t.id = l.target_id))
                OR EXISTS (SELECT FROM (SELECT DISTINCT department_id FROM listed) l
                           WHERE NOT EXISTS (SELECT FROM departments d
                                             WHERE d.id = l.department_id)) THEN
                RAISE foreign_key_violation USING MESSAGE =
                    'target_listings names a target or a department that is not there';
            END IF;
            RETURN NULL;
        END $$""")
    for moment in ("INSERT", "UPDATE"):
        op.execute(f"CREATE TRIGGER known_{moment.lower()} AFTER {moment} ON target_listings "
                   "REFERENCING NEW TABLE AS listed FOR EACH STATEMENT "
                   "EXECUTE FUNCTION refuse_unknown_listing()")
    for table in ("targets", "departments"):
        op.execute(f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    for table in ("targets", "departments"):
        op.execute(f"DROP TRIGGER never_deleted ON {table}")
    op.execute("DROP FUNCTION refuse_unknown_listing() CASCADE")
    for column in ("target_id", "department_id"):
        op.create_foreign_key(f"fk_target_listings_{column}", "target_listings",
                              f"{column.removesuffix('_id')}s", [column], ["id"])
    op.drop_table("list_entries")
    op.drop_column("targets", "penalties")
