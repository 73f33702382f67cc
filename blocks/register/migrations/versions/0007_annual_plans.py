"""Annual plans by area, in versions that move; which of their inspections a scheme carries out."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NEW = {"area": sa.Text(), "stage": sa.Text(), "version": sa.BigInteger(),
       "stage_since": sa.DateTime(timezone=True), "moved_by_id": sa.BigInteger()}


def upgrade() -> None:
    """Nothing wrote the table before, so that there is no plan without an area or a stage."""
    for name, kind in NEW.items():
        op.add_column("annual_plans", sa.Column(name, kind, nullable=False))
    op.create_foreign_key("fk_annual_plans_moved_by_id", "annual_plans", "accounts",
                          ["moved_by_id"], ["id"])
    op.drop_constraint("uq_annual_plans_year_number", "annual_plans")
    op.create_unique_constraint("uq_annual_plans_year_area_number", "annual_plans",
                                ["year", "area", "number"])
    op.create_check_constraint("ck_annual_plans_stage", "annual_plans",
                               "stage IN ('drafted','published','changed')")
    op.create_check_constraint("ck_annual_plans_dated", "annual_plans",
                               "(stage = 'drafted') = (published_at IS NULL)")
    for stage in ("drafted", "published"):
        op.create_index(f"uq_annual_plans_{stage}", "annual_plans", ["year", "area"], unique=True,
                        postgresql_where=sa.text(f"stage = '{stage}'"))
    op.add_column("schemes", sa.Column("plan_key", sa.Text()))
    op.create_unique_constraint("uq_schemes_plan_key", "schemes", ["plan_key"])
    op.execute("CREATE TRIGGER one_version_a_move BEFORE UPDATE ON annual_plans "
               "FOR EACH ROW EXECUTE FUNCTION refuse_skipped_version('plan')")
    op.execute("CREATE CONSTRAINT TRIGGER every_version_on_the_trail AFTER INSERT OR UPDATE OF version "
               "ON annual_plans DEFERRABLE INITIALLY DEFERRED "
               "FOR EACH ROW EXECUTE FUNCTION demand_trail_line('plan')")
    op.execute("CREATE TRIGGER never_deleted BEFORE DELETE ON annual_plans "
               "FOR EACH ROW EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    for name in ("never_deleted", "every_version_on_the_trail", "one_version_a_move"):
        op.execute(f"DROP TRIGGER {name} ON annual_plans")
    op.drop_constraint("uq_schemes_plan_key", "schemes")
    op.drop_column("schemes", "plan_key")
    for stage in ("drafted", "published"):
        op.drop_index(f"uq_annual_plans_{stage}", "annual_plans")
    for name in ("ck_annual_plans_stage", "ck_annual_plans_dated", "uq_annual_plans_year_area_number",
                 "fk_annual_plans_moved_by_id"):
        op.drop_constraint(name, "annual_plans")
    op.create_unique_constraint("uq_annual_plans_year_number", "annual_plans", ["year", "number"])
    for name in NEW:
        op.drop_column("annual_plans", name)
