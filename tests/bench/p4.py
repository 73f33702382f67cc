"""P4: the whole draw of a city in the register, beside a plain query that nobody can check."""

import json
import os
import time
from contextlib import contextmanager

import psycopg

from blocks import settings
from blocks.actions import draws, intake, schemes
from blocks.draw import many
from blocks.local import postgres
from blocks.register.database import transaction
from blocks.register.directories import service_account
from blocks.register.schemes import scheme as find_scheme
from blocks.register.upgrade import upgrade
from blocks.steps import ceremony, reviewing, sealing
from tests.bench.benchmark import MILLION, Benchmark
from tests.people import FIGURE, LEAD, PARTICIPANTS, contents, wait_for_the_figure

SHARE = 100  # one business in so many: twice the visits a city makes in a year
FILL = """
INSERT INTO targets (uscc, name, county_code, address, kind, risk_class, status,
                     legal_representative, on_abnormal_list, on_serious_list, complaints,
                     penalties)
SELECT '91445200' || upper(lpad(to_hex(n::bigint * 2654435761 %% 1099511627776), 10, '0')),
       '样例·第' || n || '号旅馆有限公司', '44520' || (n %% 5 + 1), '样例路' || n || '号',
       (ARRAY['旅馆', '餐饮', '零售', '加油站'])[1 + n %% 4],
       (ARRAY['A', 'B', 'B', 'B', 'C', 'D'])[1 + (n * 7) %% 6],
       CASE WHEN n %% 20 = 0 THEN '注销' ELSE '存续' END, '', n %% 50 = 0, false, 0, 0
FROM generate_series(1, %s) n"""
PLAIN = """
SELECT t.id, t.uscc, t.name, t.risk_class
FROM targets t JOIN target_listings l ON l.target_id = t.id JOIN departments d
  ON d.id = l.department_id
WHERE d.code = 'gaj' AND t.status IN ('存续', '在业', '开业', '在营', '正常')
  AND t.id NOT IN (SELECT v.target_id FROM visits v JOIN schemes s ON s.id = v.scheme_id
                   WHERE v.stage = 'planned' AND s.stage NOT IN ('publicised', 'cancelled'))
  AND NOT (t.risk_class = 'A' AND t.id IN (
        SELECT v.target_id FROM visits v JOIN checks c ON c.visit_id = v.id
        JOIN check_records r ON r.check_id = c.id
        WHERE extract(year FROM r.inspected_on) = %s))
ORDER BY random() LIMIT %s"""


class WholeDraw(Benchmark):
    """Ours: scope, strata, exclusions, Merkle root, seal, tickets and result, all committed.

    Approval, commitments and the figure come from people and are not counted.
    """

    id = "P4"
    work = "whole draw of a city, 1 % of 1 million in PostgreSQL"
    peer_name = "SELECT … ORDER BY random() LIMIT n"
    goal, limit = 4.0, "the scan"
    sizes = {"toy": 2_000, "full": MILLION}  # noqa: RUF012

    @contextmanager
    def shared(self, size, folder):
        folder = folder.resolve()
        cluster = postgres.prepare(folder)
        process = postgres.start(cluster, folder / "postgres.log")
        try:
            postgres.ensure_database(cluster.url("postgres"), "bench")
            shared = {"CHOUCHA_DATABASE_URL": cluster.url("bench"), "CHOUCHA_STATE": str(folder)}
            before = dict(os.environ)
            _use(shared)
            _fill(size)
            os.environ.clear()
            os.environ.update(before)
            settings.get.cache_clear()
            yield json.dumps(shared)
        finally:
            process.stop()

    def make(self, size, shared):
        _use(json.loads(shared))
        self.count = max(1, size // SHARE)
        many.is_fast(size)
        with transaction() as session:
            self.who = service_account(session, "draw", "抽取").as_actor(run="bench")

    def ours(self):
        scheme_id, code, secrets = self._announced()
        begun = time.perf_counter()
        assert sealing.seal(scheme_id, self.who)
        took = time.perf_counter() - begun
        wait_for_the_figure()
        for party, secret in secrets.items():
            draws.reveal(f"{party}.jingban", code, secret)
        for login in ("bangong", f"{LEAD}.jingban"):
            draws.type_figure(login, code, FIGURE)
        begun = time.perf_counter()
        assert ceremony.cast_lots(scheme_id, self.who)
        return took + time.perf_counter() - begun

    def peer(self):
        with psycopg.connect(settings.get().database_url) as connection:
            year = settings.today().year
            assert len(connection.execute(PLAIN, [year, self.count]).fetchall()) == self.count

    def _announced(self) -> tuple[int, str, dict[str, str]]:
        """Let people bring a scheme over all businesses to the eve of its seal."""
        code = schemes.new(f"{LEAD}.jingban", contents(
            scope={"all": True}, sampling={"mode": "number", "number": self.count})).ids["scheme"]
        schemes.submit(f"{LEAD}.jingban", code)
        with transaction() as session:
            scheme_id = find_scheme(session, code).id
        reviewing.review(scheme_id, self.who)
        schemes.approve(f"{LEAD}.shenpi", code)
        ceremony.announce(scheme_id, self.who)
        return scheme_id, code, {party: draws.commit(f"{party}.jingban", code).ids["secret"]
                                 for party in (LEAD, *PARTICIPANTS)}


def _use(shared: dict[str, str]) -> None:
    os.environ |= shared | {"CHOUCHA_EVENTS": "off"}
    settings.get.cache_clear()


def _fill(size: int) -> None:
    upgrade(settings.database_url())
    for kind in ("departments", "items", "inspectors", "accounts"):
        intake.take(None, kind, settings.CONFIG / "sample" / f"{kind}.csv")
    with psycopg.connect(settings.get().database_url, autocommit=True) as connection:
        connection.execute(FILL, [size])
        connection.execute("INSERT INTO target_listings SELECT t.id, d.id FROM targets t, "
                           "departments d WHERE d.code = 'gaj'")
        connection.execute("VACUUM ANALYZE")


BENCHMARK = WholeDraw()
