"""What breaks each invariant: the scene, and statements past every trigger and foreign key."""

EXCHANGE = """
    INSERT INTO exchanges (key, kind, scheme_id, content, sha, tries, next_at, away, stage, version, stage_since,
        moved_by_id) VALUES ('x', 'schemes', 1, '[1]', '0', 0, now(), false, 'sent', 1, now(), 1)"""
APPRAISAL = """
    INSERT INTO appraisals (period, number, as_of, content, hash, stage, version, stage_since, moved_by_id)
        VALUES ('2026-10', 1, '2026-10-31', '{}', '0', 'frozen', 1, now(), 1)"""

BREAKING = {
    "versions": ("publicised", "UPDATE checks SET version = version + 1 WHERE id = 1"),
    "stages": ("publicised", "UPDATE schemes SET stage = 'concluded'"),
    "path": ("publicised", "UPDATE trail SET source = 'drafted' WHERE label = '公示完毕'"),
    "lawful": ("publicised", "UPDATE trail SET role = 'office' WHERE label = '批准'"),
    "known_things": ("publicised", "UPDATE trail SET thing_id = 99 WHERE number = 9"),
    "no_gap": ("publicised", "DELETE FROM trail WHERE number = 9"),
    "actors": ("publicised", "UPDATE trail SET actor_id = 99999 WHERE number = 9"),
    "second_person": ("publicised", """
        UPDATE trail SET actor_id = (SELECT drafter_id FROM schemes) WHERE label = '批准'"""),
    "four_eyes": ("publicised", """
        ALTER TABLE schemes DROP CONSTRAINT ck_schemes_four_eyes;
        UPDATE schemes SET approver_id = drafter_id"""),
    "outbox": ("publicised", "DELETE FROM outbox WHERE trail_number = 9"),
    "one_draw": ("publicised", "UPDATE draws SET stage = 'void'"),
    "draw_numbers": ("publicised", "UPDATE draws SET number = 2"),
    "draw_files": ("publicised", "DELETE FROM chain WHERE line ->> 'kind' = 'drawn'"),
    "seal_first": ("publicised", "UPDATE draw_sources SET given_at = given_at - interval '1 day' WHERE position = 1"),
    "typed_by_two": ("publicised", "UPDATE draw_sources SET confirmed_by_id = NULL WHERE kind = 'typed'"),
    "seal_told": ("publicised", "UPDATE draws SET seal = repeat('0', 64)"),
    "tickets": ("publicised", "UPDATE draw_tickets SET is_reserve = true WHERE rank = 1"),
    "ticket_targets": ("publicised", "UPDATE draw_tickets SET target_id = target_id + 1 WHERE rank = 1"),
    "visits_drawn": ("publicised", "UPDATE visits SET rank = rank + 100 WHERE id = 1"),
    "drawn_visited": ("publicised", "DELETE FROM visits WHERE id = 1"),
    "successors": ("publicised", "UPDATE visits SET replaces_id = 2, rank = 90 WHERE id = 1"),
    "caps": ("publicised", """
        UPDATE draws SET sealed_at = now() + interval '1 day';
        UPDATE schemes SET regulation = regulation || '{"max_visits_per_business_per_year": 1}'"""),
    "assignments": ("dispatched", "DELETE FROM assignments WHERE id = 1"),
    "all_answered": ("publicised", "UPDATE assignments SET stage = 'sent' WHERE id = 1"),
    "checks_of_visits": ("in_field", "DELETE FROM checks WHERE id = 1"),
    "one_place_at_a_time": ("in_field", """
        DROP INDEX uq_seats_half_day;
        DROP INDEX uq_seats_live;
        UPDATE seats SET (inspector_id, day, half) = (SELECT inspector_id, day, half FROM seats LIMIT 1)"""),
    "shared_seats": ("in_field", "UPDATE seats SET shares_id = 2 WHERE id = 1"),
    "seat_times": ("in_field", "UPDATE seats SET day = day + 1 WHERE id = 1"),
    "one_leader": ("in_field", "DROP INDEX uq_seats_leader; UPDATE seats SET leads = true"),
    "recused": ("in_field", """
        INSERT INTO recusals (seat_id, reason, claimed_by_id, decided_by_id, stage, version, stage_since,
            moved_by_id) VALUES ((SELECT min(id) FROM seats WHERE vacated_at IS NULL), '亲属', 1, 2,
            'granted', 1, now(), 1)"""),
    "replaced_person": ("in_field", """
        INSERT INTO absences (seat_id, why, reported_by_id, stage, version, stage_since, moved_by_id) VALUES
            ((SELECT min(id) FROM seats WHERE vacated_at IS NULL), 'ill', 1, 'confirmed', 1, now(), 1)"""),
    "suspended": ("in_field", """
        INSERT INTO recusals (seat_id, reason, claimed_by_id, decided_by_id, stage, version, stage_since,
            moved_by_id) VALUES ((SELECT min(id) FROM seats WHERE vacated_at IS NULL), '亲属', 1, 2,
            'claimed', 1, now(), 1)"""),
    "vacated": ("in_field", "UPDATE visits SET stage = 'replaced' WHERE id = 1"),
    "record_numbers": ("publicised", "DELETE FROM check_records WHERE check_id = 1"),
    "record_people": ("publicised", """
        ALTER TABLE check_records DROP CONSTRAINT ck_check_records_reviewer_not_recorder;
        UPDATE check_records SET reviewed_by_id = recorded_by_id"""),
    "recorded_by_the_drawn": ("publicised", """
        UPDATE check_records SET recorded_by_id = (SELECT a.id FROM accounts a JOIN inspectors i ON i.id =
            a.inspector_id WHERE a.id NOT IN (SELECT recorded_by_id FROM check_records UNION SELECT
            confirmed_by_id FROM check_records) LIMIT 1) WHERE check_id = 1"""),
    "record_moves": ("publicised", "UPDATE trail SET label = '退回补正' WHERE label = '审核通过'"),
    "done_visits": ("in_field", "UPDATE visits SET stage = 'done' WHERE id = 1"),
    "clocks_run": ("in_field", "UPDATE dues SET met_at = now() WHERE clock = 'recording'"),
    "clocks_end": ("publicised", "UPDATE dues SET met_at = NULL WHERE clock = 'publicity'"),
    "clocks_kept": ("publicised", "DELETE FROM dues WHERE clock = 'approval'"),
    "one_clock": ("in_field", """
        DROP INDEX uq_dues_open;
        INSERT INTO dues (thing, thing_id, scheme_id, clock, started_on, due_on, provisional, explained)
            SELECT thing, thing_id, scheme_id, clock, started_on, due_on, false, '' FROM dues WHERE met_at
            IS NULL"""),
    "clocks_of_things": ("publicised", "UPDATE dues SET thing_id = 9999 WHERE clock = 'approval'"),
    "recounted": ("in_field", """
        INSERT INTO recounts (due_id, was_on, now_on, stage, version, stage_since, moved_by_id) SELECT id,
            due_on, due_on + 3, 'counted', 1, now() + interval '9 year', 1 FROM dues WHERE met_at IS NULL
            LIMIT 1"""),
    "reviewed_first": ("publicised", "UPDATE check_records SET verdict = 'returned' WHERE check_id = 1"),
    "publication_told": ("publicised", "UPDATE publications SET sha256 = repeat('0', 64) WHERE check_id = 1"),
    "told_published": ("publicised", "DELETE FROM publications WHERE check_id = 1"),
    "public_is_public": ("publicised", "DELETE FROM publications WHERE check_id = 1"),
    "not_yet_public": ("publicised", "UPDATE checks SET stage = 'recorded' WHERE id = 1"),
    "withheld_by_two": ("publicised", """
        ALTER TABLE checks DROP CONSTRAINT ck_checks_withheld_on_a_ground;
        UPDATE checks SET stage = 'withheld' WHERE id = 1"""),
    "late_openly": ("publicised", """
        UPDATE publications SET content = content || '{"due_on": "2020-01-01"}'"""),
    "due_told": ("publicised", "UPDATE dues SET due_on = due_on + 1 WHERE clock = 'publicity'"),
    "publication_rows": ("publicised", "UPDATE publications SET uscc = '0' WHERE check_id = 1"),
    "all_settled": ("publicised", "UPDATE checks SET stage = 'reviewed' WHERE id = 1"),
    "one_plan": ("publicised", """
        DROP INDEX uq_annual_plans_published;
        INSERT INTO annual_plans (year, area, number, title, content, published_at, stage, version,
            stage_since, moved_by_id) SELECT 2026, '445200', n, '计划', '{}', now(), 'published', 1, now(), 1
            FROM generate_series(1, 2) n"""),
    "notices_spread": ("publicised", "DELETE FROM deliveries; UPDATE notices SET stage = 'sent'"),
    "notices_sum_up": ("publicised", """
        UPDATE notices SET stage = 'failed', last_error = '停用';
        INSERT INTO deliveries (notice_id, channel, address, stage, tries, next_at) SELECT id, 'mail',
            'a@b', 'queued', 0, now() FROM notices"""),
    "deliveries": ("publicised", """
        INSERT INTO deliveries (notice_id, channel, address, stage, tries, next_at) SELECT id, 'mail',
            'a@b', 'sent', 1, now() FROM notices"""),
    "exchanges": ("publicised", EXCHANGE + "; UPDATE exchanges SET stage = 'acknowledged'"),
    "exchange_told": ("publicised", EXCHANGE),
    "appraisal_told": ("publicised", APPRAISAL),
    "one_appraisal": ("publicised", APPRAISAL + "; UPDATE appraisals SET number = 2"),
    "told_once": ("publicised", "ALTER TABLE notices DROP CONSTRAINT uq_notices_key; UPDATE notices SET key = 'x'"),
}
