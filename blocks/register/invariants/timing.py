"""Clocks: each that a move started runs, each that a move met has ended (G2, G5).

The moves on the trail are replayed by the table of moves; only the clock of recording counts from the
visit's day, not from a move.
"""

from blocks.register.invariants.asking import Invariant

_RUNNING = """
    , changes AS (SELECT t.thing, t.thing_id, t.scheme_id, t.version, c.clock, c.runs FROM trail t
        JOIN moves m ON m.thing = t.thing AND m.label = t.label AND m.target = t.target
            AND m.source IS NOT DISTINCT FROM t.source
        CROSS JOIN LATERAL (SELECT unnest(m.meets) AS clock, false AS runs UNION ALL SELECT unnest(m.starts), true) c),
    running AS (SELECT * FROM (SELECT DISTINCT ON (thing, thing_id, clock) * FROM changes
            ORDER BY thing, thing_id, clock, version DESC, runs DESC) last
        WHERE runs AND clock <> 'recording' UNION ALL
        SELECT 'check', c.id, v.scheme_id, c.version, 'recording', true
        FROM checks c JOIN visits v ON v.id = c.visit_id
        WHERE c.stage = 'planned' AND (v.day IS NOT NULL OR EXISTS (SELECT FROM trail t
            WHERE t.thing = 'check' AND t.thing_id = c.id AND t.label = '退回补正'))),
    ended AS (SELECT r.thing, r.thing_id, r.clock FROM running r JOIN schemes s ON s.id = r.scheme_id
        WHERE s.stage = 'cancelled' AND r.thing <> 'letter'
        UNION ALL SELECT r.thing, r.thing_id, r.clock FROM running r
        JOIN checks c ON r.thing = 'check' AND c.id = r.thing_id
        JOIN visits v ON v.id = c.visit_id WHERE v.stage = 'replaced'),
    open AS (SELECT * FROM dues WHERE met_at IS NULL)"""

INVARIANTS = (
    Invariant("clocks_run", "G2", "每件待办的事都有它的期限在走", f"""{_RUNNING}
        SELECT r.thing, r.thing_id, '期限' || r.clock || '没有在走' FROM running r
        LEFT JOIN open o ON o.thing = r.thing AND o.thing_id = r.thing_id AND o.clock = r.clock
        LEFT JOIN schemes s ON s.id = r.scheme_id
        WHERE o.id IS NULL AND (s.stage = 'cancelled') IS NOT TRUE AND NOT EXISTS (SELECT FROM ended e
            WHERE e.thing = r.thing AND e.thing_id = r.thing_id AND e.clock = r.clock)"""),
    Invariant("clocks_end", "G2", "办完的事没有期限还在走", f"""{_RUNNING}
        SELECT o.thing, o.thing_id, '期限' || o.clock || '（' || o.due_on || '）还在走' FROM open o
        LEFT JOIN running r ON r.thing = o.thing AND r.thing_id = o.thing_id AND r.clock = o.clock
        LEFT JOIN ended e ON e.thing = o.thing AND e.thing_id = o.thing_id AND e.clock = o.clock
        WHERE r.clock IS NULL OR e.clock IS NOT NULL"""),
    Invariant("clocks_kept", "G5", "每个开始过的期限都记着，没有被抹去", """
        SELECT t.thing, t.thing_id, '期限' || c.clock || '没有记录' FROM trail t
        JOIN moves m ON m.thing = t.thing AND m.label = t.label AND m.target = t.target
            AND m.source IS NOT DISTINCT FROM t.source
        CROSS JOIN LATERAL unnest(m.starts) c(clock)
        WHERE NOT EXISTS (SELECT FROM dues d
            WHERE d.thing = t.thing AND d.thing_id = t.thing_id AND d.clock = c.clock)"""),
    Invariant("one_clock", "G5", "一件事的同一期限只走一个，到期日不早于起算日", """
        SELECT thing, thing_id, '期限' || clock || '有' || count(*) || '个在走' FROM dues WHERE met_at IS NULL
        GROUP BY thing, thing_id, clock HAVING count(*) > 1
        UNION ALL SELECT thing, thing_id, '期限' || clock || '自' || started_on || '至' || due_on FROM dues
        WHERE due_on < started_on"""),
    Invariant("clocks_of_things", "G5", "每个期限都属于一件在登记库里的事和它的方案", """
        SELECT d.thing, d.thing_id, '期限' || d.clock || '（编号' || d.id || '）' FROM dues d
        WHERE NOT EXISTS (SELECT FROM things WHERE things.thing = d.thing AND things.id = d.thing_id)
            OR d.scheme_id IS DISTINCT FROM (SELECT t.scheme_id FROM trail t WHERE t.thing = d.thing
                AND t.thing_id = d.thing_id ORDER BY t.version LIMIT 1)"""),
    Invariant("recounted", "G5", "改过的期限有重算的留痕，现在的到期日就是最后一次重算的", """
        SELECT d.thing, d.thing_id, '期限' || d.clock || '现为' || d.due_on || '，重算为' || r.now_on
        FROM (SELECT DISTINCT ON (due_id) due_id, now_on, stage_since FROM recounts ORDER BY due_id, id DESC) r
        JOIN dues d ON d.id = r.due_id
        WHERE d.due_on <> r.now_on AND d.started_on <= (r.stage_since AT TIME ZONE 'Asia/Shanghai')::date
            AND NOT EXISTS (SELECT FROM trail t JOIN moves m ON m.thing = t.thing AND m.label = t.label
                WHERE t.thing = d.thing AND t.thing_id = d.thing_id AND t.at > r.stage_since
                AND d.clock = ANY(m.starts))"""),
)
