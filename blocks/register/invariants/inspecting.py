"""Who inspects what: assignments, seats, recusals, records and their reviews (G7, G15)."""

from blocks.register.invariants.asking import Invariant

_IN_THE_FIELD = "('staffed', 'in_field', 'concluded', 'publicised')"

INVARIANTS = (
    Invariant("assignments", "G1", "派发之后，每个参与部门恰有一份任务，别的部门没有", """
        SELECT 'scheme', s.id, '部门' || coalesce(p.id, a.department_id) || '有任务' || count(a.id) || '份'
        FROM schemes s CROSS JOIN LATERAL unnest(s.participant_ids) p(id)
        FULL JOIN assignments a ON a.scheme_id = s.id AND a.department_id = p.id
        WHERE s.id IS NULL OR a.id IS NOT NULL
            OR s.stage IN ('dispatched', 'staffed', 'in_field', 'concluded', 'publicised')
        GROUP BY s.id, p.id, a.department_id HAVING count(a.id) <> 1 OR s.id IS NULL"""),
    Invariant("all_answered", "G1", "人员配齐的方案没有悬着的任务", f"""
        SELECT 'assignment', a.id, '方案已' || s.stage || '，任务还是' || a.stage
        FROM assignments a JOIN schemes s ON s.id = a.scheme_id
        WHERE s.stage IN {_IN_THE_FIELD} AND a.stage NOT IN ('staffed', 'withdrawn')"""),
    Invariant("checks_of_visits", "G1", "配齐之后，每次检查里每个参加的部门恰有一份", f"""
        , parties AS (SELECT id AS scheme_id, lead_id AS department_id FROM schemes
            UNION ALL SELECT scheme_id, department_id FROM assignments WHERE stage = 'staffed')
        SELECT 'visit', v.id, '部门' || p.department_id || '有' || count(c.id) || '份'
        FROM visits v JOIN schemes s ON s.id = v.scheme_id AND s.stage IN {_IN_THE_FIELD}
        JOIN parties p ON p.scheme_id = s.id
        LEFT JOIN checks c ON c.visit_id = v.id AND c.department_id = p.department_id
        WHERE v.stage <> 'replaced' GROUP BY v.id, p.department_id HAVING count(c.id) <> 1"""),
    Invariant("one_place_at_a_time", "G15", "没有检查人员同一半天在两处", """
        SELECT 'inspector', inspector_id, day || ' ' || half || '有席位' || string_agg(id::text, '、' ORDER BY id)
        FROM seats WHERE vacated_at IS NULL AND shares_id IS NULL AND day IS NOT NULL
        GROUP BY inspector_id, day, half HAVING count(*) > 1"""),
    Invariant("shared_seats", "G15", "合并上门的席位与它合用的席位同人、同时", """
        SELECT 'seat', s.id, '合用席位' || s.shares_id FROM seats s LEFT JOIN seats o ON o.id = s.shares_id
        WHERE s.shares_id IS NOT NULL AND s.vacated_at IS NULL AND (o.vacated_at IS NOT NULL OR
            (s.inspector_id, s.day, s.half) IS DISTINCT FROM (o.inspector_id, o.day, o.half))"""),
    Invariant("seat_times", "G15", "席位的时间就是那次检查的时间", """
        SELECT 'seat', s.id, coalesce(s.day || ' ' || s.half, '没有时间') || '，检查在'
            || coalesce(v.day || ' ' || v.half, '未定') FROM seats s
        JOIN checks c ON c.id = s.check_id JOIN visits v ON v.id = c.visit_id
        WHERE s.vacated_at IS NULL AND (s.day, s.half) IS DISTINCT FROM (v.day, v.half)"""),
    Invariant("one_leader", "G1", "一份检查里没有重复的席位，也没有两名主检人员", """
        SELECT 'check', check_id, '席位' || count(*) || '个，主检' || count(*) FILTER (WHERE leads) || '名' FROM seats
        WHERE vacated_at IS NULL GROUP BY check_id
        HAVING count(*) <> count(DISTINCT inspector_id) OR count(*) FILTER (WHERE leads) > 1"""),
    Invariant("recused", "G7", "回避的人不再坐在这家企业的检查里", """
        SELECT 'recusal', r.id, '检查人员' || own.inspector_id || '还有席位' || s.id FROM recusals r
        JOIN seats own ON own.id = r.seat_id JOIN checks c ON c.id = own.check_id
        JOIN checks beside ON beside.visit_id = c.visit_id
        JOIN seats s ON s.check_id = beside.id AND s.inspector_id = own.inspector_id AND s.vacated_at IS NULL
        WHERE r.stage = 'granted'"""),
    Invariant("replaced_person", "G7", "同意换人的席位已经空出", """
        SELECT 'absence', a.id, '席位' || a.seat_id || '没有空出' FROM absences a JOIN seats s ON s.id = a.seat_id
        WHERE a.stage = 'confirmed' AND s.vacated_at IS NULL"""),
    Invariant("suspended", "G7", "申请回避之后、决定之前，本人暂停参加；决定之后不再暂停", """
        , asked AS (SELECT own.inspector_id, coalesce(v.merged_with_id, v.id) AS visit FROM recusals r
            JOIN seats own ON own.id = r.seat_id JOIN checks c ON c.id = own.check_id
            JOIN visits v ON v.id = c.visit_id WHERE r.stage IN ('claimed', 'reconsidered'))
        SELECT 'seat', s.id, CASE WHEN s.suspended THEN '没有人申请回避，却暂停' ELSE '已申请回避，却没有暂停' END
        FROM seats s JOIN checks c ON c.id = s.check_id JOIN visits v ON v.id = c.visit_id
        WHERE s.vacated_at IS NULL AND s.suspended <> EXISTS (SELECT FROM asked a
            WHERE a.inspector_id = s.inspector_id AND a.visit = coalesce(v.merged_with_id, v.id))"""),
    Invariant("vacated", "G1", "递补掉的检查和取消的方案里没有人还坐着", """
        SELECT 'seat', s.id, '检查' || v.id || '已' || CASE WHEN v.stage = 'replaced' THEN '递补' ELSE '取消' END
        FROM seats s JOIN checks c ON c.id = s.check_id JOIN visits v ON v.id = c.visit_id
        JOIN schemes m ON m.id = v.scheme_id
        WHERE s.vacated_at IS NULL AND (v.stage = 'replaced' OR m.stage = 'cancelled')"""),
    Invariant("record_numbers", "G12", "检查记录一版不缺，最后一版就是检查所说的版号", """
        SELECT 'check', c.id, '版号' || c.record_number || '，记录' || count(r.id) || '版' FROM checks c
        LEFT JOIN check_records r ON r.check_id = c.id GROUP BY c.id, c.record_number
        HAVING count(r.id) <> c.record_number OR coalesce(max(r.number), 0) <> c.record_number
            OR count(DISTINCT r.number) <> c.record_number"""),
    Invariant("record_people", "G7", "填报、确认、审核是三个人", """
        SELECT 'check', check_id, '第' || number || '版：' || concat_ws('、', recorded_by_id, confirmed_by_id,
            reviewed_by_id) FROM check_records
        WHERE recorded_by_id = confirmed_by_id OR reviewed_by_id IN (recorded_by_id, confirmed_by_id)
            OR (verdict IS NULL) <> (reviewed_by_id IS NULL)"""),
    Invariant("recorded_by_the_drawn", "G7", "第一次的记录由抽定的两名检查人员填报、确认", """
        SELECT 'check', r.check_id, '第' || r.number || '版：账号' || a.id || '没有被抽定' FROM check_records r
        JOIN accounts a ON a.id IN (r.recorded_by_id, r.confirmed_by_id)
        WHERE r.correction_reason IS NULL AND NOT EXISTS (SELECT FROM seats s
            WHERE s.check_id = r.check_id AND s.inspector_id = a.inspector_id)"""),
    Invariant("record_moves", "G1", "每一版记录的填报、确认和审核都在留痕中", """
        , told AS (SELECT thing_id, count(*) FILTER (WHERE label IN ('审核通过', '审核更正')) AS passed,
                count(*) FILTER (WHERE label IN ('退回补正', '退回更正')) AS returned
            FROM trail WHERE thing = 'check' GROUP BY thing_id),
        held AS (SELECT check_id, count(*) FILTER (WHERE verdict = 'reviewed') AS passed,
                count(*) FILTER (WHERE verdict = 'returned') AS returned FROM check_records GROUP BY check_id)
        SELECT 'check', c.id, '记录通过' || coalesce(h.passed, 0) || '版，留痕' || coalesce(t.passed, 0) || '条'
        FROM checks c LEFT JOIN told t ON t.thing_id = c.id LEFT JOIN held h ON h.check_id = c.id
        WHERE (coalesce(t.passed, 0), coalesce(t.returned, 0)) IS DISTINCT FROM
              (coalesce(h.passed, 0), coalesce(h.returned, 0))"""),
    Invariant("done_visits", "G1", "一次检查的各部门都确认了记录，它才算完成", """
        SELECT 'visit', v.id, v.stage || '，还有' || count(*) FILTER (WHERE c.record_number = 0) || '份没有填报'
        FROM visits v JOIN checks c ON c.visit_id = v.id WHERE v.stage = 'done'
        GROUP BY v.id HAVING bool_or(c.record_number = 0)"""),
)
