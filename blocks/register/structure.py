"""Whether the database is built as the migrations build it: nothing dropped, switched off or added.

The migrations run once more in a schema of their own, in a transaction that is taken back; then the
two catalogues are compared, so there is no list of constraints to keep.
"""

import secrets

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, pool, text

from blocks import settings
from blocks.register.published import ROLE
from blocks.register.upgrade import configuration

HERE = "current_schema()::regnamespace"
CATALOGUE = f"""
WITH ours AS (SELECT oid, relname, relacl, relkind FROM pg_class WHERE relnamespace = {HERE}
    AND relkind IN ('r', 'v', 'S') AND relname <> 'alembic_version')
SELECT '列 ' || relname || '.' || attname, concat_ws(' ', format_type(atttypid, atttypmod), attnotnull, attidentity,
        attstorage, pg_get_expr(adbin, adrelid)) FROM pg_attribute JOIN ours ON ours.oid = attrelid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE attnum > 0 AND NOT attisdropped AND relkind <> 'S'
UNION ALL SELECT '约束 ' || relname || '.' || conname, pg_get_constraintdef(pg_constraint.oid, true) || convalidated
    FROM pg_constraint JOIN ours ON ours.oid = conrelid WHERE contype <> 'n'
UNION ALL SELECT '索引 ' || relname || '.' || indexrelid::regclass, pg_get_indexdef(indexrelid) || indisvalid
    FROM pg_index JOIN ours ON ours.oid = indrelid
UNION ALL SELECT '触发器 ' || relname || '.' || tgname, pg_get_triggerdef(pg_trigger.oid, true) || tgenabled::text
    FROM pg_trigger JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
UNION ALL SELECT '外键触发器 ' || relname, count(*) || string_agg(DISTINCT tgenabled::text, '')
    FROM pg_trigger JOIN ours ON ours.oid = tgrelid WHERE tgisinternal GROUP BY relname
UNION ALL SELECT '函数 ' || proname, prosrc FROM pg_proc WHERE pronamespace = {HERE}
UNION ALL SELECT '视图 ' || relname, pg_get_viewdef(oid) FROM ours WHERE relkind = 'v'
UNION ALL SELECT '公示角色的权限 ' || relname, string_agg(privilege_type, ' ' ORDER BY privilege_type)
    FROM ours, aclexplode(relacl) WHERE grantee = to_regrole('{ROLE}') GROUP BY relname
UNION ALL SELECT '公示角色的权限 ' || relname || '.' || attname, string_agg(privilege_type, ' ' ORDER BY privilege_type)
    FROM pg_attribute JOIN ours ON ours.oid = attrelid, aclexplode(attacl)
    WHERE grantee = to_regrole('{ROLE}') GROUP BY relname, attname
"""
TOO_MUCH = f"SELECT rolsuper OR rolcanlogin OR rolbypassrls OR rolcreaterole FROM pg_roles WHERE rolname = '{ROLE}'"


def head() -> str:
    """Return the newest migration that this software knows."""
    return ScriptDirectory.from_config(configuration("")).get_current_head()


def revisions() -> list[str]:
    """Return every migration, the newest first."""
    return [one.revision for one in ScriptDirectory.from_config(configuration("")).walk_revisions()]


def differences() -> tuple[int, list[str]]:
    """Return how many things were compared, and what is not as the migrations make it (Chinese)."""
    with create_engine(settings.database_url(), poolclass=pool.NullPool).connect() as connection:
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if revision != head():
            return 1, [f"登记库的版本是{revision}，软件的是{head()}"]
        there = _catalogue(connection)
        too_much = connection.scalar(text(TOO_MUCH))
        wanted = _wanted(connection)
        connection.rollback()
    wrong = [f"缺少{name}" if name not in there else f"多出{name}" if name not in wanted else f"{name}与迁移所建不同"
             for name in sorted(wanted.keys() | there.keys()) if wanted.get(name) != there.get(name)]
    return len(wanted), wrong + ([f"数据库角色 {ROLE} 的权限过大"] if too_much else [])


def _wanted(connection: Connection) -> dict[str, str]:
    schema = f"choucha_{secrets.token_hex(8)}"
    connection.execute(text(f"CREATE SCHEMA {schema}"))
    connection.execute(text(f"SET LOCAL search_path TO {schema}"))
    config = configuration("")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return {name: said.replace(f"{schema}.", "") for name, said in _catalogue(connection).items()}


def _catalogue(connection: Connection) -> dict[str, str]:
    return {name: said.replace("public.", "") for name, said in connection.execute(text(CATALOGUE)).tuples()}
