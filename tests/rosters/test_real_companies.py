"""1,263 real companies of Jieyang: each is taken or listed. The data stay outside the project."""

from collections import Counter
from pathlib import Path

import pytest

from blocks.rosters import read

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "targets" / "jieyang.csv"


@pytest.mark.skipif(not REAL.exists(), reason="../shared/data/targets/jieyang.csv is not here")
def test_every_real_company_is_taken_or_listed(city):
    reading = read("targets", REAL, **city)
    assert reading.rows_in == 1263 == len(reading.rows) + len(reading.problem_rows)
    assert not reading.problems
    assert reading.ignored_headings == ["注册日期", "注册资金", "经营范围", "所在省份"]
    counties = Counter(row["county_code"] for row in reading.rows)
    assert set(counties) == {*city["counties"], city["city_code"]}
    assert counties[city["city_code"]] == reading.defaults["county_code"] < 538
    assert reading.defaults["kind"] == 1088  # N/A in the file
    assert all(row["name"] and row["legal_representative"] != "N/A" for row in reading.rows)
