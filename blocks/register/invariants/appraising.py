"""Frozen appraisals: one that counts, in versions without a gap, as it stands on the trail (G9, art. 12)."""

from blocks.register.invariants.asking import Invariant

INVARIANTS = (
    Invariant("appraisal_told", "G9", "每次考核定稿的哈希就是留痕上的那一个", """
        SELECT 'appraisal', a.id, a.period || '第' || a.number || '版的哈希不在留痕上' FROM appraisals a
        LEFT JOIN trail t ON t.thing = 'appraisal' AND t.thing_id = a.id AND t.version = 1
        WHERE (t.details ->> 'period', (t.details ->> 'number')::bigint, t.details ->> 'hash')
            IS DISTINCT FROM (a.period, a.number, a.hash)"""),
    Invariant("one_appraisal", "G9", "一个考核期恰有一版作数，各版次序没有缺口", """
        SELECT 'appraisal', max(id), period || '有' || count(*) || '版，编号到' || max(number) FROM appraisals
        GROUP BY period HAVING count(*) FILTER (WHERE stage <> 'replaced') <> 1 OR max(number) <> count(*)"""),
)
