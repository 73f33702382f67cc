-- A city of three years (tests/appraisal/city.py fills in :targets, :visits, :schemes).
INSERT INTO departments (id, code, name, short_name)
SELECT n, 'd' || n, '样例·第' || n || '局', '第' || n || '局' FROM generate_series(1, 20) n;
INSERT INTO accounts (id, login, name, department_id, roles, active)
SELECT n, 'a' || n, '样例·' || n, 1 + (n - 1) % 20, ARRAY[(ARRAY['drafter', 'approver', 'inspector'])[1 + (n - 1) / 20]],
       true FROM generate_series(1, 60) n;
INSERT INTO accounts (id, login, name, department_id, roles, active) VALUES (100, 'bangong', '样例·办公室', 1, '{office}', true);
INSERT INTO inspectors (id, certificate_no, name, department_id, certificate_from, certificate_to, may_lead, item_codes, active)
SELECT n, 'YL' || n, '样例·' || n, 1 + (n - 1) % 20, '2020-01-01', '2030-01-01', true, '{}', true
FROM generate_series(1, 400) n;
INSERT INTO inspection_items (id, code, field, name, kind, department_id, target_kinds, mode, legal_basis, clause,
                              partner_codes, effective_from, effective_to, published)
SELECT n, 'SX-' || n, '样例', '样例事项' || n, 'general', 1 + (n - 1) % 20, '{样例}', 'on_site', '样例法第1条', '', '{}',
       '2020-01-01', CASE WHEN n % 13 = 0 THEN date '2024-06-30' END, n % 17 <> 0 FROM generate_series(1, 80) n;
INSERT INTO targets (id, uscc, name, county_code, address, kind, risk_class, status, legal_representative,
                     on_abnormal_list, on_serious_list, complaints, penalties)
SELECT n, '9144520' || lpad(n::text, 11, '0'), '样例·第' || n || '店',
       (ARRAY['445202', '445203', '445222', '445224', '445281'])[1 + n % 5], '', '样例',
       CASE WHEN n % 10 < 5 THEN 'A' WHEN n % 10 < 8 THEN 'B' WHEN n % 10 = 8 THEN 'C' ELSE 'D' END,
       CASE WHEN n % 29 = 0 THEN '注销' ELSE '存续' END, '', false, false, 0, 0 FROM generate_series(1, :targets) n;
INSERT INTO target_listings (target_id, department_id)
SELECT n, 1 + (n + shift) % 20 FROM generate_series(1, :targets) n, unnest(ARRAY[0, 7]) shift;
INSERT INTO schemes (id, code, name, draw_kind, lead_id, participant_ids, drafter_id, approver_id, plan_key, grounds, scope,
                     sampling, window_start, window_end, mode, lead_items, randomness, stage, version, stage_since, moved_by_id)
SELECT s, extract(year FROM d) || '-' || lpad(s::text, 3, '0'), '样例·第' || s || '次', 'targeted', 1 + s % 20,
       ARRAY[1 + (s + 7) % 20, 1 + (s + 11) % 20], 1 + s % 20, 21 + s % 20, NULL, '', '{}', '{}', d + 30, d + 60,
       CASE WHEN s % 9 = 0 THEN 'written' ELSE 'on_site' END, '{}', '{}',
       CASE WHEN s % 23 = 0 THEN 'cancelled' WHEN s % 11 = 0 THEN 'concluded' ELSE 'publicised' END, 1, now(), 1
FROM generate_series(1, :schemes) s, LATERAL (SELECT date '2024-01-02' + (s * 1010 / :schemes)::int AS d) days;
UPDATE schemes SET plan_key = extract(year FROM window_end) || '/445200/' || extract(month FROM window_end) || '/1'
FROM (SELECT min(id) AS first FROM schemes GROUP BY date_trunc('month', window_end)) m WHERE id = first;
INSERT INTO draws (id, scheme_id, number, hash_name, contributions_due, seal, stage, version, stage_since, moved_by_id)
SELECT id, id, 1, 'sm3', now(), 'x', 'drawn', 1, now(), 1 FROM schemes;
CREATE TEMP TABLE moves (thing text, id bigint, version int, source text, target text, at timestamptz, scheme_id bigint);
INSERT INTO moves SELECT 'scheme', s.id, n, lag, target, (window_start - 30 + after)::timestamp AT TIME ZONE 'Asia/Shanghai', s.id
FROM schemes s, LATERAL (VALUES (1, NULL, 'drafted', 0), (2, 'drafted', 'submitted', 1),
       (3, 'submitted', 'approved', CASE WHEN s.id % 7 = 0 THEN 9 ELSE 3 END), (4, 'approved', 'drawn', 10),
       (5, 'drawn', 'dispatched', 11), (6, 'dispatched', 'staffed', 19), (7, 'staffed', 'in_field', 30),
       (8, 'in_field', 'concluded', 75), (9, 'concluded', 'publicised', 95)) m (n, lag, target, after)
WHERE (s.id % 23 <> 0 OR n <= 3) AND (s.stage <> 'concluded' OR n <= 8);
INSERT INTO moves SELECT 'scheme', id, 4, 'approved', 'cancelled', (window_start - 20)::timestamp, id FROM schemes
WHERE stage = 'cancelled';
INSERT INTO assignments (id, scheme_id, department_id, item_codes, stage, version, stage_since, moved_by_id)
SELECT 2 * s.id - 2 + p, s.id, participant_ids[p], '{x}', CASE WHEN s.id * p % 31 = 0 THEN 'withdrawn' ELSE 'staffed' END, 1,
       now(), 1 FROM schemes s, generate_series(1, 2) p WHERE s.stage <> 'cancelled';
INSERT INTO moves SELECT 'assignment', a.id, n, lag, target,
       (s.window_start - 30 + after)::timestamp AT TIME ZONE 'Asia/Shanghai', s.id
FROM assignments a JOIN schemes s ON s.id = scheme_id, LATERAL (VALUES (1, NULL, 'sent', 11),
       (2, 'sent', CASE WHEN a.stage = 'withdrawn' THEN 'withdrawn' ELSE 'accepted' END,
        CASE WHEN a.id % 6 = 0 THEN 18 ELSE 13 END), (3, 'accepted', 'staffed', 19)) m (n, lag, target, after)
WHERE a.stage <> 'withdrawn' OR n <= 2;
INSERT INTO visits (id, scheme_id, draw_id, target_id, candidate_id, stratum, rank, day, half, merged_with_id, notice_code,
                    stage, version, stage_since, moved_by_id)
SELECT v, s.id, s.id, t.id, t.uscc, CASE WHEN risk_class = 'C' AND v % 2 = 0 THEN 'C+2' ELSE risk_class END, v,
       window_start + (v % 28)::int, 'am', CASE WHEN v % 40 = 0 AND v > 50 AND (s.id - 1) % 23 <> 0 THEN v - 50 END, 'code' || v,
       CASE WHEN v % 19 = 0 THEN 'replaced' WHEN v % 17 = 0 THEN 'planned' ELSE 'done' END, 1, now(), 1
FROM generate_series(1, :visits) v JOIN schemes s ON s.id = 1 + (v - 1) / 50 AND s.stage <> 'cancelled'
JOIN targets t ON t.id = 1 + v * 7919 % :targets;
INSERT INTO moves SELECT 'visit', v.id, n, lag, target, (CASE n WHEN 1 THEN s.window_start - 20 ELSE v.day END)::timestamp
       AT TIME ZONE 'Asia/Shanghai' + interval '15 hours', s.id
FROM visits v JOIN schemes s ON s.id = scheme_id, LATERAL (VALUES (1, NULL, 'planned'), (2, 'planned', v.stage))
     m (n, lag, target) WHERE n = 1 OR v.stage <> 'planned';
CREATE TEMP TABLE plan AS
SELECT 3 * v.id - 3 + k AS c, v.id AS visit_id, v.scheme_id, v.day, left(v.stratum, 1) AS risk, s.window_start - 20 AS begun,
       (ARRAY[s.lead_id, s.participant_ids[1], s.participant_ids[2]])[k] AS department_id,
       v.day + (c % 8)::int AS recorded_on, v.day + (c % 8 + CASE WHEN c % 10 = 0 THEN 8 ELSE 2 END)::int AS reviewed_on,
       v.day + (c % 8 + CASE WHEN c % 12 = 0 THEN 40 ELSE 15 END)::int AS public_on,
       CASE WHEN v.stage <> 'done' OR c % 21 = 0 THEN 'planned' WHEN c % 22 = 0 THEN 'recorded'
            WHEN c % 26 = 0 THEN 'withheld' ELSE 'public' END AS stage, c % 30 = 0 AS corrected,
       c * 37 % 100 < (CASE left(v.stratum, 1) WHEN 'A' THEN 5 WHEN 'B' THEN 10 WHEN 'C' THEN 20 ELSE 40 END) AS problem
FROM visits v JOIN schemes s ON s.id = v.scheme_id, generate_series(1, 3) k, LATERAL (SELECT 3 * v.id - 3 + k AS c) number
WHERE k = 1 OR (s.id * (k - 1)) % 31 <> 0;
INSERT INTO checks (id, visit_id, department_id, item_codes, record_number, withholding, withheld_by_id, stage, version,
                    stage_since, moved_by_id)
SELECT c, visit_id, department_id, ARRAY['SX-' || (department_id + 20 * (c % 3))], CASE WHEN stage = 'planned' THEN 0
       WHEN corrected AND stage = 'public' THEN 2 ELSE 1 END, CASE WHEN stage = 'withheld' THEN 'trade_secret' END,
       CASE WHEN stage = 'withheld' THEN 1 END, stage, 1, now(), 1 FROM plan;
INSERT INTO moves SELECT 'check', c, n, lag, target, day::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '16 hours', scheme_id
FROM (SELECT p.*, m.* FROM plan p, LATERAL (VALUES (1, NULL, 'planned', begun), (2, 'planned', 'recorded', recorded_on),
      (3, 'recorded', 'reviewed', reviewed_on), (4, 'reviewed', CASE stage WHEN 'withheld' THEN 'withheld' ELSE 'public' END,
      public_on), (5, 'public', 'public', public_on + 40), (6, 'public', 'corrected', public_on + 45),
      (7, 'corrected', 'public', public_on + 60)) m (n, lag, target, at)) x (c, visit_id, scheme_id, was_day, risk, begun,
      department_id, recorded_on, reviewed_on, public_on, stage, corrected, problem, n, lag, target, day)
WHERE n <= CASE stage WHEN 'planned' THEN 1 WHEN 'recorded' THEN 2 WHEN 'withheld' THEN 4
      ELSE CASE WHEN corrected THEN 7 ELSE 4 END END;
INSERT INTO check_records (check_id, number, category, finding, answers, inspected_on, made_on, correction_reason,
                           recorded_by_id, recorded_at, confirmed_by_id, verdict, reviewed_by_id, reviewed_at)
SELECT c, n, CASE WHEN problem AND n = 1 THEN 'problem_pending' WHEN problem THEN 'problem_rectified' ELSE 'no_problem' END,
       '', '{}', day, CASE n WHEN 1 THEN recorded_on ELSE public_on + 40 END, CASE n WHEN 2 THEN '样例' END, 41,
       (CASE n WHEN 1 THEN recorded_on ELSE public_on + 40 END)::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '15 hours', 42,
       CASE WHEN stage <> 'recorded' THEN 'reviewed' END, CASE WHEN stage <> 'recorded' THEN 21 END,
       CASE WHEN stage <> 'recorded' THEN (CASE n WHEN 1 THEN reviewed_on ELSE public_on + 45 END)::timestamp
            AT TIME ZONE 'Asia/Shanghai' + interval '16 hours' END
FROM plan, generate_series(1, 2) n WHERE stage <> 'planned' AND (n = 1 OR corrected AND stage = 'public');
INSERT INTO publications (check_id, record_number, act, scheme_id, uscc, day, content, path, sha256, read_back_at)
SELECT c, n, CASE stage WHEN 'withheld' THEN 'withheld' ELSE 'published' END, scheme_id, NULL,
       CASE n WHEN 1 THEN public_on ELSE public_on + 60 END, '{}', '', '', now()
FROM plan, generate_series(1, 2) n WHERE stage IN ('public', 'withheld') AND (n = 1 OR corrected AND stage = 'public');
INSERT INTO seats (id, check_id, inspector_id, leads, suspended, vacated_at)
SELECT 2 * c - 2 + n, c, department_id + 20 * ((c * c / 7 + 3 * n) % 20), n = 1, false,
       CASE WHEN c % 33 = 0 AND n = 1 THEN (day - 1)::timestamp END FROM plan, generate_series(1, 2) n;
INSERT INTO recusals (id, seat_id, reason, claimed_by_id, stage, version, stage_since, moved_by_id)
SELECT c, 2 * c - 1, '样例', 41, CASE WHEN c % 2 = 0 THEN 'granted' ELSE 'refused' END, 1, now(), 1 FROM plan WHERE c % 33 = 0;
INSERT INTO moves SELECT 'recusal', c, n, NULL, CASE n WHEN 1 THEN 'claimed' ELSE r.stage END, (day - 5 + 2 * n)::timestamp, scheme_id
FROM plan JOIN recusals r ON r.id = c, generate_series(1, 2) n;
INSERT INTO follow_ups (id, check_id, record_number, kind, instructions, recheck, stage, version, stage_since, moved_by_id)
SELECT c, c, 1, CASE WHEN c % 2 = 0 THEN 'ordered_to_rectify' ELSE 'other' END, '样例', false,
       CASE WHEN c % 4 = 0 THEN 'open' ELSE 'closed' END, 1, now(), 1
FROM plan WHERE problem AND stage IN ('public', 'withheld');
INSERT INTO moves SELECT 'follow_up', c, n, NULL, CASE n WHEN 1 THEN 'open' ELSE 'closed' END,
       (reviewed_on + 10 * (n - 1))::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '9 hours', scheme_id
FROM plan JOIN follow_ups f ON f.id = c, generate_series(1, 2) n WHERE n = 1 OR f.stage = 'closed';
INSERT INTO evaluations (id, visit_id, showed_certificate, only_what_was_listed, asked_for_money, satisfaction, comment, stage,
                         version, stage_since, moved_by_id)
SELECT id, id, id % 5 <> 0, id % 7 <> 0, id % 11 = 0, 1 + id % 5, '', 'given', 1, now(), 1 FROM visits
WHERE id % 9 = 0 AND stage = 'done';
INSERT INTO moves SELECT 'evaluation', e.id, 1, NULL, 'given', (v.day + 2)::timestamp AT TIME ZONE 'Asia/Shanghai', v.scheme_id
FROM evaluations e JOIN visits v ON v.id = e.visit_id;
CREATE TEMP TABLE clocks (thing text, id bigint, scheme_id bigint, department_id bigint, clock text, start date, days int, met date);
INSERT INTO clocks SELECT 'check', c, scheme_id, department_id, clock, start, days, met FROM plan, LATERAL (VALUES
       ('recording', day, 5, CASE WHEN stage <> 'planned' THEN recorded_on END),
       ('review', recorded_on, 3, CASE WHEN stage NOT IN ('planned', 'recorded') THEN reviewed_on END),
       ('publicity', recorded_on, 28, CASE WHEN stage IN ('public', 'withheld') THEN public_on END))
       each (clock, start, days, met) WHERE clock = 'recording' OR stage <> 'planned';
INSERT INTO clocks SELECT 'assignment', a.id, a.scheme_id, department_id, clock, window_start - 30 + start, days,
       window_start - 30 + met FROM assignments a JOIN schemes s ON s.id = a.scheme_id, LATERAL (VALUES
       ('acceptance', 11, 4, CASE WHEN a.id % 6 = 0 THEN 18 ELSE 13 END), ('staffing', 13, 5, 19)) each (clock, start, days, met);
INSERT INTO clocks SELECT 'follow_up', f.id, scheme_id, department_id, 'follow_up', reviewed_on, 9 + (c % 3)::int,
       CASE WHEN f.stage = 'closed' THEN reviewed_on + 10 END FROM follow_ups f JOIN plan ON c = f.id;
INSERT INTO clocks SELECT thing, s.id, s.id, lead_id, clock, window_start - 29, 5,
       window_start - 29 + CASE WHEN s.id % n = 0 THEN 9 ELSE 3 END
FROM schemes s, (VALUES ('scheme', 'approval', 7), ('draw', 'contribution', 5), ('recusal', 'recusal', 4),
                 ('absence', 'absence', 3), ('objection', 'objection', 2), ('letter', 'letter', 6)) each (thing, clock, n);
INSERT INTO dues (thing, thing_id, scheme_id, department_id, clock, started_on, due_on, provisional, explained, begun_at, met_at)
SELECT thing, id, scheme_id, department_id, clock, start, start + days, false, '', start::timestamp,
       met::timestamp AT TIME ZONE 'Asia/Shanghai' + interval '17 hours' FROM clocks ORDER BY clocks.start, thing, id, clock;
INSERT INTO due_changes (due_id, was_on, changed_at) SELECT id, due_on - 4, due_on::timestamp FROM dues WHERE id % 50 = 0;
INSERT INTO trail (number, thing, thing_id, version, source, target, label, actor_id, role, at, reason, details, scheme_id,
                   previous, hash)
SELECT row_number() OVER (ORDER BY at, thing, id, version), thing, id, version, source, target, '', 1, 'system', at, '', '{}',
       scheme_id, '', '' FROM moves;
