"""The draw: one that counts, sealed before its randomness, carried out as it came out (G3, G4, G15)."""

from blocks.register.invariants.asking import Invariant

_RESULT = """
    , files AS (SELECT draw_id, convert_from(string_agg(content, ''::bytea ORDER BY part), 'UTF8')::jsonb AS content
        FROM draw_files WHERE name = 'result.json' GROUP BY draw_id),
    entries AS (SELECT f.draw_id, s ->> 'code' AS stratum, e ->> 'id' AS candidate_id,
            (e ->> 'rank')::bigint AS rank, list = 'reserves' AS is_reserve
        FROM files f, jsonb_array_elements(f.content -> 'strata') s, (VALUES ('drawn'), ('reserves')) l(list),
            jsonb_array_elements(s -> list) e)"""
_CHOSEN = """
    , lists AS (SELECT h.scheme_id, e ->> 'uscc' AS candidate_id FROM drawn_there h,
            jsonb_array_elements(h.content) e WHERE h.decides),
    chosen AS (SELECT d.id AS draw_id, d.scheme_id, t.candidate_id FROM draws d
            JOIN draw_tickets t ON t.draw_id = d.id AND NOT t.is_reserve
            WHERE d.stage = 'drawn' AND d.scheme_id NOT IN (SELECT scheme_id FROM lists)
        UNION ALL SELECT d.id, d.scheme_id, l.candidate_id FROM lists l
            JOIN draws d ON d.scheme_id = l.scheme_id AND d.stage = 'drawn')"""
_MOVED_ON = "('drawn', 'dispatched', 'staffed', 'in_field', 'concluded', 'publicised')"

INVARIANTS = (
    Invariant("one_draw", "G3", "抽取完成的方案恰有一次有效的抽取，任何方案最多一次", f"""
        SELECT 'scheme', s.id, '有效的抽取' || count(d.id) || '次' FROM schemes s
        LEFT JOIN draws d ON d.scheme_id = s.id AND d.stage <> 'void' GROUP BY s.id, s.stage
        HAVING count(d.id) > 1 OR (s.stage IN {_MOVED_ON} AND
            (count(d.id) <> 1 OR bool_or(d.stage <> 'drawn')))"""),
    Invariant("draw_numbers", "G3", "一个方案历次抽取的次序没有缺口", """
        SELECT 'scheme', scheme_id, '抽取' || count(*) || '次，编号到' || max(number) FROM draws
        GROUP BY scheme_id HAVING max(number) <> count(*) OR count(DISTINCT number) <> count(*)"""),
    Invariant("draw_files", "G3", "封存、结果和作废各有公开的文件，并记在全市抽取的链上", """
        SELECT 'draw', d.id, w.kind || '没有文件或没有上链' FROM draws d
        JOIN schemes s ON s.id = d.scheme_id
        JOIN (VALUES ('sealed', 'seal.json'), ('drawn', 'result.json'), ('void', 'void.json')) w(kind, name)
            ON CASE w.kind WHEN 'sealed' THEN d.seal IS NOT NULL WHEN 'void' THEN d.stage = 'void'
               ELSE d.base IS NOT NULL OR d.stage = 'drawn' END
        WHERE NOT EXISTS (SELECT FROM draw_files f WHERE f.draw_id = d.id AND f.name = w.name AND f.public)
            OR (SELECT count(*) FROM chain c WHERE c.line ->> 'scheme' = s.code AND c.line ->> 'kind' = w.kind
                AND (c.line ->> 'draw_number')::bigint = d.number) <> 1"""),
    Invariant("seal_first", "G3", "先封存，后有随机数：没有一个值在封存之前给出或公布", """
        SELECT 'draw', d.id, s.kind || ' ' || s.locator || ' 不在封存之后' FROM draws d
        JOIN draw_sources s ON s.draw_id = d.id
        WHERE (s.value IS NOT NULL AND (d.sealed_at IS NULL OR coalesce(s.given_at < d.sealed_at, false)))
            OR (d.sealed_at IS NOT NULL AND (s.due_at IS NULL OR s.due_at <= d.sealed_at))"""),
    Invariant("typed_by_two", "G3", "公开数字和骰子由两人录入一致才用", """
        SELECT 'draw', d.id, s.locator || ' 没有由两人录入' FROM draws d JOIN draw_sources s ON s.draw_id = d.id
        WHERE s.kind IN ('typed', 'dice') AND (s.confirmed_by_id = s.typed_by_id
            OR (d.base IS NOT NULL AND (s.typed_by_id IS NULL OR s.confirmed_by_id IS NULL)))"""),
    Invariant("seal_told", "G3", "封存的摘要就是留痕上的那一个", """
        SELECT 'draw', d.id, '封存摘要' || coalesce(d.seal, '无') FROM draws d LEFT JOIN trail t
            ON t.thing = 'draw' AND t.thing_id = d.id AND t.label = '封存'
        WHERE d.seal IS DISTINCT FROM t.details ->> 'seal'"""),
    Invariant("tickets", "G4", "登记的签与公开的抽取结果逐支相同", f"""{_RESULT}
        SELECT 'draw', coalesce(e.draw_id, t.draw_id), '签 ' || coalesce(e.candidate_id, t.candidate_id)
        FROM entries e FULL JOIN draw_tickets t USING (draw_id, candidate_id)
        WHERE (e.stratum, e.rank, e.is_reserve) IS DISTINCT FROM (t.stratum, t.rank, t.is_reserve)"""),
    Invariant("ticket_targets", "G4", "每支签上的企业就是这个代码的企业", """
        SELECT 'draw', t.draw_id, '签 ' || t.candidate_id FROM draw_tickets t
        LEFT JOIN targets g ON g.id = t.target_id WHERE g.uscc IS DISTINCT FROM t.candidate_id"""),
    Invariant("visits_drawn", "G4", "每次检查都来自有效抽取的一支签或平台的名单，递补的来自备选", f"""{_CHOSEN}
        SELECT 'visit', v.id, '企业' || v.target_id || '，签 ' || v.candidate_id FROM visits v
        LEFT JOIN draw_tickets t ON t.draw_id = v.draw_id AND t.candidate_id = v.candidate_id
        LEFT JOIN draws d ON d.id = v.draw_id LEFT JOIN targets g ON g.id = v.target_id
        LEFT JOIN chosen c ON c.draw_id = v.draw_id AND c.candidate_id = v.candidate_id
        WHERE d.scheme_id IS DISTINCT FROM v.scheme_id OR d.stage <> 'drawn' OR g.uscc IS DISTINCT FROM v.candidate_id
            OR (v.replaces_id IS NULL) <> (c.draw_id IS NOT NULL)
            OR ((v.replaces_id IS NOT NULL OR v.scheme_id NOT IN (SELECT scheme_id FROM lists))
                AND (t.stratum, t.rank, t.is_reserve) IS DISTINCT FROM
                    (v.stratum, v.rank, v.replaces_id IS NOT NULL))"""),
    Invariant("drawn_visited", "G3", "每家抽中的企业恰有一次检查，备选的最多一次", f"""{_CHOSEN}
        SELECT 'draw', c.draw_id, '抽中的 ' || c.candidate_id || ' 没有检查' FROM chosen c
        JOIN schemes s ON s.id = c.scheme_id AND s.stage IN {_MOVED_ON}
        WHERE NOT EXISTS (SELECT FROM visits v WHERE v.draw_id = c.draw_id AND v.candidate_id = c.candidate_id)
        UNION ALL SELECT 'draw', draw_id, '抽中的 ' || candidate_id || ' 有检查' || count(*) || '次' FROM visits
        GROUP BY draw_id, candidate_id HAVING count(*) > 1"""),
    Invariant("successors", "G3", "递补按封存的备选顺序，不跳过，一家被递补的只有一家接替", """
        SELECT 'visit', v.id, '备选第' || v.rank || '位先于第' || t.rank || '位' FROM visits v
        JOIN draw_tickets t ON t.draw_id = v.draw_id AND t.stratum = v.stratum AND t.is_reserve AND t.rank < v.rank
        WHERE v.replaces_id IS NOT NULL AND NOT EXISTS (SELECT FROM visits u
            WHERE u.draw_id = v.draw_id AND u.candidate_id = t.candidate_id)
        UNION ALL SELECT 'visit', v.replaces_id, '没有被递补，或有' || count(*) || '家接替' FROM visits v
        JOIN visits gone ON gone.id = v.replaces_id GROUP BY v.replaces_id
        HAVING count(*) > 1 OR bool_or(gone.stage <> 'replaced')"""),
    Invariant("caps", "G15", "封存时检查已满次数的企业没有被抽中", """
        , made AS (SELECT v.target_id, coalesce(v.merged_with_id, v.id) AS visit, r.inspected_on, r.recorded_at
            FROM visits v JOIN checks c ON c.visit_id = v.id JOIN check_records r ON r.check_id = c.id)
        SELECT 'visit', v.id, '封存时本年已查' || count(DISTINCT m.visit) || '次' FROM visits v
        JOIN draws d ON d.id = v.draw_id JOIN schemes s ON s.id = v.scheme_id
        JOIN made m ON m.target_id = v.target_id AND m.recorded_at < d.sealed_at
            AND extract(year FROM m.inspected_on) = extract(year FROM s.window_start)
        GROUP BY v.id, s.id
        HAVING count(DISTINCT m.visit) >= (s.regulation ->> 'max_visits_per_business_per_year')::bigint"""),
)
