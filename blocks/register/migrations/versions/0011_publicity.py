"""Publicity: what was published stands in the register; a role that can read nothing private."""

import hashlib
import json
from datetime import date
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from blocks import settings
from blocks.errors import NotAnswering

revision = "0011"
down_revision = "0010"

ROLE = """
DO $$ BEGIN
    CREATE ROLE choucha_publisher NOLOGIN;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
GRANT choucha_publisher TO CURRENT_USER;
"""

# A household is registered under its owner's name where it has no name of its own: then it has none
# in public. Others of that kind with two or three characters are taken for a person's name, too.
PUBLIC_NAME = """
CREATE FUNCTION public_name(name text, representative text, uscc text) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN replace(name, ' ', '') = replace(representative, ' ', '')
                  OR (uscc LIKE '92%%' AND name ~ '^[一-龥·]{2,3}$')
                THEN '个体工商户（以经营者姓名登记，姓名不公开）' ELSE name END
$$
"""

VIEWS = {
    "public_results": """
        SELECT c.id AS check_id, r.number, v.scheme_id,
               public_name(t.name, t.legal_representative, t.uscc) AS business, t.uscc,
               p.year || '-' || p.area AS plan_id, p.title AS plan_name,
               s.code AS scheme_code, s.name AS scheme_title, s.draw_kind, l.name AS lead,
               d.name AS authority, c.item_codes, s.catalogue_edition, r.category, r.inspected_on,
               r.made_on
        FROM check_records r JOIN checks c ON c.id = r.check_id JOIN visits v ON v.id = c.visit_id
        JOIN targets t ON t.id = v.target_id JOIN schemes s ON s.id = v.scheme_id
        JOIN departments l ON l.id = s.lead_id JOIN departments d ON d.id = c.department_id
        LEFT JOIN annual_plans p ON p.id = s.annual_plan_id
        WHERE r.verdict = 'reviewed'""",
    "public_schemes": """
        SELECT s.id, s.code, s.name, s.draw_kind, s.lead_id, s.participant_ids, s.window_start,
               s.window_end, s.stage, s.mode
        FROM schemes s
        WHERE s.stage IN ('approved', 'drawn', 'dispatched', 'staffed', 'in_field', 'concluded',
                          'publicised')
           OR (s.stage = 'cancelled' AND EXISTS (
               SELECT 1 FROM draws w WHERE w.scheme_id = s.id AND w.seal IS NOT NULL))""",
    "public_draws": """
        SELECT id, scheme_id, number, hash_name, stage, seal, sealed_at, stage_since
        FROM draws WHERE stage <> 'announced' AND seal IS NOT NULL""",
    "public_draw_files": """
        SELECT draw_id, name, part, content FROM draw_files WHERE public""",
    "public_open_clocks": """
        SELECT s.id AS scheme_id, s.code AS scheme_code, s.name AS scheme_title, d.name AS authority,
               u.due_on
        FROM dues u JOIN schemes s ON s.id = u.scheme_id JOIN departments d ON d.id = u.department_id
        WHERE u.clock = 'publicity' AND u.met_at IS NULL""",
    "public_plans": """
        SELECT id, year, area, number, title, content, published_at, stage
        FROM annual_plans WHERE stage <> 'drafted'""",
}
GRANTS = """
GRANT SELECT ON public_results, public_schemes, public_draws, public_draw_files, public_open_clocks, public_plans,
    publications, public_businesses, search_grams, chain, item_versions, inspection_items
    TO choucha_publisher;
GRANT SELECT (id, code, name, short_name) ON departments TO choucha_publisher;
GRANT SELECT (number, made_at) ON catalogue_editions TO choucha_publisher;
"""


def upgrade() -> None:
    op.add_column("checks", sa.Column("withholding", sa.Text()))
    for name in ("withholding_asked_by_id", "withheld_by_id"):
        op.add_column("checks", sa.Column(name, sa.BigInteger()))
        op.create_foreign_key(f"fk_checks_{name}", "checks", "accounts", [name], ["id"])
    op.create_check_constraint(
        op.f("ck_checks_withheld_on_a_ground"), "checks",
        "stage NOT IN ('withheld','withdrawn') OR (withholding IS NOT NULL AND withheld_by_id IS NOT NULL)")
    op.create_check_constraint(op.f("ck_checks_withheld_by_two"), "checks",
                               "withheld_by_id <> withholding_asked_by_id")
    _publications()
    _search()
    op.execute(ROLE)
    op.execute(PUBLIC_NAME.replace("%%", "%"))
    for name, query in VIEWS.items():
        op.execute(f"CREATE VIEW {name} AS {query}")
    op.execute(GRANTS)


def _publications() -> None:
    op.add_column("publications", sa.Column("act", sa.Text(), nullable=False,
                                            server_default="published"))
    op.alter_column("publications", "act", server_default=None)
    for name, kind in {"content": JSONB(), "scheme_id": sa.BigInteger(), "uscc": sa.Text(),
                       "day": sa.Date()}.items():
        op.add_column("publications", sa.Column(name, kind))
    op.execute("ALTER TABLE publications DISABLE TRIGGER insert_only")
    _fill(op.get_bind())
    op.execute("ALTER TABLE publications ENABLE TRIGGER insert_only")
    for name in ("content", "scheme_id", "day"):
        op.alter_column("publications", name, nullable=False)
    op.create_foreign_key("fk_publications_scheme_id", "publications", "schemes", ["scheme_id"], ["id"])
    op.drop_constraint("uq_publications_check_id_record_number", "publications")
    op.create_unique_constraint("uq_publications_check_id_record_number_act", "publications",
                                ["check_id", "record_number", "act"])
    op.create_check_constraint(op.f("ck_publications_act"), "publications",
                               "act IN ('published','withdrawn','withheld')")
    for column in ("uscc", "scheme_id", "day"):
        op.create_index(f"ix_publications_{column}", "publications", [column])


def _fill(connection: sa.Connection) -> None:
    """What was published before now stands in the register, too: as the files say it, by their hash."""
    for id_, path, sha256, at in connection.execute(sa.text(
            "SELECT id, path, sha256, read_back_at FROM publications")).all():
        content = _published(path)
        if hashlib.sha256(content).hexdigest() != sha256:
            raise NotAnswering(f"公示文件 {path} 不在或与登记的摘要不符，登记库没有升级",
                               "请从备份恢复状态目录下的 public 文件夹再升级")
        connection.execute(sa.text(
            "UPDATE publications SET content = CAST(:content AS jsonb), uscc = :uscc, day = :day, "
            "scheme_id = (SELECT v.scheme_id FROM checks c JOIN visits v ON v.id = c.visit_id "
            "WHERE c.id = check_id) WHERE id = :id"), {
            "content": content.decode(), "uscc": json.loads(content)["uscc"], "id": id_,
            "day": _day(at)})


def _published(path: str) -> bytes:
    file: Path = settings.state_dir() / "public" / path
    return file.read_bytes() if file.is_file() else b""


def _day(at: object) -> date:
    return at.astimezone(settings.SHANGHAI).date()


def _search() -> None:
    op.create_table(
        "public_businesses", sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("uscc", sa.Text(), nullable=False), sa.Column("names", ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_public_businesses"),
        sa.UniqueConstraint("uscc", name="uq_public_businesses_uscc"))
    op.create_table(
        "search_grams", sa.Column("gram", sa.Text(), nullable=False),
        sa.Column("shard", sa.BigInteger(), nullable=False),
        sa.Column("numbers", ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gram", name="pk_search_grams"))
    op.create_index("ix_search_grams_shard", "search_grams", ["shard"])


def downgrade() -> None:
    for name in VIEWS:
        op.execute(f"DROP VIEW {name}")
    op.execute("DROP FUNCTION public_name(text, text, text)")
    op.drop_table("search_grams")
    op.drop_table("public_businesses")
    op.execute("REVOKE ALL ON ALL TABLES IN SCHEMA public FROM choucha_publisher")
    for name in ("act", "content", "scheme_id", "uscc", "day"):
        op.drop_column("publications", name)
    for name in ("withholding", "withholding_asked_by_id", "withheld_by_id"):
        op.drop_column("checks", name)
