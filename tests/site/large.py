"""A register with very many recorded results, made by PostgreSQL itself; private data in every column."""

from datetime import date

from sqlalchemy import text

from blocks.register.database import transaction
from blocks.rules.uscc import check_character, organisation_check_character

# In each person's row stands something that must never be public.
PLANTED = ("13912345678", "440105199003071235", "6222021234567890128", "机密线索", "欧阳某某", "样例路88号")
FILL = """
INSERT INTO targets (uscc, name, county_code, address, kind, risk_class, status,
                     legal_representative, on_abnormal_list, on_serious_list, complaints, penalties)
SELECT uscc,
       (ARRAY['揭阳市', '普宁市', '惠来县', '揭西县', '榕城区', '揭东区'])[1 + n %% 6]
         || chr((19968 + n %% 4000)::int) || chr((20500 + n * 7 %% 3000)::int) || chr((21000 + n * 13 %% 2000)::int)
         || (ARRAY['旅馆', '餐饮', '贸易', '检测'])[1 + n %% 4] || '有限公司',
       '44520' || (n %% 5 + 1), '样例路88号，电话13912345678', '旅馆', 'B', '存续',
       '欧阳某某440105199003071235', false, false, 0, 0
FROM unnest(CAST(:codes AS text[])) WITH ORDINALITY AS each (uscc, n);
INSERT INTO visits (scheme_id, draw_id, target_id, candidate_id, stratum, rank, notice_code, stage, version,
                    stage_since, moved_by_id)
SELECT s.id, w.id, t.id, t.uscc, 'B', row_number() OVER (), 'many' || t.id, 'done', 1, now(), s.moved_by_id
FROM targets t, schemes s JOIN draws w ON w.scheme_id = s.id WHERE t.legal_representative LIKE '欧阳%%';
INSERT INTO checks (visit_id, department_id, item_codes, record_number, stage, version, stage_since, moved_by_id)
SELECT v.id, s.lead_id, s.lead_items, 1, 'reviewed', 1, now(), s.moved_by_id
FROM visits v JOIN schemes s ON s.id = v.scheme_id WHERE v.notice_code LIKE 'many%%';
INSERT INTO check_records (check_id, number, category, finding, answers, inspected_on, made_on,
                           recorded_by_id, confirmed_by_id, verdict, reviewed_by_id, reviewed_at,
                           correction_reason, review_reason)
SELECT c.id, 1, (ARRAY['no_problem', 'problem_pending', 'unreachable'])[1 + c.id %% 3],
       '机密线索：经营者欧阳某某，卡号6222021234567890128', '{}', :day, :day,
       people.a, people.b, 'reviewed', people.c, now(), '欧阳某某说明', '见13912345678'
FROM checks c JOIN visits v ON v.id = c.visit_id,
     (SELECT min(id) AS a, min(id) + 1 AS b, min(id) + 2 AS c FROM accounts) people
WHERE v.notice_code LIKE 'many%%';
"""


SPREAD = """
INSERT INTO schemes SELECT (jsonb_populate_record(s, jsonb_build_object(
    'id', s.id + n, 'code', left(s.code, 5) || 900 + n, 'name', s.name || '之' || n))).*
FROM schemes s, generate_series(1, :more) n;
UPDATE visits SET scheme_id = scheme_id + id % (:more + 1) WHERE notice_code LIKE 'many%'
"""


def spread(more: int) -> None:
    """Let the results filled in belong to so many further schemes too, as a city's two years do.

    These have the first one's draw; who publishes does not ask for more.
    """
    with transaction() as session:
        session.execute(text("SET session_replication_role = replica"))
        for statement in SPREAD.split(";\n"):
            session.execute(text(statement), {"more": more})
        session.execute(text("SET session_replication_role = DEFAULT"))


def code(number: int) -> str:
    """Return a code that is right in both its check characters, of no company that there is."""
    body = f"{number * 7919 % 100_000_000:08}"
    first = f"91445200{body}{organisation_check_character(body)}"
    return first + check_character(first)


def fill(number: int, day: date, *, reviewed: bool = True) -> list[int]:
    """Fill the register of a drawn scheme with so many results, reviewed or waiting for it; return the checks' ids.

    They came past the one door: their first version has no line on the trail.
    """
    codes = [code(each) for each in range(1, number + 1)]
    with transaction() as session:
        session.execute(text("SET session_replication_role = replica"))
        for statement in FILL.replace("%%", "%").split(";\n"):
            if statement.strip():
                session.execute(text(statement), {"codes": codes, "day": day})
        if not reviewed:
            session.execute(text("UPDATE checks SET stage = 'recorded' FROM visits v WHERE v.id = visit_id "
                                 "AND v.notice_code LIKE 'many%'"))
            session.execute(text("UPDATE check_records r SET verdict = NULL, reviewed_by_id = NULL, "
                                 "reviewed_at = NULL FROM checks c JOIN visits v ON v.id = c.visit_id "
                                 "WHERE c.id = r.check_id AND v.notice_code LIKE 'many%'"))
        session.execute(text("SET session_replication_role = DEFAULT"))
        return list(session.scalars(text(
            "SELECT c.id FROM checks c JOIN visits v ON v.id = c.visit_id WHERE v.notice_code LIKE 'many%' "
            "ORDER BY c.id")))
