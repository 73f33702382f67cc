"""In a city of three years every indicator equals what plain Python counts, as of any past day."""

import json
import os
import subprocess
import sys
from datetime import date

import pytest

from blocks.register import appraisals, counting
from blocks.register.counting import Span
from blocks.register.database import transaction
from tests.appraisal import city as generated
from tests.appraisal.by_hand import ByHand
from tests.conftest import _register

TARGETS, VISITS = int(os.environ.get("TARGETS", "1000")), int(os.environ.get("VISITS", "600"))
MOST_SECONDS, MOST_MEGABYTES = 60, 1024  # of the whole month, on two cores
MONTH = r"""
import json, re, time
begun = time.perf_counter()
from blocks.actions import papers
from blocks.register import appraisals, scorecards
from blocks.register.database import transaction
from blocks.register.directories import account
with transaction() as session:
    made = appraisals.freeze(session, "2025-05", account(session, "bangong").as_actor())
with transaction() as session:
    there = scorecards.standing(session, "2025-05")
    cards = [*scorecards.departments(session, there), *scorecards.counties(there)]
    wrong = appraisals.verify(session, there.frozen)
sizes = [len(papers.take("bangong", "appraisal", "2025-05", form)[1]) for form in ("pdf", "docx")]
# of this program alone: what getrusage calls the peak, a child has from its parent
peak = int(re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())[1]) // 1024
print(json.dumps([time.perf_counter() - begun, peak,
                  len(cards), wrong, sizes, sum(one[-2] for one in made.content["figures"])]))
"""


@pytest.fixture(scope="module")
def three_years(cluster, tmp_path_factory):
    """The register of the small city; nobody changes it."""
    made = _register(cluster, tmp_path_factory.mktemp("city"), "empty")
    next(made)
    generated.build(TARGETS, VISITS)
    yield
    next(made, None)


PERIODS = [
    (date(2025, 1, 1), date(2025, 12, 31), date(2025, 12, 31)),
    (date(2025, 4, 1), date(2025, 4, 30), date(2025, 4, 30)),
    (date(2025, 1, 1), date(2025, 12, 31), date(2025, 6, 17)),
    (date(2024, 12, 1), date(2024, 12, 31), date(2026, 3, 1)),
    (date(2023, 1, 1), date(2023, 12, 31), date(2023, 12, 31)),
]


@pytest.mark.parametrize(("first", "last", "on"), PERIODS)
def test_every_indicator_equals_an_independent_count(three_years, first, last, on):
    with transaction() as session:
        frame = counting.counted(session, appraisals.method(), Span(first, last, on))
    keys = ["indicator", "department", "county", "risk"]
    ours = {}
    for key, n, total in frame.groupby(keys, dropna=False)[["n", "total"]].sum().itertuples():
        name, *rest = (None if one != one or one is None else one for one in map(_plain, key))
        ours[(name, *rest)] = [int(n), int(total)]
    theirs = ByHand(first, last, on).all()
    names = {key[0] for key in theirs}
    for name in sorted(names | {key[0] for key in ours}):
        assert {key: count for key, count in ours.items() if key[0] == name} == {
            key: count for key, count in theirs.items() if key[0] == name}, name
    if first.year == 2025 and on == last and last.month == 12:
        assert names == set(appraisals.method().indicators), "every indicator counted something"


def _plain(value):
    return None if value is None or value != value or str(value) == "<NA>" else value


def test_a_whole_month_is_frozen_scored_verified_and_written_in_a_minute(three_years):
    done = subprocess.run([sys.executable, "-c", MONTH], capture_output=True, text=True, check=True)
    seconds, megabytes, cards, wrong, sizes, rows = json.loads(done.stdout.splitlines()[-1])
    print(f"\n{TARGETS} businesses, {VISITS} visits, {rows} rows counted: {seconds:.1f} s, {megabytes} MB")
    assert (cards, wrong) == (25, [])
    assert min(sizes) > 5000
    assert rows > 0
    assert seconds < MOST_SECONDS
    assert megabytes < MOST_MEGABYTES
