"""P7: what sweep and night ask of the register, beside one indexed query that finds what is due.

A city after years: a million closed checks in publicised schemes, a hundred thousand open ones, in one
scheme of a hundred something due. Ours: every question of the sweep, and what the night asks besides (the
trail is checked by another clock: it is read whole). The same city with a tenth of the closed checks stands
beside it: `grown` says how much longer ours takes where they are ten times as many.
"""

import json
import os
import time
from contextlib import contextmanager

import psycopg
from psycopg.types.numeric import Int8
from sqlalchemy import func, select

from blocks import settings
from blocks.local import postgres
from blocks.register import almanac
from blocks.register.database import transaction
from blocks.register.due import find, reviewed_waiting, schemes_due
from blocks.register.trail import DueLine
from blocks.steps import nightshift
from tests.bench.benchmark import MILLION, Benchmark
from tests.bench.p4 import _fill, _use

A_SCHEME = 300  # checks
# Schemes 1…n are closed, the rest open; of the open ones every hundredth has something due.
FILL = """
UPDATE inspectors SET department_id = 1, active = true, certificate_from = '2000-01-01', certificate_to = '2099-12-31';
DELETE FROM leaves;
INSERT INTO schemes (id, code, name, draw_kind, lead_id, participant_ids, drafter_id, approver_id, grounds, scope,
                     sampling, window_start, window_end, mode, lead_items, randomness, regulation, stage, version,
                     stage_since, moved_by_id) OVERRIDING SYSTEM VALUE
SELECT n, CASE WHEN n <= %(closed)s THEN 2020 ELSE 2026 END || '-' || lpad(n::text, 5, '0'), '样例·第' || n || '次',
       'targeted', 1, '{2,3}', 1, 2, '', '{}', '{}', current_date - 30, current_date + 30, 'on_site', '{}', '{}',
       '{"min_inspectors_per_check": 2}', CASE WHEN n <= %(closed)s THEN 'publicised' ELSE 'in_field' END, 1, now(), 1
FROM generate_series(1, %(closed)s + %(open)s) n;
INSERT INTO visits (id, scheme_id, draw_id, target_id, candidate_id, stratum, rank, day, half, notice_code, stage,
                    version, stage_since, moved_by_id) OVERRIDING SYSTEM VALUE
SELECT n, (n - 1) / %(each)s + 1, 1, n, n::text, '', n, current_date - 1 + (n %% 20)::int, 'am', n::text,
       CASE WHEN (n - 1) / %(each)s < %(closed)s THEN 'done' ELSE 'planned' END, 1, now(), 1
FROM generate_series(1, %(each)s * (%(closed)s + %(open)s)) n;
INSERT INTO checks (id, visit_id, department_id, item_codes, record_number, stage, version, stage_since, moved_by_id)
       OVERRIDING SYSTEM VALUE
SELECT id, id, 1, '{GA-01}', CASE WHEN stage = 'done' OR id %% 2 = 0 THEN 1 ELSE 0 END,
       CASE WHEN stage = 'done' THEN 'public' WHEN scheme_id %% 100 = 0 AND id %% 10 = 0 THEN 'corrected'
            WHEN id %% 2 = 0 THEN (ARRAY['recorded', 'reviewed'])[1 + id / 2 %% 2] ELSE 'planned' END, 1, now(), 1
FROM visits;
INSERT INTO check_records (check_id, number, category, finding, answers, inspected_on, made_on, recorded_by_id)
SELECT id, 1, 'no_problem', '', '{}', current_date, current_date, 1 FROM checks WHERE record_number = 1;
INSERT INTO seats (check_id, inspector_id, leads, suspended)
SELECT c.id, i.ids[1 + (c.id + s) %% cardinality(i.ids)], s = 0, false FROM checks c, generate_series(0, 1) s,
       (SELECT array_agg(id) AS ids FROM inspectors) i;
INSERT INTO dues (thing, thing_id, scheme_id, department_id, clock, started_on, due_on, provisional, explained, met_at)
SELECT 'check', c.id, v.scheme_id, 1, CASE c.stage WHEN 'planned' THEN 'recording' ELSE 'publicity' END,
       current_date - 3, current_date + 1 + (c.id %% 20)::int, false, '自',
       CASE WHEN c.stage = 'public' THEN now() END
FROM checks c JOIN visits v ON v.id = c.visit_id;
INSERT INTO trail (number, thing, thing_id, version, source, target, label, actor_id, role, at, reason, details,
                   scheme_id, previous, hash)
SELECT c.id, 'check', c.id, 1, NULL, c.stage, '', 1, '', now(), '', '{}', v.scheme_id, '', ''
FROM checks c JOIN visits v ON v.id = c.visit_id"""
PEER = """
SELECT v.scheme_id, c.stage, count(*) FROM checks c JOIN visits v ON v.id = c.visit_id
WHERE c.stage <> 'public' GROUP BY v.scheme_id, c.stage"""


class SweepAndNight(Benchmark):
    """Ours is everything that the sweep and the night ask to find their work."""

    id = "P7"
    work = "what sweep and night ask, 100,000 open checks, 1 million closed"
    peer_name = "one indexed query"
    goal, limit = 5.0, "1 ×"
    bounds = {"grown": 1.2}  # noqa: RUF012
    sizes = {"toy": (3_000, 30_000), "full": (MILLION, 100_000)}  # noqa: RUF012  (closed, open)

    @contextmanager
    def shared(self, size, folder):
        folder = folder.resolve()
        cluster = postgres.prepare(folder)
        process = postgres.start(cluster, folder / "postgres.log")
        before, (closed, open_ones) = dict(os.environ), size
        try:
            urls = []
            for name, many in (("small", closed // 10), ("whole", closed)):
                postgres.ensure_database(cluster.url("postgres"), name)
                urls.append(cluster.url(name))
                _use({"CHOUCHA_DATABASE_URL": urls[-1], "CHOUCHA_STATE": str(folder)})
                _fill(1)
                _city(urls[-1], many, open_ones)
            yield json.dumps({"CHOUCHA_STATE": str(folder), "urls": urls})
        finally:
            os.environ.clear()
            os.environ.update(before)
            settings.get.cache_clear()
            process.stop()

    def make(self, size, shared):
        told = json.loads(shared)
        self.state, (self.small, self.whole) = told["CHOUCHA_STATE"], told["urls"]
        _use({"CHOUCHA_DATABASE_URL": self.whole, "CHOUCHA_STATE": self.state})
        self.connection = psycopg.connect(self.whole, autocommit=True)
        self.connection.execute("SET enable_seqscan = off")  # by indexes, whatever the planner would rather

    def ours(self):
        small, whole = min(self._asked(self.small) for _ in range(3)), self._asked(self.whole)
        return {"wall": whole, "grown": min(whole, self._asked(self.whole), self._asked(self.whole)) / small}

    def _asked(self, url: str) -> float:
        _use({"CHOUCHA_DATABASE_URL": url, "CHOUCHA_STATE": self.state})
        begun = time.perf_counter()
        with transaction() as session:
            due = find(session)
            waiting = schemes_due(session, reviewed_waiting())
            almanac.moved_by(session, settings.calendar(), provisional_only=True)
            session.scalar(select(func.count()).where(DueLine.provisional, DueLine.met_at.is_(None)))
        nightshift.find_unfit()
        took = time.perf_counter() - begun
        assert {work.flow for work in due} == {"publicity"} and len(waiting) >= len(due)
        return took

    def peer(self):
        assert self.connection.execute(PEER).fetchall()


def _city(url: str, closed: int, open_ones: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in FILL.split(";"):
            connection.execute(statement, {name: Int8(number) for name, number in (
                ("closed", closed // A_SCHEME), ("open", open_ones // A_SCHEME), ("each", A_SCHEME))})
        connection.execute("VACUUM ANALYZE")


BENCHMARK = SweepAndNight()
