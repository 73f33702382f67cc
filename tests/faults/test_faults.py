"""A slice of the fault campaign; `make faults`, `make faults-teeth` and `make kills` are all of it."""

import re
from collections.abc import Iterator

import pytest

from tests.faults.boundaries import names
from tests.faults.campaign import Ground, Tally, ground, of_seed
from tests.faults.cases import CASES, ELSEWHERE
from tests.faults.everywhere import of_case
from tests.faults.teeth import BUGS, of_bug

SEEDS = range(1, 9)
KILLED = ("flows committed", "draws.reveal")
BITTEN = ("events taken for the truth", "a line of the trail rewritten", "a commit swallowed")


@pytest.fixture(scope="module")
def where() -> Iterator[Ground]:
    with ground() as made:
        yield made


def test_nothing_is_lost_done_twice_or_stuck_whatever_goes_wrong(where):
    tally = Tally([of_seed(where, seed) for seed in SEEDS])
    assert [one.told for one in tally.broken] == []
    assert tally.line() == f"schedules {len(SEEDS)} lost 0 twice 0 stuck 0"


def test_a_schedule_is_a_function_of_its_seed(where):
    first, second = (of_seed(where, SEEDS[2]) for _ in range(2))
    told = [[re.sub("[0-9A-Z]{12}", "", line) for line in one.log] for one in (first, second)]  # codes on notices
    assert told[0] == told[1] and first.crashed == second.crashed


def test_what_is_killed_before_or_after_any_of_its_commits_is_made_good(where):
    for number, case in enumerate(CASES):
        if case.name in KILLED:
            found = of_case(where, number)
            assert found.kind is None, found.told
            assert found.crashed


def test_every_place_where_the_product_commits_is_named_by_a_case_or_with_a_reason():
    places = {name.partition(" ")[2] for name in names()}
    assert len(places) > 110 and ELSEWHERE.keys() <= places and len(CASES) > 80


def test_planted_bugs_are_caught(where):
    for number, bug in enumerate(BUGS):
        if bug.name in BITTEN:
            found = of_bug(where, number)
            assert found.kind, found
