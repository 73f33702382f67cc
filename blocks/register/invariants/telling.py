"""Messages: none lost, none said to be sent that was not, each once (G6)."""

from blocks.register.invariants.asking import Invariant

INVARIANTS = (
    Invariant("notices_spread", "G6", "每条通知都有它的送达，或者写明为什么没有", """
        SELECT 'notice', n.id, n.key || '（' || n.stage || '）没有送达' FROM notices n
        WHERE n.stage IN ('sent', 'unknown') AND NOT EXISTS (SELECT FROM deliveries d WHERE d.notice_id = n.id)
        UNION ALL SELECT 'notice', id, key || '没有写明原因' FROM notices
        WHERE stage = 'failed' AND last_error IS NULL"""),
    Invariant("notices_sum_up", "G6", "通知的状态就是各份送达合起来的状态", """
        SELECT 'notice', n.id, n.key || '为' || n.stage || '，送达为' || string_agg(DISTINCT d.stage, '、')
        FROM notices n JOIN deliveries d ON d.notice_id = n.id GROUP BY n.id, n.key, n.stage
        HAVING n.stage <> CASE WHEN bool_or(d.stage = 'queued') THEN 'queued'
            WHEN bool_or(d.stage = 'unknown') THEN 'unknown' WHEN bool_or(d.stage = 'failed') THEN 'failed'
            ELSE 'sent' END"""),
    Invariant("deliveries", "G6", "送达的有时间和去处，试过的有时间，失败的有原因", """
        SELECT 'delivery', id, channel || ' ' || stage || '，试' || tries || '次' FROM deliveries
        WHERE (stage = 'sent') <> (sent_at IS NOT NULL AND went_to IS NOT NULL)
            OR (stage = 'unknown' AND (tries = 0 OR tried_at IS NULL))
            OR (stage = 'failed' AND last_error IS NULL)"""),
    Invariant("exchanges", "G6", "报送平台的：交出过的有时间，已接收的有回执，退回的有原因", """
        SELECT 'exchange', id, key || '为' || stage || '，试' || tries || '次' FROM exchanges
        WHERE (stage IN ('sent', 'unknown') AND (tries = 0 OR tried_at IS NULL OR by IS NULL))
            OR (stage = 'acknowledged' AND receipt IS NULL) OR (stage = 'refused' AND last_error IS NULL)"""),
    Invariant("exchange_told", "G9", "报送的编号和条数就是留痕上的", """
        SELECT 'exchange', e.id, e.key || '有' || jsonb_array_length(e.content) || '条' FROM exchanges e
        LEFT JOIN trail t ON t.thing = 'exchange' AND t.thing_id = e.id AND t.version = 1
        WHERE (t.details ->> 'key', (t.details ->> 'rows')::int)
            IS DISTINCT FROM (e.key, jsonb_array_length(e.content))"""),
    Invariant("told_once", "G6", "同一件事只通知一次，同一通知对同一地址只有一份送达", """
        SELECT 'notice', max(id), key || '有' || count(*) || '条' FROM notices GROUP BY key HAVING count(*) > 1
        UNION ALL SELECT 'notice', notice_id, channel || ' ' || address || '有' || count(*) || '份' FROM deliveries
        GROUP BY notice_id, channel, address HAVING count(*) > 1"""),
)
