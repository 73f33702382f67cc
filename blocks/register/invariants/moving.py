"""Every move stands on the trail, was lawful, and was made by somebody (G1, G7, G8, G9)."""

from blocks.register.invariants.asking import Invariant
from blocks.rules.stages import MOVES

# By column of the table of moves (`other_than`): which earlier move of the same thing set it.
SET_BY = {
    "drafter_id": ("起草", "修改", "提交审批"), "cancel_asked_by_id": ("申请取消",), "void_asked_by_id": ("申请作废",),
    "claimed_by_id": ("申请回避",), "decided_by_id": ("同意回避", "不予回避"), "reported_by_id": ("申请换人",),
    "replacement_asked_by_id": ("申请递补",), "recorded_by_id": ("填报记录", "提出更正"),
    "withholding_asked_by_id": ("申请不予公示", "申请撤下"),
}
EVER = ("drafter_id",)  # whoever set it at any time may not be the second, not only who did last


def _second_person() -> str:
    """Return the moves of a second person with the earlier ones of the first, from the table of moves."""
    pairs = sorted({(move.thing, move.label, label, column in EVER) for move in MOVES
                    for column in move.other_than for label in SET_BY.get(column, ())
                    if any(one.thing == move.thing and one.label == label for one in MOVES)})
    return ", ".join(f"('{thing}', '{second}', '{first}', {str(ever).lower()})"
                     for thing, second, first, ever in pairs)


INVARIANTS = (
    Invariant("versions", "G1", "每件事的版本号等于它的留痕条数", """
        SELECT things.thing, things.id, '现为第' || things.version || '版，留痕' || count(t.number) || '条'
        FROM things LEFT JOIN trail t ON t.thing = things.thing AND t.thing_id = things.id
        GROUP BY things.thing, things.id, things.version
        HAVING count(t.number) <> things.version OR max(t.version) IS DISTINCT FROM things.version
            OR min(t.version) IS DISTINCT FROM 1"""),
    Invariant("stages", "G1", "每件事现在的阶段和经手人就是最后一条留痕所说的", """
        SELECT things.thing, things.id, '现为' || things.stage || '，第' || t.number || '条留痕说' || t.target
        FROM things JOIN trail t ON t.thing = things.thing AND t.thing_id = things.id
            AND t.version = things.version
        WHERE t.target <> things.stage OR t.actor_id <> things.moved_by_id"""),
    Invariant("path", "G1", "每一步都从上一步到达的阶段出发", """
        SELECT thing, thing_id, '第' || number || '条留痕从' || coalesce(source, '无') || '出发，上一步到'
            || coalesce(before, '无')
        FROM (SELECT *, lag(target) OVER (PARTITION BY thing, thing_id ORDER BY version) AS before FROM trail) t
        WHERE source IS DISTINCT FROM before"""),
    Invariant("lawful", "G1", "每一步都在移动表里，由表中所列的角色办理", """
        SELECT t.thing, t.thing_id, '第' || t.number || '条留痕：' || coalesce(t.source, '无') || '→'
            || t.target || '「' || t.label || '」，' || t.role
        FROM trail t WHERE NOT EXISTS (SELECT FROM moves m WHERE m.thing = t.thing AND m.label = t.label
            AND m.source IS NOT DISTINCT FROM t.source AND m.target = t.target AND t.role = ANY(m.roles))"""),
    Invariant("known_things", "G9", "留痕所说的事都在", """
        SELECT t.thing, t.thing_id, '第' || min(t.number) || '条留痕所说的事不在登记库中' FROM trail t
        WHERE NOT EXISTS (SELECT FROM things WHERE things.thing = t.thing AND things.id = t.thing_id)
        GROUP BY t.thing, t.thing_id"""),
    Invariant("no_gap", "G9", "留痕的编号从1起没有缺口", """
        SELECT 'trail', n, '缺第' || n || '条留痕' FROM generate_series(1, (SELECT max(number) FROM trail)) n
        WHERE NOT EXISTS (SELECT FROM trail WHERE number = n)"""),
    Invariant("actors", "G8", "每一步都有经手人：人、服务账号，或凭通知书的企业", """
        SELECT t.thing, t.thing_id, '第' || t.number || '条留痕的经手人（账号' || t.actor_id || '）不是' || t.role
        FROM trail t LEFT JOIN accounts a ON a.id = t.actor_id
        WHERE a.id IS NULL OR (t.role IN ('system', 'business')) <> (a.roles && ARRAY['system', 'business'])
            OR (t.role IN ('system', 'business') AND NOT t.role = ANY(a.roles))"""),
    Invariant("second_person", "G7", "须由第二个人办理的，不是提出的那个人", f"""
        SELECT t.thing, t.thing_id, '第' || t.number || '条留痕「' || t.label || '」与「' || p.first || '」是同一人'
        FROM trail t JOIN (VALUES {_second_person()}) AS p(thing, second, first, ever)
            ON p.thing = t.thing AND p.second = t.label
        WHERE EXISTS (SELECT FROM trail f WHERE f.thing = t.thing AND f.thing_id = t.thing_id
            AND f.version < t.version AND f.label = p.first AND f.actor_id = t.actor_id
            AND (p.ever OR NOT EXISTS (SELECT FROM trail later WHERE later.thing = t.thing
                AND later.thing_id = t.thing_id AND later.label = p.first
                AND later.version > f.version AND later.version < t.version)))"""),
    Invariant("four_eyes", "G7", "起草人不是审批人，封存的审批人就是批准的那个人", """
        SELECT 'scheme', s.id, '起草账号' || s.drafter_id || '，审批账号' || coalesce(s.approver_id::text, '无')
        FROM schemes s LEFT JOIN trail t ON t.thing = 'scheme' AND t.thing_id = s.id AND t.label = '批准'
        WHERE s.approver_id = s.drafter_id OR s.approver_id IS DISTINCT FROM t.actor_id"""),
    Invariant("outbox", "G6", "每条留痕都有它的对外通知行，说的是同一件事", """
        SELECT t.thing, t.thing_id, '第' || t.number || '条留痕' || CASE WHEN o.trail_number IS NULL
            THEN '没有通知行' ELSE '的通知行说的是' || o.event || o.payload END
        FROM trail t LEFT JOIN outbox o ON o.trail_number = t.number
        WHERE o.trail_number IS NULL OR o.event <> 'choucha.' || t.thing || '.' || t.target
            OR (o.payload ->> 'thing', o.payload ->> 'id', o.payload ->> 'version') IS DISTINCT FROM
               (t.thing, t.thing_id::text, t.version::text)
            OR (o.wakes IS NOT NULL AND NOT EXISTS (SELECT FROM moves m WHERE m.thing = t.thing
                AND m.label = t.label AND m.target = t.target AND m.wakes = o.wakes))"""),
)
