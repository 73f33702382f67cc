"""The guards: an insert-only trail, no move without its line, no interested pair, nothing deleted.

They hold against anybody who writes past the one door, by mistake or on purpose (G1, G7, G8, G9).
"""

from alembic import op

revision = "0002"
down_revision = "0001"

MOVING = {"schemes": "scheme", "draws": "draw", "assignments": "assignment",
          "recusals": "recusal", "visits": "visit", "checks": "check"}
INSERT_ONLY = ("trail", "chain", "publications")

FUNCTIONS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is insert-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION refuse_skipped_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.version NOT IN (OLD.version, OLD.version + 1)
       OR (NEW.stage <> OLD.stage AND NEW.version = OLD.version) THEN
        RAISE EXCEPTION '% %: a move adds exactly one to the version', TG_ARGV[0], OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION demand_trail_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM trail WHERE thing = TG_ARGV[0] AND thing_id = NEW.id
                   AND version = NEW.version) THEN
        RAISE EXCEPTION '% % version % has no trail line', TG_ARGV[0], NEW.id, NEW.version
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION refuse_interested_inspector() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.vacated_at IS NULL AND EXISTS (
        SELECT 1 FROM interests i JOIN visits v ON v.target_id = i.target_id
        JOIN checks c ON c.visit_id = v.id
        WHERE c.id = NEW.check_id AND i.inspector_id = NEW.inspector_id) THEN
        RAISE EXCEPTION 'inspector % is interested in the target of check %',
            NEW.inspector_id, NEW.check_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'interested_inspector';
    END IF;
    RETURN NEW;
END $$;
"""


def upgrade() -> None:
    op.execute(FUNCTIONS)
    for table in INSERT_ONLY:
        op.execute(f"CREATE TRIGGER insert_only BEFORE UPDATE OR DELETE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION refuse_change()")
        op.execute(f"CREATE TRIGGER never_truncated BEFORE TRUNCATE ON {table} "
                   "EXECUTE FUNCTION refuse_change()")
    for table, thing in MOVING.items():
        op.execute(f"CREATE TRIGGER one_version_a_move BEFORE UPDATE ON {table} "
                   f"FOR EACH ROW EXECUTE FUNCTION refuse_skipped_version('{thing}')")
        op.execute(f"CREATE CONSTRAINT TRIGGER every_version_on_the_trail "
                   f"AFTER INSERT OR UPDATE OF version ON {table} DEFERRABLE INITIALLY DEFERRED "
                   f"FOR EACH ROW EXECUTE FUNCTION demand_trail_line('{thing}')")
        op.execute(f"CREATE TRIGGER never_deleted BEFORE DELETE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION refuse_change()")
    op.execute("CREATE TRIGGER no_interested_inspector BEFORE INSERT ON seats "
               "FOR EACH ROW EXECUTE FUNCTION refuse_interested_inspector()")


def downgrade() -> None:
    op.execute("DROP TRIGGER no_interested_inspector ON seats")
    for table in MOVING:
        for name in ("never_deleted", "every_version_on_the_trail", "one_version_a_move"):
            op.execute(f"DROP TRIGGER {name} ON {table}")
    for table in INSERT_ONLY:
        op.execute(f"DROP TRIGGER never_truncated ON {table}")
        op.execute(f"DROP TRIGGER insert_only ON {table}")
    for name in ("refuse_change", "refuse_skipped_version", "demand_trail_line",
                 "refuse_interested_inspector"):
        op.execute(f"DROP FUNCTION {name}()")
