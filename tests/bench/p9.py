"""P9: the public site after one correction, beside the rebuild of everything.

Results lie in inspections of 300 over four years, as a province has them. Everything is built once, which
is the peer; then one correction after the other is published: its file, the page of its business, its day,
its month, its scheme, the front page, the feed.
"""

import json
import os
import time
from contextlib import contextmanager

import psycopg

from blocks import settings
from blocks.local import postgres
from blocks.public_site import building, paths, results
from blocks.public_site.files import tree
from blocks.register import published
from blocks.register.database import transaction
from blocks.register.published import Publication
from tests.bench.benchmark import MILLION, Benchmark
from tests.bench.p4 import _fill, _use
from tests.site.large import code

SCHEMES = """
INSERT INTO schemes (code, name, draw_kind, lead_id, participant_ids, drafter_id, approver_id, grounds, scope,
                     sampling, window_start, window_end, mode, lead_items, randomness, stage, version,
                     stage_since, moved_by_id)
SELECT 2023 + n * 1200 / greatest(%(size)s, 1200) || '-' || lpad(n::text, 5, '0'),
       '样例·第' || n || '次联合抽查', 'targeted', 1, '{2,3}', 1, 2, '', '{}', '{}', '2026-01-05', '2026-03-31',
       'on_site', '{}', '{}', 'publicised', 1, now(), 1
FROM generate_series(1, (%(size)s + 299) / 300) n"""
PUBLISHED = """
INSERT INTO publications (check_id, record_number, act, scheme_id, uscc, day, content, path, sha256, read_back_at)
SELECT n, 1, 'published', s.id, c.uscc, d.day, jsonb_build_object(
         'business', c.name, 'uscc', c.uscc, 'plan_id', NULL, 'plan_name', NULL, 'scheme_code', s.code,
         'scheme_title', s.name, 'draw_kind', 'targeted', 'lead', '样例·公安局', 'authority', '样例·公安局',
         'items', jsonb_build_array(jsonb_build_object('code', 'GA-01', 'name', '旅馆业治安管理情况检查')),
         'category', 'no_problem', 'result', '未发现问题', 'inspected_on', d.day, 'version', 1,
         'made_on', d.day, 'due_on', d.day + 28, 'public_on', d.day, 'late_workdays', 0),
       'results/' || n / 10000 || '/' || lpad((n / 100 %% 100)::text, 2, '0') || '/' || n || '-1.json',
       '', d.day::timestamptz
FROM codes c JOIN schemes s ON s.code LIKE '%%-' || lpad(((n + 299) / 300)::text, 5, '0'),
     LATERAL (SELECT date '2023-01-02' + (n * 1420 / %(size)s)::int AS day) d"""


class OneCorrection(Benchmark):
    """Ours: the correction of a result picked anew each time, published and read back."""

    id = "P9"
    work = "public site after one correction in 1 million results"
    peer_name = "rebuild of everything (once)"
    goal, limit = 0.001, "one page"
    sizes = {"toy": 600, "city": 50_000, "full": MILLION}  # noqa: RUF012

    @contextmanager
    def shared(self, size, folder):
        folder = folder.resolve()
        cluster = postgres.prepare(folder)
        process = postgres.start(cluster, folder / "postgres.log")
        before = dict(os.environ)
        try:
            postgres.ensure_database(cluster.url("postgres"), "bench")
            shared = {"CHOUCHA_DATABASE_URL": cluster.url("bench"), "CHOUCHA_STATE": str(folder)}
            _use(shared)
            _fill(1)
            _publish(size)
            begun = time.perf_counter()
            with transaction() as session:
                building.rebuild(session)
            yield json.dumps(shared | {"took": str(time.perf_counter() - begun), "size": str(size)})
        finally:
            os.environ.clear()
            os.environ.update(before)
            settings.get.cache_clear()
            process.stop()

    def make(self, size, shared):
        told = json.loads(shared)
        self.took, self.size, self.round = float(told.pop("took")), int(told.pop("size")), 0
        _use(told)
        with psycopg.connect(settings.get().database_url, autocommit=True) as connection:
            connection.execute("ALTER ROLE CURRENT_USER SET session_replication_role = replica")

    def ours(self):
        self.round += 1
        check = self.round * 7919 % self.size + 1
        begun = time.perf_counter()
        with transaction() as session:
            published.alone(session)
            before = published.acts(session, Publication.check_id == check)[-1]
            content = before.content | {"version": before.record_number + 1, "result": "发现问题经责令已改正",
                                        "public_on": settings.today().isoformat()}
            act = Publication(act="published", check_id=check, record_number=before.record_number + 1,
                              scheme_id=before.scheme_id, uscc=before.uscc, day=settings.today(),
                              content=content, sha256="",
                              path=paths.of_result(check, before.record_number + 1))
            session.add(act)
            building.publish(session, [act], {})
        took = time.perf_counter() - begun
        assert tree().read(act.path) == results.as_json(content)
        assert "更正" in tree().read(paths.of_business(before.uscc)).decode()
        return took

    def peer(self):
        return self.took


def _publish(size: int) -> None:
    """Let so many results be public in the register; no check stands behind them."""
    with psycopg.connect(settings.get().database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(SCHEMES, {"size": size})
        connection.execute("CREATE TEMP TABLE codes (n bigint, uscc text, name text)")
        with connection.cursor() as cursor, cursor.copy("COPY codes FROM STDIN") as copy:
            for n in range(1, size + 1):
                copy.write_row((n, code(n), f"样例·{chr(19968 + n % 3000)}{chr(20500 + n * 7 % 3000)}"
                                            f"{chr(21000 + n // 3000 * 13 % 3000)}旅馆有限公司"))
        connection.execute("CREATE INDEX ON codes (n)")
        connection.execute(PUBLISHED, {"size": size})
        connection.execute("ANALYZE")


BENCHMARK = OneCorrection()
