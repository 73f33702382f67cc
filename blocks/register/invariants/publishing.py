"""What the public was told: reviewed, on the trail, as the register holds it, late only openly (G5, G11, G12)."""

from blocks.register.invariants.asking import Invariant

INVARIANTS = (
    Invariant("reviewed_first", "G5", "没有一份结果未经审核就公示、列出或撤下", """
        SELECT 'check', p.check_id, '第' || p.record_number || '版' || p.act || '，没有审核通过' FROM publications p
        LEFT JOIN check_records r ON r.check_id = p.check_id AND r.number = p.record_number
        WHERE r.verdict IS DISTINCT FROM 'reviewed'"""),
    Invariant("publication_told", "G9", "每次公示、撤下的文件摘要都在留痕上", """
        SELECT 'check', p.check_id, p.path || ' ' || left(p.sha256, 16) || ' 不在留痕上' FROM publications p
        WHERE NOT EXISTS (SELECT FROM trail t WHERE t.thing = 'check' AND t.thing_id = p.check_id
            AND t.details -> 'files' ->> p.path = p.sha256)"""),
    Invariant("told_published", "G12", "留痕上公示过的文件都有公示记录，一版一个行为只有一次", """
        SELECT 'check', t.thing_id, '第' || t.number || '条留痕的文件' || f.key || '没有公示记录' FROM trail t,
            jsonb_each_text(t.details -> 'files') f WHERE t.thing = 'check' AND t.details ? 'files'
            AND NOT EXISTS (SELECT FROM publications p WHERE p.check_id = t.thing_id AND p.path = f.key
                AND p.sha256 = f.value)
        UNION ALL SELECT 'check', check_id, '第' || record_number || '版' || act || count(*) || '次'
        FROM publications GROUP BY check_id, record_number, act HAVING count(*) > 1"""),
    Invariant("public_is_public", "G5", "已公示的检查，公众看得到它的每一版审核通过的结果", """
        SELECT 'check', c.id, '第' || r.number || '版没有公示' FROM checks c
        JOIN check_records r ON r.check_id = c.id AND r.verdict = 'reviewed'
        WHERE c.stage = 'public' AND NOT EXISTS (SELECT FROM publications p
            WHERE p.check_id = c.id AND p.record_number = r.number AND p.act IN ('published', 'withheld'))"""),
    Invariant("not_yet_public", "G11", "没有审核通过的检查，公众看不到", """
        SELECT 'check', c.id, '现为' || c.stage || '，已有公示' FROM checks c
        WHERE c.stage IN ('planned', 'recorded') AND EXISTS (SELECT FROM publications p WHERE p.check_id = c.id)"""),
    Invariant("withheld_by_two", "G7", "不予公示、撤下各有依据，由两人办理", """
        SELECT 'check', id, '依据' || coalesce(withholding, '无') || '，申请和决定的账号 '
            || concat_ws('、', withholding_asked_by_id, withheld_by_id) FROM checks
        WHERE withheld_by_id = withholding_asked_by_id OR (stage IN ('withheld', 'withdrawn')
            AND (withholding IS NULL OR withheld_by_id IS NULL))"""),
    Invariant("late_openly", "G5", "晚于法定期限的公示写明了晚几个工作日", """
        SELECT 'check', check_id, path || ' 期限' || (content ->> 'due_on') || '，公示于' || day FROM publications
        WHERE act = 'published' AND (content ->> 'public_on' IS DISTINCT FROM day::text
            OR ((content ->> 'due_on')::date < day) <> (coalesce((content ->> 'late_workdays')::int, 0) > 0))"""),
    Invariant("due_told", "G5", "公示上写的期限就是登记库里的期限", """
        SELECT 'check', p.check_id, p.path || ' 写的期限' || (p.content ->> 'due_on') FROM publications p
        WHERE p.act = 'published' AND p.content ->> 'due_on' IS NOT NULL AND NOT EXISTS (SELECT FROM dues d
            WHERE d.thing = 'check' AND d.thing_id = p.check_id AND d.clock = 'publicity'
            AND d.due_on::text = p.content ->> 'due_on')"""),
    Invariant("publication_rows", "G12", "公示记录的方案、企业和版号就是检查的", """
        SELECT 'check', p.check_id, p.path FROM publications p LEFT JOIN checks c ON c.id = p.check_id
        LEFT JOIN visits v ON v.id = c.visit_id LEFT JOIN targets t ON t.id = v.target_id
        WHERE p.scheme_id IS DISTINCT FROM v.scheme_id OR (p.act = 'withheld') <> (p.uscc IS NULL)
            OR p.uscc <> t.uscc OR (p.act = 'published' AND (p.content ->> 'version', p.content ->> 'uscc')
                IS DISTINCT FROM (p.record_number::text, p.uscc))"""),
    Invariant("all_settled", "G5", "已公示的方案没有结果还没着落", """
        SELECT 'check', c.id, '方案已公示，检查还是' || c.stage FROM checks c JOIN visits v ON v.id = c.visit_id
        JOIN schemes s ON s.id = v.scheme_id WHERE s.stage = 'publicised' AND v.stage <> 'replaced'
            AND c.stage IN ('planned', 'recorded', 'reviewed') AND NOT EXISTS (SELECT FROM trail t
                WHERE t.thing = 'check' AND t.thing_id = c.id AND t.label = '恢复公示')"""),
    Invariant("one_plan", "G1", "一地一年只有一份公布的计划和一份草拟的计划", """
        SELECT 'plan', max(id), year || ' ' || area || '有' || count(*) || '份' || stage FROM annual_plans
        WHERE stage <> 'changed' GROUP BY year, area, stage HAVING count(*) > 1"""),
)
