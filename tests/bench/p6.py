"""P6: a million businesses imported from CSV, beside PostgreSQL's own \\copy of the clean file."""

import csv
import json
import os
import random
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg

from blocks import settings
from blocks.actions import intake
from blocks.local import postgres
from blocks.register.upgrade import upgrade
from blocks.rules.uscc import check_character
from tests.bench.benchmark import MILLION, Benchmark

HEADINGS = ("统一社会信用代码", "名称", "所在区县", "地址", "行业或类型", "信用风险分类", "登记状态",
            "法定代表人", "列入经营异常名录", "列入严重违法失信名单", "投诉举报次数")
COLUMNS = ("uscc, name, county_code, address, kind, risk_class, status, legal_representative, "
           "on_abnormal_list, on_serious_list, complaints")
TABLES = ("target_listings", "targets", "roster_intakes")


def business(number: int, dice: random.Random) -> list[str]:
    """Return an invented business as an office writes it."""
    county, name = dice.choice(list(settings.COUNTIES.items()))
    first17 = f"91{county}YL{number:07d}"
    return [first17 + check_character(first17), f"样例·第{number}号贸易有限公司", name,
            f"揭阳市{name}样例路{number % 9999}号之{number % 77}",
            dice.choice(("餐饮", "旅馆", "学校", "加油站")), dice.choice("ABCD"), "存续",
            f"样{number % 977}", "否", "否", str(number % 3)]


def clean(row: list[str]) -> list[str]:
    """Return the row as the table takes it, for a peer that checks nothing."""
    codes = {name: code for code, name in settings.COUNTIES.items()}
    return [*row[:2], codes[row[2]], *row[3:8], "f", "f", row[10]]


@contextmanager
def a_city(folder: Path, fill):
    """Start a cluster with the sample's departments; yield what `make` needs."""
    folder = folder.resolve()
    cluster = postgres.prepare(folder)
    process = postgres.start(cluster, folder / "postgres.log")
    before = dict(os.environ)
    try:
        postgres.ensure_database(cluster.url("postgres"), "bench")
        shared = {"CHOUCHA_DATABASE_URL": cluster.url("bench"), "CHOUCHA_STATE": str(folder)}
        use(shared)
        upgrade(settings.database_url())
        for kind in ("departments", "items", "inspectors", "accounts"):
            intake.take(None, kind, settings.CONFIG / "sample" / f"{kind}.csv")
        with psycopg.connect(settings.get().database_url, autocommit=True) as connection:
            connection.execute("CREATE TABLE peer (LIKE targets INCLUDING ALL)")
            connection.execute("ALTER TABLE peer ALTER penalties SET DEFAULT 0")
        fill(folder)
        os.environ.clear()
        os.environ.update(before)
        settings.get.cache_clear()
        yield json.dumps(shared | {"folder": str(folder)})
    finally:
        process.stop()


def use(shared: dict[str, str]) -> None:
    os.environ |= {name: value for name, value in shared.items() if name != "folder"}
    os.environ["CHOUCHA_EVENTS"] = "off"
    settings.get.cache_clear()


class FromCsv(Benchmark):
    """Ours: read, check every field, report by row, into the directory of a department; from empty.

    The peer copies the same rows, already clean, into a table with the same indexes.
    """

    id = "P6"
    work = "import of 1 million targets from CSV"
    peer_name = "\\copy of the clean CSV"
    goal, limit = 3.0, "1 ×"
    bounds = {"peak_mb": 1500}  # noqa: RUF012
    sizes = {"toy": 2_000, "full": MILLION}  # noqa: RUF012

    @contextmanager
    def shared(self, size, folder):
        def fill(place: Path) -> None:
            dice = random.Random(6)
            with (place / "roster.csv").open("w", newline="", encoding="utf-8") as ours, (
                    place / "clean.csv").open("w", newline="", encoding="utf-8") as peer:
                roster, plain = csv.writer(ours), csv.writer(peer)
                roster.writerow(HEADINGS)
                for number in range(size):
                    row = business(number, dice)
                    roster.writerow(row)
                    plain.writerow(clean(row))
        with a_city(folder, fill) as shared:
            yield shared

    def make(self, size, shared):
        self.size = size
        told = json.loads(shared)
        use(told)
        self.folder = Path(told["folder"])
        self.file = self.folder / "roster.csv"

    def ours(self):
        with psycopg.connect(settings.get().database_url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")  # they are never deleted
            for table in TABLES:
                connection.execute(f"DELETE FROM {table}")
                connection.execute(f"VACUUM {table}")
        begun = time.perf_counter()
        report = intake.take("bangong", "targets", self.file, directory="gaj")
        assert (report.taken, report.added) == (self.size, self.size)
        return time.perf_counter() - begun

    def peer(self):
        with psycopg.connect(settings.get().database_url, autocommit=True) as connection:
            connection.execute("TRUNCATE peer")
            with (self.folder / "clean.csv").open("rb") as file, connection.cursor() as cursor:
                with cursor.copy(f"COPY peer ({COLUMNS}) FROM STDIN (FORMAT csv)") as copy:
                    while stretch := file.read(1 << 20):
                        copy.write(stretch)
                assert cursor.rowcount == self.size


BENCHMARK = FromCsv()
